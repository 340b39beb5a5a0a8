"""What a jet really was: the top it matches, and whether the top's quarks lie within it.

A top is the last copy before its decay, and counts only where its W decays into quarks. Reads
the hard process that our event files keep, or the whole record of Delphes' own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.generate import rootfile
from relearn.jets import clustering

Array = NDArray[np.float64]
TOP, W, BOTTOM = 6, 24, 5
LIGHT = (1, 2, 3, 4, 5)  # quarks that a W decays into
INCOMING, OUTGOING = 21, (22, 23)  # Pythia's |status| in the hard process
MANY_COPIES = 100
NOTHING = np.inf  # ΔR where there is no such particle
OURS = "Event.PTHat"
PARTICLE = ("PID", "D1", "D2", "PT", "Eta", "Phi", "Mass")
GEN_JET = ("PT", "Eta", "Phi", "Mass")
HARD = ("Status", "M1", "PT")


@dataclass(frozen=True)
class Truth:
    """Truth of each event's jet, arrays (events,).

    Attributes
    ----------
    top_pt, top_eta, top_phi, top_mass
        Of the nearest hadronic top, GeV; 0 where there is none.
    top_delta_r
        Its distance from the jet; ∞ where there is none.
    b_delta_r, q1_delta_r, q2_delta_r
        Distances of its b and of both quarks of its W, the nearer one first.
    merged
        Whether all three are nearer to the jet's axis than R.
    gen_pt, gen_mass
        Of the nearest jet of stable particles within R, GeV; 0 where there is none.
    hat_pt
        Transverse momentum of the hard process (Pythia's pTHat, on which its cards cut), GeV.
    """

    top_pt: Array
    top_eta: Array
    top_phi: Array
    top_mass: Array
    top_delta_r: Array
    b_delta_r: Array
    q1_delta_r: Array
    q2_delta_r: Array
    merged: NDArray[np.bool_]
    gen_pt: Array
    gen_mass: Array
    hat_pt: Array


def read_truth(path: str | Path, jets: Array, radius: float) -> Truth:
    """Match the jet of each event to its hadronic tops.

    Parameters
    ----------
    path
        Event file.
    jets
        (events, 4), GeV.
    radius
        R of the jets, for `merged`.

    Raises
    ------
    UserError
        If the file has no record of the hard process.
    """
    return truth_of(rootfile.read(path, branches(path)), jets, radius)


def branches(path: str | Path) -> list[str]:
    """Return the names of the branches that the truth of an event file is made of.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    names = [f"Particle.{name}" for name in PARTICLE] + [f"GenJet.{name}" for name in GEN_JET]
    return names + hard_branches(path)


def hard_branches(path: str | Path) -> list[str]:
    """Return the same for the transverse momentum of the hard process alone."""
    ours = OURS in rootfile.branches(path)
    return [OURS] if ours else [f"Particle.{name}" for name in HARD]


def truth_of(columns: Mapping[str, ak.Array], jets: Array, radius: float) -> Truth:
    """Return what `read_truth` does, of the `branches` of some events."""
    pid, first, last, pt, eta, phi, mass = (columns[f"Particle.{name}"] for name in PARTICLE)
    counts = ak.to_numpy(ak.num(pid))
    start = np.cumsum(counts) - counts
    event = np.repeat(np.arange(len(counts)), counts)
    flat = [ak.to_numpy(ak.flatten(one)) for one in (pid, first, last)]
    tops, bottoms, quarks = hadronic_tops(*flat, start[event])

    place = [ak.to_numpy(ak.flatten(one)) for one in (pt, eta, phi, mass)]
    jet_eta, jet_phi = kin.eta(jets), kin.phi(jets)

    def distance(index: NDArray[np.int64]) -> Array:
        turn = place[2][index] - jet_phi[event[index]]
        turn = (turn + np.pi) % (2 * np.pi) - np.pi
        return np.hypot(place[1][index] - jet_eta[event[index]], turn)

    far = distance(tops)
    order = np.lexsort((far, event[tops]))
    owner, where = np.unique(event[tops][order], return_index=True)
    nearest = order[where]

    def column(values: Array, nothing: float) -> Array:
        filled = np.full(len(counts), nothing)
        filled[owner] = values
        return filled

    inner = [distance(index) for index in (bottoms[nearest], *quarks[nearest].T)]
    near, away = np.minimum(*inner[1:]), np.maximum(*inner[1:])
    return Truth(
        *(column(one[tops[nearest]], 0.0) for one in place),
        top_delta_r=column(far[nearest], NOTHING),
        b_delta_r=column(inner[0], NOTHING),
        q1_delta_r=column(near, NOTHING),
        q2_delta_r=column(away, NOTHING),
        merged=column(np.maximum(inner[0], away) < radius, False).astype(bool),
        **_gen_jets(columns, jets, radius),
        hat_pt=_hard_pt(columns),
    )


def hard_pt(path: str | Path) -> Array:
    """Return the transverse momentum of each event's hard process, GeV; 0 where there is none.

    Our event files hold it. In Delphes' it is that of the outgoing particles of the hard
    process, as they were before any shower.

    Raises
    ------
    UserError
        If the file holds neither.
    """
    return _hard_pt(rootfile.read(path, hard_branches(path)))


def _hard_pt(columns: Mapping[str, ak.Array]) -> Array:
    if OURS in columns:
        return ak.to_numpy(ak.flatten(columns[OURS]))
    status, mother, pt = (columns[f"Particle.{name}"] for name in HARD)
    code = abs(status)
    outgoing = (code == OUTGOING[0]) | (code == OUTGOING[1])
    outgoing = outgoing & (code[ak.mask(mother, mother >= 0)] == INCOMING)
    return ak.to_numpy(ak.fill_none(ak.max(pt[ak.fill_none(outgoing, False)], axis=1), 0.0))


def _gen_jets(columns: Mapping[str, ak.Array], jets: Array, radius: float) -> dict[str, Array]:
    """Return pT and mass of the jet of stable particles that is nearest to each jet."""
    names = [f"GenJet.{name}" for name in GEN_JET]
    counts = ak.num(columns[names[0]])
    flat = [ak.to_numpy(ak.flatten(columns[name])) for name in names]
    candidates = ak.unflatten(ak.Array(kin.from_pt_eta_phi_mass(*flat)), counts)
    nearest, _ = clustering.match(jets, candidates, radius)
    start = np.cumsum(ak.to_numpy(counts)) - ak.to_numpy(counts)
    there = nearest >= 0
    found = {}
    for name, values in (("gen_pt", flat[0]), ("gen_mass", flat[3])):
        found[name] = np.zeros(len(jets))
        found[name][there] = values[(start + nearest)[there]]
    return found


def hadronic_tops(
    pid: NDArray[np.integer],
    first: NDArray[np.integer],
    last: NDArray[np.integer],
    start: NDArray[np.integer],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where hadronic tops, their b and the quarks of their W are.

    Parameters
    ----------
    pid, first, last
        All particles of all events: code, and positions of the first and last daughter within
        the event, −1 for none.
    start
        Position of the first particle of each particle's event.

    Returns
    -------
    tops, bottoms : (n,)
    quarks : (n, 2)
        Positions in the flat arrays. A top that decays to another down-type quark counts that
        one as its b.
    """
    code, none = np.abs(pid), first < 0
    daughters = np.stack([start + first, start + last], axis=1)
    daughters[none] = 0

    def copies(index: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """Follow a particle through its copies."""
        for _ in range(MANY_COPIES):
            onward = index
            for below in daughters[index].T:
                onward = np.where(~none[index] & (code[below] == kind), below, onward)
            if np.array_equal(onward, index):
                break
            index = onward
        return index

    tops = np.flatnonzero((code == TOP) & ~none)
    tops = tops[(code[daughters[tops]] != TOP).all(axis=1)]
    pair = daughters[tops]
    has_w = (code[pair] == W).any(axis=1) & (pair[:, 0] != pair[:, 1])
    tops, pair = tops[has_w], pair[has_w]
    w_first = code[pair[:, 0]] == W
    boson = copies(np.where(w_first, pair[:, 0], pair[:, 1]), W)
    bottom = np.where(w_first, pair[:, 1], pair[:, 0])
    quarks = daughters[boson]
    hadronic = np.isin(code[quarks], LIGHT).all(axis=1) & ~none[boson]
    return tops[hadronic], bottom[hadronic], quarks[hadronic]
