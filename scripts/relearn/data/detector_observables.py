"""What the embedded detector is compared in with Delphes: numbers of events, jets, tracks."""

from typing import Any

import awkward as ak
import fastjet
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.data.observed import PT_EDGES, Observed, in_window, pooled
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK

Array = NDArray[np.float64]
RADIUS = 1.5
JET_PT_MIN = 20.0  # GeV, at both levels
MATCH = 0.75  # ΔR between a jet and the true one
ETA_REGIONS = {"b": (0.0, 1.5), "e": (1.5, 2.5)}
NEUTRINOS = (12, 14, 16)
COUNTS = {"n_eflow_track": TRACK, "n_eflow_photon": PHOTON, "n_eflow_nh": NEUTRAL_HADRON}


def observe(particles: ak.Array, seen: ak.Array) -> Observed:
    """Return what is compared, of the embedded detector and all events at once: see `block`."""
    return pooled([block(particles, seen)])


def block(particles: ak.Array, seen: ak.Array) -> Observed:
    """Return what some events give to it, for `relearn.data.observed.pooled`.

    Parameters
    ----------
    particles
        True stable particles, as `relearn.generate.detector.simulate` takes them.
    seen
        What it returned, all objects.
    """
    flow, towers = seen.eflow, seen.towers
    events = {name: _number(flow.kind == kind) for name, kind in COUNTS.items()}
    events["n_tower"] = ak.to_numpy(ak.num(towers)).astype(float)
    met, phi = (ak.to_numpy(seen.missing_et[name]) for name in ("pt", "phi"))
    events |= {"met": met, "met_x": met * np.cos(phi), "met_y": met * np.sin(phi)}
    jets, content = {}, {}
    truth = _clusters(_visible(particles))
    for source, things in (("eflow", flow), ("tower", towers)):
        jets[source], members = _leading(_p4_records(things), truth)
        content[source] = things[members]
    numbers = _sums(seen) | _content(jets, content)
    samples, shares = _muons(particles, seen)
    shares |= _track_shares(particles, seen)
    return Observed(events, jets, samples, shares, numbers=numbers)


def _number(mask: ak.Array) -> Array:
    return ak.to_numpy(ak.sum(mask, axis=1)).astype(float)


def _visible(particles: ak.Array) -> ak.Array:
    code = abs(particles.pid)
    seen = code > 0
    for neutrino in NEUTRINOS:
        seen = seen & (code != neutrino)
    return ak.zip({"E" if n == "e" else n: particles[seen][n] for n in ("px", "py", "pz", "e")})


def _p4_records(things: ak.Array) -> ak.Array:
    mass = things.mass if "mass" in things.fields else 0.0
    px, py = things.pt * np.cos(things.phi), things.pt * np.sin(things.phi)
    pz = things.pt * np.sinh(things.eta)
    energy = np.sqrt(things.pt**2 + pz**2 + mass**2)
    return ak.zip({"px": px, "py": py, "pz": pz, "E": energy})


def _clusters(p4: ak.Array) -> ak.Array:
    return _sequence(p4).inclusive_jets(min_pt=JET_PT_MIN)


def _sequence(p4: ak.Array) -> Any:
    return fastjet.ClusterSequence(p4, fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS))


def _columns(jets: ak.Array) -> Array:
    return np.stack([ak.to_numpy(jets[name]) for name in ("E", "px", "py", "pz")], axis=-1)


def _leading(p4: ak.Array, truth: ak.Array) -> tuple[Array, ak.Array]:
    """Return the leading jets (events × `observed.JET`), and their constituents' positions."""
    sequence = _sequence(p4)
    jets = sequence.inclusive_jets(min_pt=JET_PT_MIN)
    members = sequence.constituent_index(min_pt=JET_PT_MIN)
    first = ak.argmax(np.hypot(jets.px, jets.py), axis=1, keepdims=True)
    members = ak.fill_none(ak.firsts(members[first]), [], axis=0)
    empty = ak.to_numpy(ak.num(jets)) == 0
    filler = ak.Record({"px": 0.0, "py": 0.0, "pz": 0.0, "E": 0.0})
    lead = _columns(ak.fill_none(ak.firsts(jets[first]), filler, axis=0))

    owner = np.repeat(np.arange(len(lead)), ak.to_numpy(ak.num(truth)))
    true, nearest = _columns(ak.flatten(truth)), np.full((len(lead), 4), np.nan)
    apart = kin.delta_r(lead[owner], true)
    order = np.argsort(-apart, kind="stable")
    order = order[apart[order] < MATCH]
    nearest[owner[order]] = true[order]  # of several, the last one stays: the nearest
    numbers = [kin.pt(lead), kin.eta(lead), kin.phi(lead), kin.mass(lead)]
    numbers += [ak.to_numpy(ak.num(members)), kin.pt(nearest), kin.mass(nearest)]
    found = np.stack(numbers, axis=1)
    found[empty] = np.nan
    return found, members


def _sums(seen: ak.Array) -> dict[str, Array]:
    flow, towers = seen.eflow, seen.towers
    energy = np.sqrt((flow.pt * np.cosh(flow.eta)) ** 2 + flow.mass**2)
    names = {TRACK: "EFlowTrack", PHOTON: "EFlowPhoton", NEUTRAL_HADRON: "EFlowNeutralHadron"}
    sums = {f"sumE_{n}": ak.sum(energy[flow.kind == kind], axis=1) for kind, n in names.items()}
    sums |= {"sumPT_EFlow": ak.sum(flow.pt, axis=1), "sumET_Tower": ak.sum(towers.pt, axis=1)}
    sums |= {"n_Tower_ecal": ak.sum(towers.em > 0, axis=1)}
    sums |= {"n_Tower_hcal": ak.sum(towers.had > 0, axis=1)}
    return {name: ak.to_numpy(values).astype(float) for name, values in sums.items()}


def _content(jets: dict[str, Array], content: dict[str, ak.Array]) -> dict[str, Array]:
    """Return numbers of the leading jets in the window."""
    found = {}
    for source, columns in jets.items():
        inside = in_window(columns)
        members = content[source][inside]
        if source == "eflow":
            parts = {"n_tracks": TRACK, "n_ecal": PHOTON, "n_hcal": NEUTRAL_HADRON}
            numbers = {name: _number(members.kind == kind) for name, kind in parts.items()}
        else:
            numbers = {"n_ecal": _number(members.em > 0), "n_hcal": _number(members.had > 0)}
        pt, _, _, mass, constituents, true_pt, true_mass = columns[inside].T
        numbers |= {"n_constituents": constituents, "mass": mass}
        matched = np.isfinite(true_pt)
        numbers |= {"pt_response": (pt / true_pt)[matched]}
        numbers |= {"mass_response": (mass / true_mass)[matched]}
        found |= {f"jet_{source}/{name}": values for name, values in numbers.items()}
    return found


def _pt_eta(particles: ak.Array) -> tuple[ak.Array, ak.Array]:
    pt = np.hypot(particles.px, particles.py)
    return pt, np.arcsinh(particles.pz / pt)


def _muons(particles: ak.Array, seen: ak.Array) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return residuals of muon tracks and isolated pairs, and the share of isolated muons."""
    tracks = seen.tracks[abs(seen.tracks.pid) == 13]
    pt, eta = _pt_eta(particles[tracks.particle])
    samples = {"muon_dpt": _flat((tracks.pt / pt - 1)[(pt > 20) & (abs(eta) < 2.5)])}

    isolated = seen.muons[seen.muons.isolated]
    pt, eta = _pt_eta(particles[abs(particles.pid) == 13])
    trials = int(ak.sum((pt > 20) & (abs(eta) < 2.4)))
    pt, eta = _pt_eta(particles[isolated.particle])
    found = int(ak.sum((pt > 20) & (abs(eta) < 2.4)))
    shares = {"isolated muons": (found, trials)}

    isolated = isolated[isolated.pt > 20]
    pair = (ak.num(isolated) == 2) & (ak.sum(isolated.charge, axis=1) == 0)
    isolated, true = isolated[pair], particles[pair][isolated[pair].particle]
    masses = []
    pt, eta = _pt_eta(true)
    for transverse in (isolated.pt, pt):
        sides = [
            kin.from_pt_eta_phi_mass(transverse[:, i], eta[:, i], isolated.phi[:, i], kin.MUON_MASS)
            for i in (0, 1)
        ]
        masses.append(kin.mass(sides[0] + sides[1]))
    inside = (masses[1] > 60) & (masses[1] < 120)
    samples["dimuon_dm"] = masses[0][inside] / masses[1][inside] - 1
    return samples, shares


def _flat(values: ak.Array) -> Array:
    return ak.to_numpy(ak.flatten(values))


def _track_shares(particles: ak.Array, seen: ak.Array) -> dict[str, tuple[int, int]]:
    """Return tracks of charged hadrons, by region and pT of the true particle."""
    has_track = np.zeros(int(ak.sum(ak.num(particles))), dtype=bool)
    first = np.cumsum(ak.to_numpy(ak.num(particles))) - ak.to_numpy(ak.num(particles))
    has_track[_flat(seen.tracks.particle + first)] = True
    pt, eta = (_flat(values) for values in _pt_eta(particles))
    pid = np.abs(_flat(particles.pid))
    hadron = (_flat(particles.charge) != 0) & (pid != 11) & (pid != 13)
    radius = np.hypot(_flat(particles.x), _flat(particles.y))
    shares = {}
    for region, (low, high) in ETA_REGIONS.items():
        for vertex, close in (("all", hadron), ("r<10mm", hadron & (radius < 10))):
            chosen = close & (np.abs(eta) >= low) & (np.abs(eta) < high)
            trials, _ = np.histogram(pt[chosen], PT_EDGES)
            found, _ = np.histogram(pt[chosen & has_track], PT_EDGES)
            for edge, successes, number in zip(PT_EDGES, found, trials, strict=False):
                shares[f"{region} vtx {vertex}/{edge:g}"] = (int(successes), int(number))
    return shares
