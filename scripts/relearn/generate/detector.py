"""Stable particles → what the embedded detector sees of them.

Follows the modules of a Delphes card, in their order: propagation, tracking efficiency and
momentum of hadrons, electrons and muons, ECal, HCal, energy flow, identification and isolation,
missing transverse energy. Each module has dice of its own, so that muons are the same whatever
else is wanted. Not followed: times, and the removal of electrons that share a cell with a photon.
"""

from collections.abc import Sequence
from pathlib import Path

import awkward as ak
import numpy as np

from relearn.generate import chain
from relearn.generate import objects as records
from relearn.generate.cards import load

OBJECTS = ("muons", "tracks", "towers", "eflow", "electrons", "photons", "missing_et")


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
        events × particles with the fields ``pid, charge, px, py, pz, e, mass`` (GeV) and the
        production vertex ``x, y, z`` (mm). Muons alone need neither ``e`` nor ``mass``.
    card
        ``CMS``, ``ATLAS`` or a file like those in ``config/detector/``.
    seed
        Of all the detector's random numbers. The result depends on the seed and on which
        events are simulated together.
    objects
        What is wanted of `OBJECTS`. Muons alone are fast; anything else runs the whole chain.

    Returns
    -------
    awkward.Array
        One record for each event, with a field for each of `objects`. ``pt``, ``energy``,
        ``mass`` are in GeV, ``d0``, ``z0`` (of the closest approach to the beam, true) in mm;
        ``eta``, ``phi`` are those of the momentum, with ``_outer`` those of the point where the
        tracker ends; ``particle`` is the position of the true particle in `particles`.

        - ``muons``, ``electrons``: identified; ``pt, eta, phi, mass, charge, particle``. If more
          than muons is wanted also ``d0, z0``, ``isolation`` (Σ pT of the energy flow around,
          without electrons and muons, over their pT) and ``isolated``, the card's cut on that.
        - ``photons``: identified; ``pt, eta, phi, isolation, isolated``.
        - ``tracks``: before the calorimeters; ``pid, charge, pt, eta, phi, mass, eta_outer,
          phi_outer, d0, z0, particle``.
        - ``towers``: massless; ``pt, eta, phi, energy``, its parts ``em`` and ``had`` (one of
          them is 0), ``edges`` (η low, high, φ low, high) of the cell.
        - ``eflow``: ``kind`` (`energyflow.TRACK`, ``PHOTON``, ``NEUTRAL_HADRON``), ``pid`` (0 for
          neutrals), ``pt, eta, phi, mass`` (0), ``charge``, ``particle`` (−1), ``d0, z0`` (0).
        - ``missing_et``: one record; ``pt, phi``.

    Raises
    ------
    ValueError
        If something unknown is wanted.
    UserError
        If the card cannot be used.
    """
    unknown = [name for name in objects if name not in OBJECTS]
    if unknown:
        raise ValueError(f"the detector makes {', '.join(OBJECTS)}, not {', '.join(unknown)}")
    numbers = load(card)
    if set(objects) <= {"muons"}:
        true = chain.Particles.of(particles, chain.MOTION)
        which = np.flatnonzero(np.abs(true.pid) == chain.MUON)
        muons = chain.charged(true, which, numbers, seed)[-1]
        return ak.zip({"muons": records.muons(true, muons, numbers, None)}, depth_limit=1)

    true = chain.Particles.of(particles, (*chain.MOTION, "e", "mass"))
    flow, muons = chain.follow(true, numbers, seed)
    merged = records.merged(true, flow)
    around, photons = records.without_leptons(merged)
    make = {
        "muons": lambda: records.muons(true, muons, numbers, around),
        "tracks": lambda: records.tracks(true, flow),
        "towers": lambda: records.towers(flow, true.events),
        "eflow": lambda: records.eflow(merged, true.events),
        "electrons": lambda: records.electrons(true, flow, numbers, around),
        "photons": lambda: records.photons(flow, numbers, around, photons, true.events, seed),
        "missing_et": lambda: records.missing_et(true, flow, merged, numbers),
    }
    return ak.zip({name: make[name]() for name in objects}, depth_limit=1)
