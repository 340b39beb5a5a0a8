"""CoLa + LoLa: combinations of four-vectors, and their Lorentz products (1707.08966).

The combination layer adds the constituents k_i up to pseudo-jets k̃_j = Σ k_i C_ij: their total,
each of them as it is, and combinations that are learned. The Lorentz layer turns each k̃_j into
numbers, with the metric g:

====================  ==================================================================
m²(k̃_j), pT(k̃_j)
Σ_m w^E_jm E(k̃_m)
Σ_m w_jm d²_jm        two sums; d²_jm = (k̃_j − k̃_m)·g·(k̃_j − k̃_m)
min_m (w_jm d²_jm)    two minima
====================  ==================================================================

Dense layers of 100 and 50 nodes read them. g = diag(+, −, −, −): its sign does not matter, because
every row that it enters has trained weights behind it. With the metric trained, diag(K, L, M, N),
it starts where `metric_start` says: the talk does not tell where theirs did. Extra columns make an
"N-vector" of each four-vector: they are combined as the momenta are, and each is summed with
trained weights. They are made as large as energies are, else the network learns them first, and
by heart; and they grow like asinh, as a few impact parameters are a thousand times the usual ones.
Of impact parameters only the magnitude is read: their signs would cancel in sums.

Places behind the last constituent hold zero vectors, as in the paper. They add nothing to a sum;
d² to one of them is m²(k̃_j), which the minima see.

The paper's network with 40 constituents has n_vec = 1 + 40 + 15 = 56 and 60,732 parameters. The
public comparison's LoLa has 127k, which this definition reaches at n_vec = 100 (84 constituents:
126,512). Initial weights are Keras': Glorot uniform, no bias.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from relearn.errors import UserError
from relearn.models.blocks import dense, digits, exactly, full_precision, massless_on_shell
from relearn.models.jetbatch import Jets
from relearn.models.minima import weighted_minima
from relearn.models.tagger import Tagger, check_choices, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"constituents": 20, "combinations": 5, "hidden": (32, 16)},
    "medium": {"constituents": 30, "combinations": 10, "hidden": (64, 32)},
    "paper": {"constituents": 40, "combinations": 15, "hidden": (100, 50)},
}
DEFAULTS: dict[str, Any] = {"optimiser": "adam", "learning_rate": 1e-3}
OPTIONS = (
    *("constituents", "features", "outputs", "combinations", "hidden", "variant", "rows"),
    *("sums", "minima", "metric", "metric_start", "order", "seed"),
)
UNIT = 500.0  # GeV: the paper divides its momenta by it
# Variant → its rows but for the distances, and how many sums and minima of these.
VARIANTS = {
    "talk003": (("mass", "pt", "energy"), 2, 2),
    "talk002": (("own_energy", "mass", "energy"), 1, 0),
}
ROWS = ("all", "first_three", "last", "mass")
METRIC_STARTS = {"minkowski": (1.0, -1.0, -1.0, -1.0), "euclid": (1.0, 1.0, 1.0, 1.0)}
UNSIGNED = ("d0", "z0")  # how the names of columns begin that are read without their sign
SMALLEST = 1e-24  # of pT², in units of UNIT²: there the gradient of pT is 0 and not infinite


class CoLa(nn.Module):
    """Total, constituents and trained combinations of a jet's vectors.

    Parameters
    ----------
    constituents
        Number N of vectors that come in.
    combinations
        Number of trained columns of C; 1 + N + this many vectors come out.
    """

    def __init__(self, constituents: int, combinations: int):
        super().__init__()
        self.vectors = 1 + constituents + combinations
        self.trained = nn.Parameter(torch.empty(constituents, combinations))
        nn.init.xavier_uniform_(self.trained)

    def forward(self, k: Tensor) -> Tensor:
        """Return (B, C, 1 + N + combinations) for vectors (B, C, N) of C components."""
        with full_precision(k.device):
            k = _single(k)
            return torch.cat([k.sum(dim=2, keepdim=True), k, k @ self.trained], dim=2)


class LoLa(nn.Module):
    """Masses, transverse momenta, and weighted energies and distances of a jet's vectors.

    Parameters
    ----------
    vectors
        Number V of vectors.
    scalars
        Of ``mass``, ``pt``, ``energy`` and ``own_energy``: the rows before the distances.
    sums, minima
        How many rows are sums, and how many minima, of weighted distances.
    features
        Number of components behind the momentum's four, each a row of weighted sums.
    trained_metric, metric_start
        Whether g is trained, and where from: ``minkowski``, ``euclid``, or ``random``, normal.

    Attributes
    ----------
    metric : Tensor
        (4,): the diagonal of g.
    """

    def __init__(
        self,
        vectors: int,
        scalars: Sequence[str] = ("mass", "pt", "energy"),
        sums: int = 2,
        minima: int = 2,
        features: int = 0,
        trained_metric: bool = False,
        metric_start: str = "minkowski",
    ):
        super().__init__()
        self.scalars = tuple(scalars)
        self.rows = len(scalars) + sums + minima + features
        start = METRIC_STARTS.get(metric_start)
        metric = torch.randn(4) if start is None else torch.tensor(start)
        if trained_metric:
            self.metric = nn.Parameter(metric)
        else:
            self.register_buffer("metric", metric)
        copies = {"energy": int("energy" in scalars), "sums": sums, "minima": minima}
        for name, number in {**copies, "extra": features}.items():
            self.register_parameter(name, _weights(number, vectors))

    def forward(self, k: Tensor) -> Tensor:
        """Return (B, rows, V) for vectors (B, 4 + features, V)."""
        with full_precision(k.device):
            k = _single(k)
            k, extra = k[:, :4], k[:, 4:]
            lowered = k * self.metric[:, None]
            square = (lowered * k).sum(dim=1)
            rows = [self._scalar(name, k, square)[:, None] for name in self.scalars]
            if self.sums is not None:
                rows.append(self._distance_sums(k, lowered, square))
            if self.minima is not None:
                rows.append(weighted_minima(k, self.metric, self.minima))
            if self.extra is not None:
                rows.append(torch.einsum("bfm,fjm->bfj", extra, self.extra))
            return torch.cat(rows, dim=1)

    def _scalar(self, name: str, k: Tensor, square: Tensor) -> Tensor:
        if name == "mass":
            return square
        if name == "own_energy":
            return k[:, 0]
        if name == "energy":
            return functional.linear(k[:, 0], self.energy[0])
        return (k[:, 1] ** 2 + k[:, 2] ** 2).clamp_min(SMALLEST).sqrt()

    def _distance_sums(self, k: Tensor, lowered: Tensor, square: Tensor) -> Tensor:
        """Σ_m w_jm d²_jm = k_j² Σ_m w_jm + Σ_m w_jm k_m² − 2 k_j·g·Σ_m w_jm k_m: no pairs."""
        jets, _, vectors = k.shape
        weight = self.sums.flatten(0, 1)
        vector = functional.linear(k, weight).view(jets, 4, -1, vectors)
        squares = functional.linear(square, weight).view(jets, -1, vectors)
        own = square[:, None] * self.sums.sum(dim=2)
        return own + squares - 2 * (lowered[:, :, None] * vector).sum(dim=1)


class LoLaTagger(Tagger):
    """CoLa, LoLa and dense layers.

    Parameters
    ----------
    constituents, features
        How many of the hardest are read, and how many extra columns each has.
    outputs
        Number of outputs.
    combinations, hidden
        Trained columns of CoLa, and nodes of the dense layers.
    variant
        ``talk003``, as above, or ``talk002``: E, m², ΣE and one sum of distances.
    rows
        ``all``, ``first_three``, ``last`` (the distances) or ``mass``.
    sums, minima
        How many of each; None for the variant's.
    metric, metric_start
        ``fixed`` or ``trained``, and from where: ``minkowski``, ``euclid`` or ``random``.
    order, seed
        Of the constituents: ``pt``, or ``random``: by a hash of the seed and their own digits, so
        that a jet always has the same.
    """

    def __init__(
        self,
        constituents: int,
        combinations: int,
        hidden: Sequence[int],
        features: int = 0,
        outputs: int = 2,
        variant: str = "talk003",
        rows: str = "all",
        sums: int | None = None,
        minima: int | None = None,
        metric: str = "fixed",
        metric_start: str = "minkowski",
        order: str = "pt",
        seed: int = 0,
    ):
        super().__init__()
        check_choices(
            "lola",
            variant=(variant, VARIANTS),
            rows=(rows, ROWS),
            metric=(metric, ("fixed", "trained")),
            metric_start=(metric_start, (*METRIC_STARTS, "random")),
            order=(order, ("pt", "random")),
        )
        if metric == "fixed" and metric_start != "minkowski":
            raise UserError("lola: metric_start is for metric: trained; a fixed one is Minkowski's")
        self.constituents, self.features, self.order, self.seed = (
            constituents,
            features,
            order,
            seed,
        )
        scalars, usual_sums, usual_minima = VARIANTS[variant]
        if rows in ("first_three", "mass"):
            usual_sums = usual_minima = 0
        if rows != "all":
            scalars = {"first_three": scalars, "last": (), "mass": ("mass",)}[rows]
        self.cola = CoLa(constituents, combinations)
        self.lola = LoLa(
            self.cola.vectors,
            scalars,
            usual_sums if sums is None else sums,
            usual_minima if minima is None else minima,
            features,
            metric == "trained",
            metric_start,
        )
        if not self.lola.rows:
            raise UserError("lola: rows: last needs sums or minima above 0")
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("height", torch.ones(()))
        sizes = (self.lola.rows * self.cola.vectors, *hidden, outputs)
        self.head = dense(sizes, nn.init.xavier_uniform_)

    @property
    def metric(self) -> tuple[float, ...]:
        """The diagonal of g: K, L, M, N."""
        return tuple(self.lola.metric.detach().tolist())

    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return (B, 4 + F, N): E, px, py, pz in 500 GeV, and the extra columns."""
        jets = exactly("lola", jets, self.constituents, self.features)
        unsigned = [name.startswith(UNSIGNED) for name in jets.extra_names]
        unsigned = torch.tensor(unsigned, dtype=torch.bool, device=jets.extra.device)
        extra = torch.where(unsigned, jets.extra.abs(), jets.extra)
        values = torch.cat([massless_on_shell(jets.p4) / UNIT, extra], dim=2)
        if self.order == "random":
            place = digits(jets.p4, self.seed).masked_fill(~jets.mask, torch.inf)
            order = place.argsort(dim=1, stable=True)
            values = values.gather(1, order[..., None].expand_as(values))
        return (values.mT.contiguous(),)

    def fit_scaling(self, values: Tensor) -> None:
        """Take the median size of each extra column where it is not 0, and the energies' size."""
        there = values[:, 0] > 0
        if not (self.features and there.any()):
            return
        self.height.copy_(values[:, 0][there].square().mean().sqrt())
        for column, sizes in enumerate(values[:, 4:].abs().unbind(dim=1)):
            if (sizes > 0).any():
                self.scale[column] = sizes[sizes > 0].median()

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        return self.head(self.lola(self.cola(self.levelled(values))).flatten(1))

    def levelled(self, values: Tensor) -> Tensor:
        """Return values (B, 4 + F, N) with the extra columns in proportion to the energies."""
        if not self.features:
            return values
        extra = self.height * (values[:, 4:] / self.scale[:, None]).asinh()
        return torch.cat([values[:, :4], extra], dim=1)


def build(size: str = "paper", **options: Any) -> LoLaTagger:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size, option or value of an option.
    """
    check_options("lola", options, OPTIONS)
    return LoLaTagger(**options_of("lola", SIZES, size, options))


def _single(k: Tensor) -> Tensor:
    """Vectors that came in half precision, from a decoder under autocast, in float32."""
    return k.to(torch.promote_types(k.dtype, torch.float32))


def _weights(copies: int, vectors: int) -> nn.Parameter | None:
    """Weights w_cjm (copies, V, V), Glorot uniform: limit √(6/2V); None for no copies."""
    if copies == 0:
        return None
    limit = math.sqrt(3 / vectors)
    return nn.Parameter(torch.empty(copies, vectors, vectors).uniform_(-limit, limit))
