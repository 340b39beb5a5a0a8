"""Clustering: anti-kT, Cambridge/Aachen and kT jets, the hardest one, matching.

Definitions: anti-kT, Cacciari, Salam and Soyez, 0802.1189; Cambridge/Aachen, Dokshitzer et al.,
hep-ph/9707323, Wobisch and Wengler, hep-ph/9907280; kT, Catani et al., Nucl. Phys. B 406 (1993)
187, Ellis and Soper, hep-ph/9305266. ΔR² = Δy² + Δφ² with the rapidity y, four-vectors added
(E-scheme): what FastJet does by default, and to the last digit the same jets.
"""

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics
from relearn.jets.jagged import Array, Flat, flatten

POWERS = {"antikt": -1, "cambridge": 0, "kt": 1}


def _power(algorithm: str, radius: float) -> int:
    if algorithm not in POWERS:
        raise ValueError(f"no algorithm {algorithm!r}; there are {', '.join(POWERS)}")
    if not radius > 0:
        raise ValueError(f"radius {radius} is not positive")
    return POWERS[algorithm]


def cluster(
    p4: ak.Array | Array,
    radius: float = 1.5,
    algorithm: str = "antikt",
    pt_min: float = 0.0,
) -> ak.Array:
    """Cluster the particles of each event, or of each jet anew.

    Parameters
    ----------
    p4
        Particles, events × particles × 4 (`relearn.jets.jagged`), GeV.
    radius
        R.
    algorithm
        ``antikt``, ``cambridge`` or ``kt``.
    pt_min
        Softer jets are left out, GeV.

    Returns
    -------
    awkward.Array
        events × jets, the hardest first, with the fields ``p4`` (4, GeV) and ``constituents``
        (positions of its particles in the event, the hardest first).

    Raises
    ------
    ValueError
        If the algorithm is unknown or the radius not positive.
    UserError
        If a particle is not finite.
    """
    power = _power(algorithm, radius)
    from relearn.jets.kernels import inclusive

    flat = flatten(p4)
    jets, sizes, members, counts = inclusive.all_jets(flat.p4, flat.offsets, power, radius, pt_min)
    constituents = ak.unflatten(flat.position[members], sizes)
    found = ak.zip({"p4": ak.Array(jets), "constituents": constituents}, depth_limit=1)
    return ak.unflatten(found, counts)


def hardest(p4: ak.Array | Array, radius: float = 1.5, algorithm: str = "antikt") -> ak.Array:
    """Return the hardest jet of each event: the first of `cluster`, in less time.

    Parameters
    ----------
    p4, radius, algorithm
        As in `cluster`.

    Returns
    -------
    awkward.Array
        One record an event: ``p4`` (4, GeV) and ``constituents`` (positions of its particles,
        the hardest first). An event without particles has a zero vector, which no window of
        pT lets pass.

    Raises
    ------
    ValueError, UserError
        As in `cluster`.
    """
    return _hardest(flatten(p4), radius, algorithm)[0]


def _hardest(flat: Flat, radius: float, algorithm: str) -> tuple[ak.Array, NDArray[np.int64]]:
    """Return the jets of `hardest`, and which of all particles belong to them."""
    from relearn.jets.kernels import inclusive

    power = _power(algorithm, radius)
    jets, sizes, members = inclusive.hardest_jets(flat.p4, flat.offsets, power, radius)
    constituents = ak.unflatten(flat.position[members], sizes)
    found = ak.zip({"p4": ak.Array(jets), "constituents": constituents}, depth_limit=1)
    return found, members


def recluster(
    constituents: ak.Array | Array, radius: float = 1.5, algorithm: str = "cambridge"
) -> ak.Array:
    """Cluster the constituents of each jet anew, keep the hardest jet, and count what is lost.

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV.
    radius, algorithm
        As in `cluster`. Another algorithm of the same radius may leave out some of a jet's rim.

    Returns
    -------
    awkward.Array
        As in `hardest`, and ``lost`` (number of constituents left out) and ``lost_pt`` (the sum
        of their pT, GeV).

    Raises
    ------
    ValueError, UserError
        As in `cluster`.
    """
    flat = flatten(constituents)
    found, members = _hardest(flat, radius, algorithm)
    kept = np.zeros(len(flat.p4), dtype=np.bool_)
    kept[members] = True
    found["lost"] = flat.counts - ak.to_numpy(ak.num(found.constituents))
    found["lost_pt"] = flat.sum(np.where(kept, 0.0, kinematics.pt(flat.p4)))
    return found


def take(constituents: ak.Array | Array, positions: ak.Array) -> ak.Array:
    """Return the constituents at given positions: jets × positions × 4.

    Parameters
    ----------
    constituents
        jets × constituents × 4, jagged or padded.
    positions
        jets × positions, such as the field ``constituents`` of `cluster` or `soft_drop`.
    """
    if not isinstance(constituents, ak.Array):
        constituents = ak.from_numpy(np.asarray(constituents), regulararray=True)
    return ak.from_regular(constituents, axis=1)[positions]


def in_window(
    p4: Array, pt_min: float = 0.0, pt_max: float = np.inf, eta_max: float = np.inf
) -> NDArray[np.bool_]:
    """Return which jets (n, 4) have pt_min < pT < pt_max, in GeV, and |η| < eta_max."""
    p4 = ak.to_numpy(p4)
    pt = kinematics.pt(p4)
    return (pt > pt_min) & (pt < pt_max) & (np.abs(kinematics.eta(p4)) < eta_max)


def match(
    p4: Array, candidates: ak.Array | Array, radius: float
) -> tuple[NDArray[np.int64], Array]:
    """Return the candidate nearest to each jet.

    Parameters
    ----------
    p4
        One jet an event, (n, 4).
    candidates
        events × candidates × 4: other jets of the event, or true particles.
    radius
        Candidates at ΔR = √(Δη² + Δφ²) of `radius` or more do not count.

    Returns
    -------
    position : ndarray (n,)
        Which candidate it is; −1 for none.
    distance : ndarray (n,)
        ΔR to it; infinite for none.
    """
    p4 = np.asarray(ak.to_numpy(p4), dtype=np.float64)
    flat = flatten(candidates)
    if len(flat) != len(p4):
        raise ValueError(f"{len(p4)} jets, but candidates of {len(flat)} events")
    apart = kinematics.delta_r(p4[flat.owner], flat.p4)
    order = np.lexsort([apart, flat.owner])  # by event, then by distance
    nearest = order[np.minimum(flat.offsets[:-1], len(order) - 1)] if len(order) else order
    position, distance = np.full(len(p4), -1), np.full(len(p4), np.inf)
    if len(order):
        near = (flat.counts > 0) & (apart[nearest] < radius)
        position[near], distance[near] = flat.position[nearest[near]], apart[nearest[near]]
    return position, distance
