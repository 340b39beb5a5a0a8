"""The modules of the card, one after the other, on flat columns of whole parts of events."""

from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.generate import calorimeter, energyflow, tracks
from relearn.generate.calorimetercards import Calorimeter, EnergyFractions
from relearn.generate.cards import DetectorCard
from relearn.generate.flat import columns
from relearn.generate.propagation import leave_tracker, straight_out
from relearn.generate.tracks import TrackSet
from relearn.seeds import derive

Array = NDArray[np.float64]
Index = NDArray[np.int64]
ELECTRON, MUON = 11, 13
MOTION = ("px", "py", "pz", "x", "y", "z")


@dataclass(frozen=True)
class Particles:
    """Stable particles of many events as flat columns, in the order of the events."""

    events: int
    event: Index
    index: Index  # position in the event
    pid: Index
    columns: dict[str, Array]  # charge, GeV, mm

    @classmethod
    def of(cls, particles: ak.Array, names: tuple[str, ...]) -> "Particles":
        """Flatten events × particles with the fields `names`, ``pid`` and ``charge``."""
        counts = ak.to_numpy(ak.num(particles.pid))
        event = np.repeat(np.arange(len(counts)), counts)
        index = np.arange(len(event)) - np.repeat(np.cumsum(counts) - counts, counts)
        pid = ak.to_numpy(ak.flatten(particles.pid)).astype(np.int64)
        return cls(len(counts), event, index, pid, columns(particles, ("charge", *names)))

    def take(self, which: Index, names: tuple[str, ...] = MOTION) -> dict[str, Array]:
        """Return some columns of the particles `which`."""
        return {name: self.columns[name][which] for name in names}


@dataclass(frozen=True)
class Neutrals:
    """Energy flow that no track explains, from one calorimeter."""

    event: Index
    energy: Array
    eta: Array
    phi: Array


@dataclass(frozen=True)
class Flow:
    """What the chain ends with; tracks before and after the calorimeters, in the same order."""

    tracks: TrackSet  # seen ones
    flow_tracks: TrackSet  # with the pT of the energy flow, without the lost ones
    ecal: calorimeter.Cells
    hcal: calorimeter.Cells
    photons: Neutrals
    hadrons: Neutrals


def dice(module: str, seed: int) -> np.random.Generator:
    """Return the random numbers of a module."""
    return np.random.default_rng(seed if module == "muons" else derive(module, root=seed))


def charged(true: Particles, which: Index, card: DetectorCard, seed: int) -> list[TrackSet]:
    """Return what the tracker makes of the charged particles `which`: hadrons, electrons, muons."""
    exits = leave_tracker(**true.take(which, (*MOTION, "charge")), tracker=card.tracker)
    kind = np.abs(true.pid[which])
    electron, muon = kind == ELECTRON, kind == MUON
    sets = []
    for name, mine in (("hadrons", ~electron & ~muon), ("electrons", electron), ("muons", muon)):
        place = np.flatnonzero(mine)
        momentum = true.take(which[place], ("px", "py", "pz"))
        numbers = getattr(card, name)
        rng = dice(name, seed)
        sets.append(
            tracks.measure(which[place], **momentum, exits=exits[place], card=numbers, rng=rng)
        )
    return sets


def shares(card: EnergyFractions, pid: Index) -> Array:
    """Return the shares of energy left in ECal and HCal: particles × 2."""
    codes, table = card.table
    row = np.searchsorted(codes, np.abs(pid))
    known = codes[np.minimum(row, len(codes) - 1)] == np.abs(pid)
    return table[np.where(known, row, len(codes))]


def follow(true: Particles, card: DetectorCard, seed: int) -> tuple[Flow, TrackSet]:
    """Follow all particles to the energy flow.

    Parameters
    ----------
    true
        With the columns ``charge, px, py, pz, x, y, z, e, mass``.
    card
        Of the detector.
    seed
        Of all dice.

    Returns
    -------
    flow : Flow
        What the detector has measured.
    muons : TrackSet
        All muons, seen or not.
    """
    which = np.flatnonzero(true.columns["charge"])
    sets = charged(true, which, card, seed)
    made = tracks.joined(sets)
    fractions = shares(card.energy, true.pid)
    neutral = np.flatnonzero((true.columns["charge"] == 0) & (fractions.sum(axis=1) > 0))
    _, eta, phi = straight_out(**true.take(neutral), tracker=card.tracker)
    hits = np.concatenate([made.particle, neutral])
    eta, phi = np.concatenate([made.eta_outer, eta]), np.concatenate([made.phi_outer, phi])

    seen = made[np.flatnonzero(made.seen)]
    flow = seen[np.flatnonzero(_within(card.ecal, seen.eta_outer))]
    flow = flow[np.flatnonzero(_within(card.hcal, flow.eta_outer))]
    found = []
    for column, name in enumerate(("ecal", "hcal")):
        numbers = getattr(card, name)
        deposit = true.columns["e"][hits] * fractions[hits, column]
        leaves = np.flatnonzero(deposit > 0)
        key = calorimeter.locate(numbers, true.event[hits[leaves]], eta[leaves], phi[leaves])
        cells = calorimeter.measure(numbers, key, deposit[leaves], dice(name, seed))
        key_of = np.full(len(true.pid), calorimeter.OUTSIDE)
        key_of[hits[leaves]] = key

        stopped = np.flatnonzero(fractions[flow.particle, column] > 0)
        mine = flow[stopped]
        energy = np.hypot(mine.pt * np.cosh(mine.eta), true.columns["mass"][mine.particle])
        left, scale = energyflow.subtract(
            numbers,
            cells,
            key_of[mine.particle],
            energy,
            mine.relative,
            fractions[mine.particle, column],
        )
        flow.pt[stopped] *= scale
        kept = np.flatnonzero(left)
        neutrals = Neutrals(cells.event[kept], left[kept], cells.eta[kept], cells.phi[kept])
        found.append((cells, neutrals))
    (ecal, photons), (hcal, hadrons) = found
    return Flow(seen, flow, ecal, hcal, photons, hadrons), sets[-1]


def _within(card: Calorimeter, eta: Array) -> NDArray[np.bool_]:
    return (eta > card.edges[0]) & (eta <= card.edges[-1])
