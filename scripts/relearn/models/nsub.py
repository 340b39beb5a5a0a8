"""Dense networks on bases of N-subjettiness: How Much Information is in a Jet?, 1704.08249.

The momenta of M massless particles are fixed by 3M − 4 numbers (but for where the jet is, its pT
and its mass), and so are as many τ_N: for ``bodies`` M = 2 … 9

    τ1^(½), τ1^(1), τ1^(2), …, τ_(M−2)^(½), τ_(M−2)^(1), τ_(M−2)^(2), τ_(M−1)^(1), τ_(M−1)^(2).

With rising M a network sees more of the jet, until it tells signal from background no better: at
M = 4 for Z bosons, says the paper. The jet's mass and pT stand beside them, as in the networks on
tops of 1807.04769, unless ``mass`` or ``pt`` is false; for the paper's question both have to be.
How τ_N is normalised is in the config (`observables`); every input is standardised.

``paper``: dense 200-200-50-50, ReLU, dropout 0.2, 0.2, 0.1, 0.1, as 1807.04769 is known to us, not
compared with its code; 57,502 parameters with 8 bodies, mass, pT and two outputs.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from relearn.errors import UserError
from relearn.models import variables
from relearn.models.blocks import dense
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"hidden": (100, 100), "dropout": 0.0},
    "medium": {"hidden": (150, 100, 50), "dropout": (0.1, 0.1, 0.0)},
    "paper": {"hidden": (200, 200, 50, 50), "dropout": (0.2, 0.2, 0.1, 0.1)},
}
DEFAULTS: dict[str, Any] = {}
OPTIONS = ("hidden", "dropout", "bodies", "mass", "pt", "outputs")
BODIES = range(2, 10)  # τ_N with N = M − 1 up to 8 are stored


class NSub(Tagger):
    """A dense network on an N-subjettiness basis.

    Parameters
    ----------
    hidden
        Nodes of the hidden layers.
    dropout
        Share of each hidden layer's nodes that is left out in training; one number: of all.
    bodies
        M, 2 … 9.
    mass, pt
        Whether the jet's mass and pT stand beside the τ_N.
    outputs
        Number of outputs.
    """

    def __init__(
        self,
        hidden: Sequence[int],
        dropout: float | Sequence[float] = 0.0,
        bodies: int = 8,
        mass: bool = True,
        pt: bool = True,
        outputs: int = 2,
    ):
        super().__init__()
        if bodies not in BODIES:
            raise UserError(f"nsub: bodies: {bodies} is not one of {BODIES[0]} … {BODIES[-1]}")
        shares = [dropout] * len(hidden) if isinstance(dropout, int | float) else list(dropout)
        if len(shares) != len(hidden) or not all(0 <= one < 1 for one in shares):
            raise UserError(
                f"nsub: dropout: {dropout} has to be one number in [0, 1), or one for each of "
                f"{len(hidden)} hidden layers"
            )
        beside = {"mass": mass, "pt": pt}
        self.needs = (*variables.basis(bodies), *(name for name, is_in in beside.items() if is_in))
        self.register_buffer("mean", torch.zeros(len(self.needs)))
        self.register_buffer("sd", torch.ones(len(self.needs)))
        layers: list[nn.Module] = []
        left_out = iter(shares)
        for layer in dense((len(self.needs), *hidden, outputs), nn.init.xavier_uniform_):
            layers.append(layer)
            if isinstance(layer, nn.ReLU):
                layers.append(nn.Dropout(next(left_out)))
        self.layers = nn.Sequential(*layers)

    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return the inputs (B, K) as they are stored: τ_N, then GeV.

        Raises
        ------
        UserError
            If the jets lack some: names them.
        """
        return (variables.table("nsub", jets, self.needs),)

    def fit_scaling(self, values: Tensor) -> None:
        """Take mean and standard deviation of each input; what never changes is left at 0."""
        values = values.double()
        sd, mean = torch.std_mean(values, dim=0, correction=0)
        self.mean.copy_(mean)
        # a constant's standard deviation is the rounding of its mean
        self.sd.copy_(torch.where(sd > 1e-6 * mean.abs(), sd, 1.0))

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        return self.layers((values - self.mean) / self.sd)


def build(
    size: str = "paper", constituents: int | None = None, features: int = 0, **options: Any
) -> NSub:
    """Return an untrained network of a named size.

    Parameters
    ----------
    size
        ``small``, ``medium`` or ``paper``.
    constituents, features
        Of no matter.
    options
        Of `NSub`, in place of the size's.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    check_options("nsub", options, OPTIONS)
    return NSub(**options_of("nsub", SIZES, size, options))
