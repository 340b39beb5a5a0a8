"""TopoDNN: a dense network on the four-vectors of the 30 hardest constituents (1704.02124).

Each jet is brought into one position by Lorentz transformations, which leave all masses as they
are: a boost along the beam and a turn about it put the hardest constituent at η = φ = 0, a turn
about that constituent puts the second at η = 0, φ < 0, and a mirror puts the larger sum of pT at
η > 0. The inputs are pT, η, φ of each constituent, which say as much as a massless four-vector. pT
is in units of 500 GeV, as our jets have it.

``paper``: dense 300-102-12-6 with 30 constituents, 59,330 parameters with two outputs; the public
comparison says 59k.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from relearn.models.blocks import dense, exactly, rapidity
from relearn.models.constituents import pt_eta_phi
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"hidden": (32, 16, 8)},
    "medium": {"hidden": (100, 50, 12, 6)},
    "paper": {"hidden": (300, 102, 12, 6)},
}
DEFAULTS: dict[str, Any] = {}
OPTIONS = ("hidden", "constituents", "features", "outputs")
UNIT = 500.0  # GeV


class TopoDNN(Tagger):
    """A dense network on pT, η, φ of jets in one position.

    Parameters
    ----------
    hidden
        Nodes of the hidden layers.
    constituents, features
        How many of the hardest are read, and how many extra columns each has.
    outputs
        Number of outputs.
    """

    def __init__(
        self, hidden: Sequence[int], constituents: int = 30, features: int = 0, outputs: int = 2
    ):
        super().__init__()
        self.constituents, self.features = constituents, features
        sizes = (constituents * (3 + features), *hidden, outputs)
        self.register_buffer("scale", torch.ones(features))
        self.layers = dense(sizes, nn.init.xavier_uniform_)

    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return (B, N, 3 + F): pT in 500 GeV, η, φ, extra columns; zeros where there is none."""
        jets = exactly("topodnn", jets, self.constituents, self.features)
        pt, eta, phi = pt_eta_phi(in_position(jets.p4.double()))
        values = torch.stack([pt / UNIT, eta, phi], dim=2).to(jets.p4.dtype)
        values = torch.cat([values, jets.extra], dim=2)
        return (values.masked_fill(~jets.mask[..., None], 0.0),)

    def fit_scaling(self, values: Tensor) -> None:
        """Take the root of the mean square of each extra column, so that zero stays zero."""
        there = (values[..., 0] > 0).sum().clamp_min(1)
        scale = (values[..., 3:].double().square().sum(dim=(0, 1)) / there).sqrt()
        self.scale.copy_(torch.where(scale > 0, scale, 1.0))

    def forward(self, values: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        if self.features:
            values = torch.cat([values[..., :3], values[..., 3:] / self.scale], dim=2)
        return self.layers(values.flatten(1))


def in_position(p4: Tensor) -> Tensor:
    """Return jets (B, N, 4), the hardest constituents first, boosted, turned and mirrored."""
    hardest = p4[:, :1]
    _, _, phi = pt_eta_phi(hardest)
    # that of the rapidity, not of η: a massive constituent shall have pz = 0
    boost = rapidity(hardest)
    p4 = _turn(p4, -phi, 1, 2)
    e, pz = p4[..., 0], p4[..., 3]
    cosh, sinh = boost.cosh(), boost.sinh()
    columns = [e * cosh - pz * sinh, p4[..., 1], p4[..., 2], pz * cosh - e * sinh]
    p4 = torch.stack(columns, dim=2)
    second = p4[:, 1:2]
    p4 = _turn(p4, math.pi - torch.atan2(second[..., 3], second[..., 2]), 2, 3)
    pt, eta, _ = pt_eta_phi(p4[:, 2:])  # the first two are at η = 0, but for rounding
    left = (pt * torch.sign(eta)).sum(dim=1, keepdim=True) < 0
    mirrored = torch.where(left, -p4[..., 3], p4[..., 3])
    return torch.cat([p4[..., :3], mirrored[..., None]], dim=2)


def _turn(p4: Tensor, angle: Tensor, a: int, b: int) -> Tensor:
    """Rotate components a and b of (B, N, 4) by an angle (B, 1)."""
    columns = list(p4.unbind(dim=2))
    columns[a], columns[b] = (
        p4[..., a] * angle.cos() - p4[..., b] * angle.sin(),
        p4[..., a] * angle.sin() + p4[..., b] * angle.cos(),
    )
    return torch.stack(columns, dim=2)


def build(size: str = "paper", **options: Any) -> TopoDNN:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    check_options("topodnn", options, OPTIONS)
    return TopoDNN(**options_of("topodnn", SIZES, size, options))
