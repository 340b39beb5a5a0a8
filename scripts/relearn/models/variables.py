"""Observables of jets by name, for the taggers that take no constituents."""

from collections.abc import Sequence

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.models.jetbatch import Jets
from relearn.observablenames import tau_name

BETA = 1.0  # of τ_N where a talk or paper does not say
BETAS = (0.5, 1.0, 2.0)


def tau(n: int, groomed: bool = False) -> str:
    """Return the name of τ_N with β = 1; `groomed`: of the soft-drop jet."""
    return tau_name(n, BETA, groomed)


def basis(bodies: int) -> tuple[str, ...]:
    """Return the names of the N-subjettiness basis of M bodies, 1704.08249 and talk 002.

    τ_N at β = ½, 1, 2 for N < M − 1, and at β = 1, 2 for N = M − 1: 3M − 4 variables, as many
    as the phase space of M massless particles has dimensions.
    """
    inner = [tau_name(n, beta) for n in range(1, bodies - 1) for beta in BETAS]
    return (*inner, *(tau_name(bodies - 1, beta) for beta in BETAS[1:]))


def table(family: str, jets: Jets, names: Sequence[str]) -> Tensor:
    """Return observables (B, K) in the order of their names.

    Raises
    ------
    UserError
        If the jets lack some: names them and the cure.
    """
    there = jets.observable_names
    if absent := [name for name in names if name not in there]:
        raise UserError(
            f"{family} needs the observables {', '.join(absent)}; these jets have "
            f"{', '.join(there) or 'none'}: let `observables` of the config ask for them "
            "(docs/jets.md)"
        )
    return jets.observables[:, [there.index(name) for name in names]]


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """Return τ_N/τ_(N−1) (B,); 1, as of a jet without that many prongs, where it is 0/0."""
    return torch.where(below > 0, above / below.where(below > 0, 1.0), 1.0)
