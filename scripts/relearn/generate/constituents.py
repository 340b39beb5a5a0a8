"""What jets are made of, read from an event file: ours, or Delphes' own.

Kinds are those of the energy flow (`relearn.generate.energyflow`): tracks, photons, neutral
hadrons. A tower is called by its calorimeter, a stable particle by what it would be.
"""

from collections.abc import Mapping
from pathlib import Path

import awkward as ak
import numpy as np

from relearn.generate import rootfile
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK

PHOTON_PID = 22
INVISIBLE = (12, 14, 16, 1000022, 1000023, 1000025, 1000035, 1000045)
TRACK_BRANCHES = {
    "pid": "PID",
    "charge": "Charge",
    "pt": "PT",
    "eta": "Eta",
    "phi": "Phi",
    "mass": "Mass",
    "d0": "D0",
    "z0": "DZ",
}


def read(path: str | Path, source: str = "eflow") -> ak.Array:
    """Read the constituents of an event file.

    Parameters
    ----------
    path
        An event file of ours, or of Delphes.
    source
        ``eflow``; ``tower``, without the muons that Delphes' ATLAS card puts among them; or
        ``particle``, the visible stable particles.

    Returns
    -------
    awkward.Array
        events × constituents with the fields ``kind``, ``pid`` (0 for what is no track),
        ``charge``, ``pt, eta, phi, mass`` (GeV), ``d0, z0`` (mm, true; 0 for what is no track).
        Not sorted.

    Raises
    ------
    ValueError
        If the source is unknown.
    UserError
        If the file cannot be used or lacks the branches.
    """
    return of(rootfile.read(path, branches(source)), source)


def branches(source: str) -> list[str]:
    """Return the names of the branches that constituents are made of.

    Raises
    ------
    ValueError
        If the source is unknown.
    """
    if source not in READERS:
        raise ValueError(f"no constituents {source!r}; there are {', '.join(READERS)}")
    return READERS[source][1]


def of(columns: Mapping[str, ak.Array], source: str = "eflow") -> ak.Array:
    """Return what `read` does, of the `branches` of some events."""
    return READERS[source][0](columns)


def _eflow(found: Mapping[str, ak.Array]) -> ak.Array:
    tracks = {ours: found[f"EFlowTrack.{theirs}"] for ours, theirs in TRACK_BRANCHES.items()}
    parts = [ak.zip({"kind": ak.full_like(tracks["pid"], TRACK)} | tracks)]
    parts += [
        _towers(*(found[f"{one}.{n}"] for n in TOWER), kind)
        for one, kind in zip(NEUTRAL, (PHOTON, NEUTRAL_HADRON), strict=True)
    ]
    return ak.concatenate(parts, axis=1)


def _tower(found: Mapping[str, ak.Array]) -> ak.Array:
    em, had = found["Tower.Eem"] > 0, found["Tower.Ehad"] > 0
    towers = _towers(*(found[f"Tower.{n}"] for n in TOWER), ak.where(em, PHOTON, NEUTRAL_HADRON))
    return towers[em | had]


def _particle(found: Mapping[str, ak.Array]) -> ak.Array:
    pid, status, charge, pt, eta, phi, mass, x, y, z = (found[f"Particle.{n}"] for n in PARTICLE)
    code = abs(pid)
    visible = status == 1
    for invisible in INVISIBLE:
        visible = visible & (code != invisible)
    neutral = ak.where(code == PHOTON_PID, PHOTON, NEUTRAL_HADRON)
    kind = ak.where(charge != 0, TRACK, neutral)
    # without a detector there is no field: a straight line from where it was produced
    cos, sin = np.cos(phi), np.sin(phi)
    charged = charge != 0
    d0 = ak.where(charged, x * sin - y * cos, 0.0)
    z0 = ak.where(charged, z - (x * cos + y * sin) * np.sinh(eta), 0.0)
    columns = {"kind": kind, "pid": pid, "charge": charge, "pt": pt, "eta": eta, "phi": phi}
    columns |= {"mass": mass, "d0": d0, "z0": z0}
    return ak.zip(columns)[visible]


def _towers(pt: ak.Array, eta: ak.Array, phi: ak.Array, kind: ak.Array | int) -> ak.Array:
    none = ak.zeros_like(pt)
    whole = ak.values_astype(none, np.int32)
    columns = {"kind": whole + kind, "pid": whole, "charge": whole, "pt": pt, "eta": eta}
    return ak.zip(columns | {"phi": phi, "mass": none, "d0": none, "z0": none})


TOWER = ("ET", "Eta", "Phi")
NEUTRAL = ("EFlowPhoton", "EFlowNeutralHadron")
PARTICLE = ("PID", "Status", "Charge", "PT", "Eta", "Phi", "Mass", "X", "Y", "Z")
READERS = {
    "eflow": (
        _eflow,
        [f"EFlowTrack.{branch}" for branch in TRACK_BRANCHES.values()]
        + [f"{one}.{n}" for one in NEUTRAL for n in TOWER],
    ),
    "tower": (_tower, [f"Tower.{n}" for n in (*TOWER, "Eem", "Ehad")]),
    "particle": (_particle, [f"Particle.{n}" for n in PARTICLE]),
}
