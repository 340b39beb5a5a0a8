"""Energy correlation functions: Larkoski, Salam and Thaler, 1305.0007; D2: Larkoski, Moult and
Neill, 1409.6298.
"""

import awkward as ak
import numpy as np

from relearn.jets.jagged import Array, flatten

HIGHEST = 4


def _ladder(constituents: ak.Array | Array, order: int, beta: float) -> Array:
    if not 1 <= order <= HIGHEST:
        raise ValueError(f"order {order} is not in 1 … {HIGHEST}")
    if not beta > 0:
        raise ValueError(f"beta {beta} is not positive")
    from relearn.jets.kernels import correlators

    flat = flatten(constituents)
    return correlators.correlators(flat.p4, flat.offsets, int(order), float(beta))


def energy_correlation(
    constituents: ak.Array | Array, order: int, beta: float, normalise: bool = False
) -> Array:
    """Return ECF(N, β) of each jet.

    ECF(N, β) = Σ over sets of N constituents of Π pT · Π ΔR_ij^β over the pairs of the set;
    ECF(1) = Σ pT. ΔR² = Δy² + Δφ². The cost grows as constituents^N: for 60 constituents N = 4
    sums 5·10⁵ sets.

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV (`relearn.jets.jagged`).
    order
        N, 1 … 4.
    beta
        β > 0.
    normalise
        Divide by ECF(1)^N: the dimensionless e_N of 1409.6298.

    Returns
    -------
    ndarray
        (jets,), GeV^N. Exactly 0 for fewer than N constituents.

    Raises
    ------
    ValueError
        If `order` or `beta` is out of range.
    UserError
        If a constituent is not finite.
    """
    ladder = _ladder(constituents, order, beta)
    if normalise:
        return _ratio(ladder[:, -1], ladder[:, 0] ** order)
    return ladder[:, -1]


def c2(constituents: ak.Array | Array, beta: float = 1.0) -> Array:
    """Return C2 = ECF(3) ECF(1)/ECF(2)², (jets,); 0 for fewer than three constituents.

    Small for two prongs. Of order 1 (1305.0007); scales as angle^β.
    """
    one, two, three = _ladder(constituents, 3, beta).T
    return _ratio(three * one, two**2)


def d2(constituents: ak.Array | Array, beta: float = 1.0) -> Array:
    """Return D2 = ECF(3) ECF(1)³/ECF(2)³, (jets,); 0 for fewer than three constituents.

    Small for two prongs. Stays the same when all angles are scaled together, and all pT
    (1409.6298).
    """
    one, two, three = _ladder(constituents, 3, beta).T
    return _ratio(three * one**3, two**3)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
