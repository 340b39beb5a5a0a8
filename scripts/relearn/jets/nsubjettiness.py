"""N-subjettiness: Thaler and Van Tilburg, 1011.2268 and 1108.2701."""

from collections.abc import Sequence

import awkward as ak
import numpy as np

from relearn import kinematics
from relearn.jets.jagged import Array, flatten

AXES = {  # winner-take-all, minimised
    "kt": (False, False),
    "wta_kt": (True, False),
    "onepass_kt": (False, True),
    "onepass_wta_kt": (True, True),
}


def n_subjettiness(
    constituents: ak.Array | Array,
    n: int | Sequence[int],
    beta: float | Sequence[float] = 1.0,
    radius: float = 1.5,
    axes: str = "onepass_kt",
    normalise: bool = True,
) -> Array:
    """Return τ_N^(β), how far the constituents of each jet are from N axes.

    τ_N = (1/d) Σ_k pT_k min_a ΔR(k, a)^β, with ΔR² = Δy² + Δφ².

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV (`relearn.jets.jagged`).
    n
        Number of axes N ≥ 1, or several: the clustering is done once for all.
    beta
        0 < β ≤ 2, or several.
    radius
        R0, the jet radius.
    axes
        ``kt``: the N jets at which exclusive kT clustering stops (E-scheme); ``wta_kt``: the
        same, winner-take-all (1401.2158), the better start for β ≤ 1; ``onepass_kt`` and
        ``onepass_wta_kt``: from there to the next local minimum of τ_N (1108.2701; no step
        leads uphill). The names are those of FastJet contrib.
    normalise
        True: d = Σ_k pT_k R0^β, dimensionless and at most about 1, as in FastJet contrib.
        False: d = pT of the jet, without R0^β, as in the talks and in 1704.08249.

    Returns
    -------
    ndarray
        (jets,), with an axis more for several `n`, then one more for several `beta`. Exactly 0
        where a jet has no more than N constituents.

    Raises
    ------
    ValueError
        If an argument is out of range or the axes unknown.
    UserError
        If a constituent is not finite.
    """
    orders, betas = np.atleast_1d(n).astype(np.int64), np.atleast_1d(beta).astype(np.float64)
    if axes not in AXES:
        raise ValueError(f"no axes {axes!r}; there are {', '.join(AXES)}")
    if orders.size == 0 or orders.min() < 1:
        raise ValueError(f"n = {n}: at least 1 axis is needed")
    if betas.size == 0 or not ((betas > 0) & (betas <= 2)).all():
        raise ValueError(f"beta = {beta} is not in (0, 2]")
    if not radius > 0:
        raise ValueError(f"radius {radius} is not positive")
    from relearn.jets.kernels import subjettiness

    flat = flatten(constituents)
    winner, refine = AXES[axes]
    sums = subjettiness.sums(flat.p4, flat.offsets, orders, betas, winner, refine)
    if normalise:
        scale = flat.sum(kinematics.pt(flat.p4))[:, None] * radius**betas
    else:
        scale = np.broadcast_to(kinematics.pt(flat.sum(flat.p4))[:, None], (len(flat), len(betas)))
    below = np.broadcast_to(scale[:, None, :], sums.shape)
    tau = np.divide(sums, below, out=np.zeros_like(sums), where=below > 0)
    return tau.reshape(len(flat), *np.shape(n), *np.shape(beta))
