"""Pythia's event record → the particles that are kept, as awkward arrays.

Two ways, alike in what they return. `prompt_muons` follows the hard process event by event
and touches a few particles only; `stable` takes Pythia's batches of whole events and keeps
every final particle, at two to eight times the cost. Nothing here loops over particles.

A muon is *prompt* if no hadron, τ or photon is among its ancestors (the beams aside): it comes
from a Z, γ* or W of the hard process. Muon pairs from photons of the shower are not prompt.
"""

from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError

MUON, TAU, PHOTON = 13, 15, 22
# what decays within the hard process: t, Z/γ*, W, H, and their like
RESONANCES = frozenset({6, 7, 8, 17, 18, 23, 24, 25, 32, 33, 34, 35, 36, 37})
MAX_FAILED = 0.01  # share of events that Pythia may give up before we do
FIELDS = ("pid", "charge", "px", "py", "pz", "e", "mass", "x", "y", "z", "t", "prompt")
MAX_GENERATIONS = 1000  # far more than the longest chain of copies in an event


class Generator:
    """Counts what Pythia gives up, and stops where that is not a rare accident."""

    def __init__(self, pythia: Any, events: int):
        self.pythia = pythia
        self.allowed = 10 + int(MAX_FAILED * events)
        self.failed = 0

    def next(self) -> None:
        """Make the next event.

        Raises
        ------
        UserError
            If Pythia gives up more than ten events and one per cent of all.
        """
        while not self.pythia.next():
            self.count(1)

    def batch(self, events: int) -> ak.Array:
        """Return the next full event records, at most `events` of them."""
        records = self.pythia.nextBatch(events)
        self.count(events - len(records))
        return records

    def count(self, failed: int) -> None:
        """Note events that Pythia has given up."""
        self.failed += failed
        if self.failed > self.allowed:
            raise UserError(
                f"Pythia gave up {self.failed} events: the card asks for something that it can "
                "hardly generate; why, its own messages in the log say"
            )


def hard_muons(event: Any) -> list[int]:
    """Return where the muons of the hard process are in Pythia's event record.

    From the outgoing particles of the hard process down through resonances and through
    recoil copies of the same particle; quarks, gluons and τ are not followed.
    """
    found, todo = [], _daughters(event[3])
    while todo:
        index = event[todo.pop()].iBotCopyId()
        particle = event[index]
        kind = particle.idAbs()
        if kind == MUON:
            found.append(index)
        elif kind in RESONANCES:
            todo += _daughters(particle)
    return found


def _daughters(particle: Any) -> list[int]:
    """Pythia's three ways of saying it: a range, one alone (the other equal or 0), two apart."""
    one, two = particle.daughter1(), particle.daughter2()
    return list(range(one, two + 1)) if two > one else [i for i in {one, two} if i]


def prompt_muons(generator: Generator, events: int) -> tuple[ak.Array, NDArray[np.float64]]:
    """Generate events and return their prompt muons.

    Parameters
    ----------
    generator
        Around an initialised Pythia.
    events
        How many events.

    Returns
    -------
    awkward.Array
        events × particles, with the fields `FIELDS`: momenta in GeV, vertex in mm, t in mm/c.
    ndarray
        (events,): Pythia's weights.
    """
    counts, rows, weights = [], [], []
    for _ in range(events):
        generator.next()
        weights.append(generator.pythia.infoPython().weight())
        event = generator.pythia.event
        indices = hard_muons(event)
        counts.append(len(indices))
        for index in indices:
            p = event[index]
            rows.append(
                (
                    p.id(),
                    p.px(),
                    p.py(),
                    p.pz(),
                    p.e(),
                    p.m(),
                    p.xProd(),
                    p.yProd(),
                    p.zProd(),
                    p.tProd(),
                )
            )
    table = np.array(rows, dtype=np.float64).reshape(-1, 10).T
    pid = table[0].astype(np.int32)
    columns = dict(zip(("px", "py", "pz", "e", "mass", "x", "y", "z", "t"), table[1:], strict=True))
    columns |= {"pid": pid, "charge": -np.sign(pid), "prompt": np.ones(len(pid), dtype=bool)}
    muons = ak.unflatten(ak.zip({name: columns[name] for name in FIELDS}), counts)
    return muons, np.array(weights)


def stable(generator: Generator, events: int) -> ak.Array:
    """Generate up to `events` events; return all final particles, with the fields `FIELDS`."""
    return final_particles(generator.pythia, generator.batch(events).prt)


def final_particles(pythia: Any, records: ak.Array) -> ak.Array:
    """Return the final particles of whole event records, with the fields `FIELDS`."""
    final = records[records.status > 0]
    columns = {
        "pid": final.id,
        "charge": charges(pythia, final.id),
        "px": final.p.px,
        "py": final.p.py,
        "pz": final.p.pz,
        "e": final.p.e,
        "mass": final.m,
        "prompt": is_prompt(records)[records.status > 0],
    }
    vertex = {"x": "px", "y": "py", "z": "pz", "t": "e"}
    columns |= {ours: ak.fill_none(final.vProd[theirs], 0.0) for ours, theirs in vertex.items()}
    return ak.zip({name: columns[name] for name in FIELDS})


def charges(pythia: Any, pid: ak.Array) -> ak.Array:
    """Return electric charges in units of e, asking Pythia once for each species."""
    flat = ak.to_numpy(ak.flatten(pid))
    species, where = np.unique(flat, return_inverse=True)
    table = np.array([pythia.particleData.charge(int(kind)) for kind in species])
    return ak.unflatten(np.rint(table[where]).astype(np.int32), ak.num(pid))


def is_hadron(pid: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say which of the Particle Data Group's codes are hadrons (diquarks are not)."""
    kind = np.abs(pid)
    supersymmetric = (kind > 1_000_000) & (kind < 9_000_000)
    exchanged = np.isin(kind, (110, 990))  # reggeon and pomeron, coded like mesons
    flavours = (kind > 100) & (kind // 10 % 10 > 0) & (kind // 100 % 10 > 0)
    return flavours & ~supersymmetric & ~exchanged


def is_prompt(records: ak.Array) -> ak.Array:
    """Say which final muons are prompt, from whole event records.

    Parameters
    ----------
    records
        events × particles, as Pythia's ``nextBatch`` gives them (``prt``).

    Returns
    -------
    awkward.Array
        Same shape, true for final prompt muons only. All muons climb to their mothers
        together, one generation at a time.
    """
    counts = ak.to_numpy(ak.num(records))
    first = np.repeat(np.cumsum(counts) - counts, counts)
    pid = ak.to_numpy(ak.flatten(records.id))
    status = ak.to_numpy(ak.flatten(records.status))
    mother = ak.to_numpy(ak.flatten(records.mother1))
    ends = is_hadron(pid) | (np.abs(pid) == TAU) | (pid == PHOTON)
    beams = np.abs(status) == 12

    muons = np.flatnonzero((np.abs(pid) == MUON) & (status > 0))
    prompt = np.zeros(len(pid), dtype=bool)
    start, at = muons, muons
    for _ in range(MAX_GENERATIONS):
        at = first[at] + mother[at]
        top = beams[at] | (at == first[at])
        prompt[start[top]] = True
        onward = ~top & ~ends[at]
        start, at = start[onward], at[onward]
        if not len(at):
            return ak.unflatten(prompt, counts)
    raise RuntimeError(f"a muon has more than {MAX_GENERATIONS} ancestors")
