"""Stable particles → what the embedded detector sees of them.

Follows the modules of a Delphes card: propagation, tracking efficiency, momentum smearing,
identification. Muons are there; tracks of hadrons and electrons, towers and energy flow are
not, and asking for them is an error.
"""

from collections.abc import Sequence
from pathlib import Path

import awkward as ak
import numpy as np

from relearn.generate import response
from relearn.generate.cards import DetectorCard, load
from relearn.generate.propagation import leave_tracker
from relearn.kinematics import MUON_MASS

MUON = 13
OBJECTS = ("muons",)


def simulate(
    particles: ak.Array,
    card: str | Path = "CMS",
    seed: int = 0,
    objects: Sequence[str] = OBJECTS,
) -> ak.Array:
    """Return the detector's view of stable particles.

    Parameters
    ----------
    particles
        events × particles with the fields ``pid, charge, px, py, pz`` (GeV) and the
        production vertex ``x, y, z`` (mm).
    card
        ``CMS``, ``ATLAS`` or a file like those in ``config/detector/``.
    seed
        Of all the detector's random numbers.
    objects
        What is wanted.

    Returns
    -------
    awkward.Array
        One record for each event with the field ``muons``: events × muons with ``pt`` (GeV,
        smeared), ``eta``, ``phi`` (of the momentum), ``mass``, ``charge`` and ``particle``,
        the position of the true muon in `particles`. No isolation is asked for: that needs
        the calorimeters.

    Raises
    ------
    NotImplementedError
        If anything but muons is wanted.
    UserError
        If the card cannot be used.
    """
    missing = [name for name in objects if name not in OBJECTS]
    if missing:
        raise NotImplementedError(
            f"the embedded detector makes {', '.join(OBJECTS)} only, not {', '.join(missing)}"
        )
    numbers = load(card)
    rng = np.random.default_rng(seed)
    return ak.zip({"muons": _muons(particles, numbers, rng)}, depth_limit=1)


def _muons(particles: ak.Array, card: DetectorCard, rng: np.random.Generator) -> ak.Array:
    index = ak.local_index(particles.pid)
    is_muon = abs(particles.pid) == MUON
    true, index = particles[is_muon], index[is_muon]
    counts = ak.num(true)
    flat = {
        name: ak.to_numpy(ak.flatten(true[name])).astype(np.float64)
        for name in ("px", "py", "pz", "charge", "x", "y", "z")
    }
    pt = np.hypot(flat["px"], flat["py"])
    exits = leave_tracker(**flat, tracker=card.tracker)
    chance, second = rng.random((2, len(pt)))
    seen = exits.inside
    # outside the tracker the angles are undefined; any value will do, `seen` is false there
    outer = np.where(seen, exits.eta, np.inf)
    seen = seen & (chance < response.efficiency(card.muons.tracking, pt, outer))
    relative = response.relative_resolution(card.muons.resolution, pt, outer)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = response.log_normal(pt, relative * pt, rng)
        eta = np.arcsinh(flat["pz"] / pt)
    identified = response.efficiency(card.muons.identification, measured, outer)
    seen = seen & (second < identified)
    muons = ak.zip(
        {
            "pt": measured,
            "eta": eta,
            "phi": exits.phi,
            "mass": np.full(len(pt), MUON_MASS),
            "charge": flat["charge"].astype(np.int32),
            "particle": ak.to_numpy(ak.flatten(index)).astype(np.int32),
        }
    )
    return ak.unflatten(muons, counts)[ak.unflatten(seen, counts)]
