"""Records of events → the branches of Delphes' tree, by its names and types.

Beyond Delphes: ``Particle.IsPrompt`` (see `relearn.generate.particles`), ``ParticleIndex`` of muons
and tracks, the true particle's position in the event, where Delphes has a pointer, and
``Event.PTHat``, the transverse momentum of the hard process.
"""

import awkward as ak
import numpy as np
from numpy.typing import ArrayLike

from relearn import kinematics as kin
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK

SECONDS = 1e-3 / 299_792_458  # in one mm/c
VERTEX = ("X", "Y", "Z")  # mm
BEAM_ETA = 999.9  # what Delphes writes for a particle along the beam


def event(first: int, weight: ArrayLike, hard_pt: ArrayLike | None = None) -> ak.Array:
    """Return the event's own branches, of length one as in Delphes, counted from `first`."""
    number = np.arange(first, first + len(weight))
    branches = {"Number": number, "Weight": np.float32(weight)}
    if hard_pt is not None:
        branches["PTHat"] = np.float32(hard_pt)
    return ak.zip({name: _one_each(values) for name, values in branches.items()})


def particles(particles: ak.Array) -> ak.Array:
    """Return stable particles (see `relearn.generate.particles.FIELDS`)."""
    p = particles
    pt = np.hypot(p.px, p.py)
    with np.errstate(divide="ignore", invalid="ignore"):
        rapidity = np.arcsinh(p.pz / np.sqrt(pt**2 + p.mass**2))
    integers = {"PID": p.pid, "Status": 0 * p.pid + 1, "Charge": p.charge, "IsPrompt": p.prompt}
    reals = _momenta(p) | {"P": np.hypot(pt, p.pz), "Rapidity": rapidity}
    reals |= {"X": p.x, "Y": p.y, "Z": p.z, "T": p.t * SECONDS}
    return _branches(integers, reals)


def hard_process(partons: ak.Array, stable: ak.Array | None = None) -> ak.Array:
    """Return the hard process (see `relearn.generate.hardprocess`), then stable particles."""
    p = partons
    integers = {"PID": p.pid, "Status": abs(p.status), "Charge": p.charge}
    integers |= {"M1": p.mother, "D1": p.daughter1, "D2": p.daughter2}
    reals = _momenta(p)
    if stable is not None:
        reals |= {name: 0.0 * p.px for name in VERTEX}
        none = 0 * stable.pid - 1
        more = {"PID": stable.pid, "Status": none + 2, "Charge": stable.charge}
        more |= {"M1": none, "D1": none, "D2": none} | _momenta(stable)
        more |= {name: stable[name.lower()] for name in VERTEX}
        integers = {name: ak.concatenate([c, more[name]], axis=1) for name, c in integers.items()}
        reals = {name: ak.concatenate([c, more[name]], axis=1) for name, c in reals.items()}
    return _branches(integers, reals)


def muons(muons: ak.Array) -> ak.Array:
    """Return reconstructed muons without isolation."""
    return _branches(
        {"Charge": muons.charge, "ParticleIndex": muons.particle},
        {"PT": muons.pt, "Eta": muons.eta, "Phi": muons.phi},
    )


def gen_jets(jets: ak.Array) -> ak.Array:
    """Return jets of stable particles, events × jets × 4."""
    counts = ak.num(jets)
    p4 = ak.to_numpy(ak.flatten(jets)).reshape(-1, 4)
    columns = {"PT": kin.pt(p4), "Eta": kin.eta(p4), "Phi": kin.phi(p4), "Mass": kin.mass(p4)}
    return _branches({}, {name: ak.unflatten(values, counts) for name, values in columns.items()})


def detected(seen: ak.Array) -> dict[str, ak.Array]:
    """Return all that the detector has seen (see `relearn.generate.detector`): object → branches.

    Of muons, electrons and photons only the isolated ones, as in Delphes.
    """
    found = {}
    for name in ("muons", "electrons"):
        if name in seen.fields:
            found[name.capitalize()[:-1]] = _leptons(seen[name][seen[name].isolated])
    if "photons" in seen.fields:
        one = seen.photons[seen.photons.isolated]
        found["Photon"] = _branches({}, _direction(one) | {"IsolationVar": one.isolation})
    if "tracks" in seen.fields:
        found["Track"] = _tracks(seen.tracks, outer=True)
    if "towers" in seen.fields:
        one = seen.towers
        energies = {"E": one.energy, "Eem": one.em, "Ehad": one.had}
        found["Tower"] = _branches({}, _direction(one, "ET") | energies)
    if "eflow" in seen.fields:
        flow = seen.eflow
        found["EFlowTrack"] = _tracks(flow[flow.kind == TRACK])
        for name, kind in (("EFlowPhoton", PHOTON), ("EFlowNeutralHadron", NEUTRAL_HADRON)):
            found[name] = _branches({}, _direction(flow[flow.kind == kind], "ET"))
    if "missing_et" in seen.fields:
        one = seen.missing_et
        found["MissingET"] = _branches({}, {"MET": _one_each(one.pt), "Phi": _one_each(one.phi)})
    return found


def _momenta(p: ak.Array) -> dict[str, ak.Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(p.pz / np.hypot(p.px, p.py))
    eta = np.minimum(np.maximum(eta, -BEAM_ETA), BEAM_ETA)
    named = {"Mass": p.mass, "E": p.e, "Px": p.px, "Py": p.py, "Pz": p.pz}
    return named | {"PT": np.hypot(p.px, p.py), "Eta": eta, "Phi": np.arctan2(p.py, p.px)}


def _leptons(found: ak.Array) -> ak.Array:
    integers = {"Charge": found.charge, "ParticleIndex": found.particle}
    impact = {"IsolationVar": found.isolation, "D0": found.d0, "DZ": found.z0}
    return _branches(integers, _direction(found) | impact)


def _tracks(found: ak.Array, outer: bool = False) -> ak.Array:
    integers = {"PID": found.pid, "Charge": found.charge}
    reals = _direction(found) | {"Mass": found.mass, "D0": found.d0, "DZ": found.z0}
    if outer:
        integers["ParticleIndex"] = found.particle
        reals |= {"EtaOuter": found.eta_outer, "PhiOuter": found.phi_outer}
    return _branches(integers, reals)


def _direction(found: ak.Array, size: str = "PT") -> dict[str, ak.Array]:
    return {size: found.pt, "Eta": found.eta, "Phi": found.phi}


def _one_each(values: ArrayLike) -> ak.Array:
    values = ak.to_numpy(values)
    return ak.unflatten(values, np.ones(len(values), dtype=np.int64))


def _branches(integers: dict[str, ak.Array], reals: dict[str, ak.Array]) -> ak.Array:
    columns = {name: ak.values_astype(column, np.int32) for name, column in integers.items()}
    columns |= {name: ak.values_astype(column, np.float32) for name, column in reals.items()}
    return ak.zip(columns)
