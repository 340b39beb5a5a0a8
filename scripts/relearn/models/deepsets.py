"""Deep sets: energy flow and particle flow networks (1810.05165).

A function of a set is F(Σ_i Φ(x_i)). The particle flow network has Φ(z, y, φ and whatever else is
known of a constituent), the energy flow network F(Σ_i z_i Φ(y_i, φ_i)), which neither a soft nor a
collinear particle can change: it is safe. y, φ are relative to the jet's axis, the sum of its
constituents; z = pT/Σ pT.

``paper``: Φ 100-100-256, F 100-100-100, batches of 500 and He-uniform initial weights, as in the
public comparison (the paper's quarks and gluons have a latent space of 128). 82,458 parameters of
the PFN with three inputs, 82,358 of the EFN.

With ``inputs="momenta"`` nothing is divided by the jet: pT in GeV and the rapidity as measured, for
observables that need them. φ stays relative: none depends on it.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from relearn.errors import UserError
from relearn.models.blocks import SMALLEST, check_features, dense, rapidity
from relearn.models.constituents import Standardise
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_choices, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"phi": (32, 32), "latent": 32, "f": (32, 32)},
    "medium": {"phi": (64, 64), "latent": 128, "f": (64, 64, 64)},
    "paper": {"phi": (100, 100), "latent": 256, "f": (100, 100, 100)},
}
DEFAULTS: dict[str, Any] = {"batch_size": 500}
ALIASES = {"pfn": {"kind": "pfn"}, "efn": {"kind": "efn"}}
OPTIONS = ("kind", "phi", "latent", "f", "constituents", "features", "outputs", "inputs", "sums")
CACHE = 2**19  # numbers of Φ's widest layer, padding included, that are computed at a time
MULTIPLE = 4  # of the columns that hidden layers are computed with
UNIT = 100.0  # GeV, of the pT that weighs the terms of an EFN
SUMS_OF = 1024  # jets that standardise the sums
HE_UNIFORM = partial(nn.init.kaiming_uniform_, nonlinearity="relu")


class DeepSet(Tagger):
    """F(Σ Φ(z, y, φ, …)) or F(Σ z Φ(y, φ)).

    Parameters
    ----------
    phi, latent
        Nodes of Φ's hidden layers, and of its last.
    f
        Nodes of F's hidden layers.
    kind
        ``pfn`` or ``efn``.
    constituents
        Only so many of the hardest are read; all for None.
    features
        Number of extra columns; none in an EFN, which would no longer be safe.
    outputs
        Number of outputs: 2 classes, or values of a regression.
    inputs
        ``relative``: z, y and φ from the jet's axis. ``momenta``: pT, y, and φ from the axis,
        standardised by the training jets.
    sums
        ``plain``: as in the paper, Φ ends with a ReLU. ``standardised``: it does not, and the sums
        have mean 0 and spread 1 over training jets at the start, without which small latent
        spaces take long to learn.
    """

    def __init__(
        self,
        phi: Sequence[int],
        latent: int,
        f: Sequence[int],
        kind: str = "pfn",
        constituents: int | None = None,
        features: int = 0,
        outputs: int = 2,
        inputs: str = "relative",
        sums: str = "plain",
    ):
        super().__init__()
        check_choices(
            "deepsets",
            kind=(kind, ("pfn", "efn")),
            inputs=(inputs, ("relative", "momenta")),
            sums=(sums, ("plain", "standardised")),
        )
        if kind == "efn" and features:
            raise UserError("efn: it has no features: only y, φ and z are safe; take the pfn")
        self.kind, self.constituents, self.features = kind, constituents, features
        self.momenta = inputs == "momenta"
        columns = 2 if kind == "efn" else 3 + features
        self.scale = Standardise(columns if self.momenta else features)
        self.phi = dense((columns, *phi, latent), HE_UNIFORM, last=sums == "plain")
        self.sums = Standardise(latent) if sums == "standardised" else nn.Identity()
        self.f = dense((latent, *f, outputs), HE_UNIFORM)

    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return (B, N, 3 + F): z or pT, y, φ, extra columns; zeros where there is nothing."""
        check_features(self.kind, jets, self.features)
        y, phi = around_axis(jets.p4)
        if self.momenta:
            y = rapidity(jets.p4.double()).to(y.dtype)
        if self.constituents:
            jets = jets.hardest(self.constituents)
        pt = torch.hypot(jets.p4[..., 1], jets.p4[..., 2])
        z = pt / (UNIT if self.momenta else pt.sum(dim=1, keepdim=True).clamp_min(SMALLEST))
        n = jets.p4.shape[1]
        values = torch.cat([torch.stack([z, y[:, :n], phi[:, :n]], dim=2), jets.extra], dim=2)
        return (values.masked_fill(~jets.mask[..., None], 0.0),)

    def fit_scaling(self, values: Tensor) -> None:
        """Standardise the extra columns, or all and the sums, by the training jets."""
        there = values[..., 0] > 0
        if self.momenta:
            self.scale.fit(self._seen(values), there)
        elif self.features:
            self.scale.fit(values[..., 3:], there)
        if isinstance(self.sums, Standardise):
            with torch.no_grad():
                total = self.padded_sum(values[:SUMS_OF])
            self.sums.fit(total, torch.ones_like(total[:, 0], dtype=torch.bool))

    def forward(self, values: Tensor) -> Tensor:
        """Return logits or values (B, outputs)."""
        return self.f(self.summed(values))

    def summed(self, values: Tensor) -> Tensor:
        """Return ΣΦ (B, latent) as F takes it, in the way that is the fastest here."""
        packed = values.device.type == "cpu" and not torch.compiler.is_compiling()
        return self.sums(self.packed_sum(values) if packed else self.padded_sum(values))

    def packed_sum(self, values: Tensor) -> Tensor:
        """Return ΣΦ (B, latent), computed for real constituents only, some jets at a time.

        On a CPU that is half the work, and what a layer leaves is still in the cache for the next.
        Weights have their inputs in rows here: the product that is their gradient is then faster
        than its transpose, by a fifth, or five times for three inputs.
        """
        layers = self._carrying()
        widest = max(weight.shape[1] for weight in layers if weight is not None)
        parts = []
        for some in values.split(max(1, CACHE // (widest * values.shape[1]))):
            jet, place = (some[..., 0] > 0).nonzero(as_tuple=True)
            here = some[jet, place]
            terms = self._scaled(here)
            if self.kind == "efn":
                terms = torch.cat([here[:, :1] * terms, here[:, :1]], dim=1)
            else:
                terms = torch.cat([terms, torch.ones_like(here[:, :1])], dim=1)
            for weight in layers:
                terms = terms.relu_() if weight is None else terms @ weight
            parts.append(terms.new_zeros(len(some), terms.shape[1]).index_add(0, jet, terms))
        return torch.cat(parts)

    def _carrying(self) -> list[Tensor | None]:
        """Return weights (inputs, outputs) of Φ's layers for (w x, w), with which they give w Φ(x).

        As w > 0, w ReLU(W h + b) = ReLU(W (w h) + w b). So w is one more column, which has the
        biases for its weights and is carried on up to the last layer. It is z in an EFN, where
        nothing wide is to be multiplied by z then, and 1 in a PFN, where no layer has biases to
        add: both take time. Further columns of zeros fill up to a multiple that products are fast
        for. None is a ReLU.
        """
        layers: list[Tensor | None] = []
        inputs = self.phi[0].in_features + 1
        for place, layer in enumerate(self.phi):
            if not isinstance(layer, nn.Linear):
                layers.append(None)
                continue
            weight = torch.cat([layer.weight.t(), layer.bias[None]])
            rows, columns = weight.shape
            weight = nn.functional.pad(weight, (0, 0, 0, inputs - rows))
            if place < len(self.phi) - 2:
                inputs = MULTIPLE * (columns // MULTIPLE + 1)
                carried = weight.new_zeros(len(weight), inputs - columns)
                carried[rows - 1, 0] = 1.0
                weight = torch.cat([weight, carried], dim=1)
            layers.append(weight)
        return layers

    def padded_sum(self, values: Tensor) -> Tensor:
        """Return ΣΦ (B, latent) with fixed shapes: nothing for a GPU to wait for."""
        there = (values[..., :1] > 0).to(values.dtype)
        return (self._terms(values) * there).sum(dim=1)

    def filters(self, grid: Tensor, z: float = 0.1) -> Tensor:
        """Return what each node of the latent space sees in the (y, φ) plane.

        Parameters
        ----------
        grid
            (..., 2): y and φ relative to the axis; y as measured with ``inputs="momenta"``.
        z
            The pT fraction at which a PFN is asked, or pT/100 GeV; its extra columns are at
            their means.

        Returns
        -------
        Tensor
            (..., latent): Φ.
        """
        shape = grid.shape[:-1]
        extra = self.scale.mean[len(self.scale.mean) - self.features :].expand(*shape, -1)
        return self._phi(torch.cat([grid.new_full((*shape, 1), z), grid, extra], dim=-1))

    def _terms(self, values: Tensor) -> Tensor:
        """The terms (..., latent) of the sum."""
        return values[..., :1] * self._phi(values) if self.kind == "efn" else self._phi(values)

    def _phi(self, values: Tensor) -> Tensor:
        """Φ (..., latent) of what is known of constituents (..., 3 + F)."""
        return self.phi(self._scaled(values))

    def _scaled(self, values: Tensor) -> Tensor:
        """What Φ takes."""
        seen = self._seen(values)
        if self.momenta:
            return self.scale(seen)
        if self.features:
            return torch.cat([seen[..., :3], self.scale(seen[..., 3:])], dim=-1)
        return seen

    def _seen(self, values: Tensor) -> Tensor:
        return values[..., 1:] if self.kind == "efn" else values


def around_axis(p4: Tensor) -> tuple[Tensor, Tensor]:
    """Return rapidity and azimuth (B, N) of (B, N, 4), relative to those of the sum."""
    exact = p4.double()
    total = exact.sum(dim=1, keepdim=True)
    dphi = torch.atan2(exact[..., 2], exact[..., 1]) - torch.atan2(total[..., 2], total[..., 1])
    dphi = torch.remainder(dphi + math.pi, 2 * math.pi) - math.pi
    return (rapidity(exact) - rapidity(total)).to(p4.dtype), dphi.to(p4.dtype)


def build(size: str = "paper", **options: Any) -> DeepSet:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size, option or value of an option.
    """
    check_options("deepsets", options, OPTIONS)
    return DeepSet(**options_of("deepsets", SIZES, size, options))
