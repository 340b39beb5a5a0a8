"""A hybrid: a deep set that is told high-level variables besides.

The particle flow network of `relearn.models.deepsets`, F(Σ Φ(z, y, φ, …), v): beside the sums over
constituents F sees the N-subjettiness basis of `relearn.models.nsub`, the jet's mass and its pT,
each standardised. Talk 003 names hybrids among what tags tops and shows none: this one is ours. It
asks what constituents know that such variables do not; its sizes are those of deep sets.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.models import deepsets, variables
from relearn.models.blocks import dense
from relearn.models.constituents import Standardise
from relearn.models.deepsets import HE_UNIFORM, DeepSet
from relearn.models.jetbatch import Jets
from relearn.models.nsub import BODIES
from relearn.models.tagger import check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": deepsets.SIZES["small"],
    "medium": deepsets.SIZES["medium"],
    "paper": deepsets.SIZES["paper"],
}
DEFAULTS = deepsets.DEFAULTS
OPTIONS = ("phi", "latent", "f", "bodies", "constituents", "features", "outputs")


class Hybrid(DeepSet):
    """F(Σ Φ(z, y, φ, …), v).

    Parameters
    ----------
    phi, latent, f, constituents, features, outputs
        As of `relearn.models.deepsets.DeepSet`.
    bodies
        M of the N-subjettiness basis, 2 … 9.
    """

    def __init__(
        self,
        phi: Sequence[int],
        latent: int,
        f: Sequence[int],
        bodies: int = 8,
        constituents: int | None = None,
        features: int = 0,
        outputs: int = 2,
    ):
        super().__init__(
            phi, latent, f, constituents=constituents, features=features, outputs=outputs
        )
        if bodies not in BODIES:
            raise UserError(f"hybrid: bodies: {bodies} is not one of {BODIES[0]} … {BODIES[-1]}")
        self.needs = (*variables.basis(bodies), "mass", "pt")
        self.units = Standardise(len(self.needs))
        self.f = dense((latent + len(self.needs), *f, outputs), HE_UNIFORM)

    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return what the deep set takes (B, N, 3 + F), and the variables (B, K) as stored.

        Raises
        ------
        UserError
            If the jets lack some: names them.
        """
        return *super().prepare(jets), variables.table("hybrid", jets, self.needs)

    def fit_scaling(self, values: Tensor, table: Tensor) -> None:
        """Standardise the extra columns and the variables by the training jets."""
        super().fit_scaling(values)
        self.units.fit(table, torch.ones(len(table), dtype=torch.bool, device=table.device))

    def forward(self, values: Tensor, table: Tensor) -> Tensor:
        """Return logits or values (B, outputs)."""
        return self.f(torch.cat([self.summed(values), self.units(table)], dim=1))


def build(size: str = "paper", **options: Any) -> Hybrid:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size, option or value of an option.
    """
    check_options("hybrid", options, OPTIONS)
    return Hybrid(**options_of("hybrid", SIZES, size, options))
