"""The chain's flat columns → records of events: tracks, towers, energy flow, leptons, photons."""

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.generate import isolation, response
from relearn.generate.cards import DetectorCard, Leptons
from relearn.generate.chain import ELECTRON, MUON, Flow, Particles, dice
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK
from relearn.generate.flat import jagged
from relearn.generate.tracks import TrackSet
from relearn.kinematics import MUON_MASS

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Around = tuple[Index, Array, Array, Array]  # event, pT, η, φ


def muons(true: Particles, made: TrackSet, card: DetectorCard, around: Around | None) -> ak.Array:
    """Return identified muons, with their isolation where the energy flow is known."""
    chance = response.efficiency(card.muons.identification, made.pt, made.eta_outer)
    found = made[np.flatnonzero(made.seen & (made.dice < chance))]
    return _leptons(true, found, np.full(len(found.pt), MUON_MASS), card.muons, around)


def electrons(true: Particles, flow: Flow, card: DetectorCard, around: Around) -> ak.Array:
    """Return identified electrons of the energy flow, with their isolation."""
    made = flow.flow_tracks
    made = made[np.flatnonzero(np.abs(true.pid[made.particle]) == ELECTRON)]
    chance = response.efficiency(card.electrons.identification, made.pt, made.eta_outer)
    found = made[np.flatnonzero(made.dice < chance)]
    return _leptons(true, found, true.columns["mass"][found.particle], card.electrons, around)


def _leptons(
    true: Particles, found: TrackSet, mass: Array, card: Leptons, around: Around | None
) -> ak.Array:
    event = true.event[found.particle]
    columns = {
        "pt": found.pt,
        "eta": found.eta,
        "phi": found.phi,
        "mass": mass,
        "charge": true.columns["charge"][found.particle].astype(np.int32),
        "particle": true.index[found.particle].astype(np.int32),
    }
    if around is not None:
        candidates = (event, found.pt, found.eta, found.phi)
        ratio = isolation.around(card.isolation, candidates, around, true.events)
        columns |= {"d0": found.d0, "z0": found.z0, "isolation": ratio}
        columns["isolated"] = ratio <= card.isolation.share_max
    return jagged(event, columns, true.events)


def photons(
    flow: Flow, card: DetectorCard, around: Around, own: Index, events: int, seed: int
) -> ak.Array:
    """Return identified photons of the energy flow, with their isolation.

    `own` says where all photons are in `around` themselves.
    """
    made = flow.photons
    pt = made.energy / np.cosh(made.eta)
    chance = response.efficiency(card.photons.identification, pt, made.eta)
    found = np.flatnonzero(dice("photons", seed).random(len(pt)) < chance)
    candidates = (made.event[found], pt[found], made.eta[found], made.phi[found])
    ratio = isolation.around(card.photons.isolation, candidates, around, events, own[found])
    columns = dict(zip(("pt", "eta", "phi"), candidates[1:], strict=True))
    columns |= {"isolation": ratio, "isolated": ratio <= card.photons.isolation.share_max}
    return jagged(made.event[found], columns, events)


def merged(true: Particles, flow: Flow) -> dict[str, NDArray]:
    """Return the energy flow as flat columns, sorted by event; tracks come first in each."""
    made = flow.flow_tracks
    towers = (flow.photons, flow.hadrons)
    neutrals = sum(len(one.energy) for one in towers)

    def column(of_tracks: NDArray, of_towers: NDArray | float) -> NDArray:
        return np.concatenate([of_tracks, np.broadcast_to(of_towers, neutrals)])

    eta = np.concatenate([one.eta for one in towers])
    energy = np.concatenate([one.energy for one in towers])
    kind = np.repeat([PHOTON, NEUTRAL_HADRON], [len(one.energy) for one in towers])
    event = column(true.event[made.particle], np.concatenate([one.event for one in towers]))
    columns = {
        "event": event,
        "kind": column(np.full(len(made.pt), TRACK), kind).astype(np.int32),
        "pid": column(true.pid[made.particle], 0).astype(np.int32),
        "pt": column(made.pt, energy / np.cosh(eta)),
        "eta": column(made.eta, eta),
        "phi": column(made.phi, np.concatenate([one.phi for one in towers])),
        "mass": column(true.columns["mass"][made.particle], 0.0),
        "charge": column(true.columns["charge"][made.particle], 0).astype(np.int32),
        "particle": column(true.index[made.particle], -1).astype(np.int32),
        "d0": column(made.d0, 0.0),
        "z0": column(made.z0, 0.0),
    }
    order = np.argsort(event, kind="stable")
    return {name: values[order] for name, values in columns.items()}


def eflow(flow: dict[str, NDArray], events: int) -> ak.Array:
    """Return the energy flow."""
    return jagged(flow["event"], {n: c for n, c in flow.items() if n != "event"}, events)


def without_leptons(flow: dict[str, NDArray]) -> tuple[Around, Index]:
    """Return what isolation counts, and where the photons are in it."""
    counted = np.flatnonzero(~np.isin(np.abs(flow["pid"]), (ELECTRON, MUON)))
    around = tuple(flow[name][counted] for name in ("event", "pt", "eta", "phi"))
    return around, np.flatnonzero(flow["kind"][counted] == PHOTON)


def tracks(true: Particles, flow: Flow) -> ak.Array:
    """Return tracks before the calorimeters."""
    made = flow.tracks
    columns = {
        "pid": true.pid[made.particle].astype(np.int32),
        "charge": true.columns["charge"][made.particle].astype(np.int32),
        "pt": made.pt,
        "eta": made.eta,
        "phi": made.phi,
        "mass": true.columns["mass"][made.particle],
        "eta_outer": made.eta_outer,
        "phi_outer": made.phi_outer,
        "d0": made.d0,
        "z0": made.z0,
        "particle": true.index[made.particle].astype(np.int32),
    }
    return jagged(true.event[made.particle], columns, true.events)


def towers(flow: Flow, events: int) -> ak.Array:
    """Return the cells with energy of both calorimeters, those of the ECal first."""
    cells = (flow.ecal, flow.hcal)
    hit = [np.flatnonzero(one.energy) for one in cells]

    def column(name: str) -> NDArray:
        return np.concatenate(
            [getattr(one, name)[which] for one, which in zip(cells, hit, strict=True)]
        )

    energy, eta, event = column("energy"), column("eta"), column("event")
    is_em = np.repeat([True, False], [len(which) for which in hit])
    edges = np.concatenate([column("eta_edges"), column("phi_edges")], axis=1)
    columns = {
        "pt": energy / np.cosh(eta),
        "eta": eta,
        "phi": column("phi"),
        "energy": energy,
        "em": np.where(is_em, energy, 0.0),
        "had": np.where(is_em, 0.0, energy),
        "edges": edges,
    }
    order = np.argsort(event, kind="stable")
    ordered = {name: values[order] for name, values in columns.items()}
    return jagged(event[order], ordered, events)


def missing_et(
    true: Particles, flow: Flow, merged: dict[str, NDArray], card: DetectorCard
) -> ak.Array:
    """Return minus the vector sum of what the card adds up: GeV, azimuth."""
    if card.missing_et == "eflow":
        added = [merged]
    else:
        made = flow.flow_tracks
        made = made[np.flatnonzero(np.abs(true.pid[made.particle]) == MUON)]
        added = [{"event": true.event[made.particle], "pt": made.pt, "phi": made.phi}]
        for cells in (flow.ecal, flow.hcal):
            pt = cells.energy / np.cosh(cells.eta)
            added.append({"event": cells.event, "pt": pt, "phi": cells.phi})
    px, py = np.zeros((2, true.events))
    for one in added:
        px -= np.bincount(one["event"], one["pt"] * np.cos(one["phi"]), minlength=true.events)
        py -= np.bincount(one["event"], one["pt"] * np.sin(one["phi"]), minlength=true.events)
    return ak.zip({"pt": np.hypot(px, py), "phi": np.arctan2(py, px)})
