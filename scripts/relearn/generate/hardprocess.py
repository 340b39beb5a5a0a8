"""The partons and resonances of the hard process, with who decays into whom.

What the truth match of jets needs of an event: the outgoing particles of the hard process, and
under each top quark, W, Z or Higgs the particles it decays into. A resonance is its last copy,
just before the decay; quarks, gluons and leptons are their first. Nothing here loops over events.
"""

from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.generate.particles import MAX_GENERATIONS, RESONANCES, charges

Index = NDArray[np.int64]
INCOMING, INTERMEDIATE, OUTGOING = 21, 22, 23  # Pythia's |status| in the hard process
NONE = -1
FIELDS = ("pid", "status", "charge", "px", "py", "pz", "e", "mass")
LINKS = ("mother", "daughter1", "daughter2")


def hard(pythia: Any, records: ak.Array) -> ak.Array:
    """Return the hard process of whole event records.

    Parameters
    ----------
    pythia
        Knows the charges.
    records
        events × particles, as Pythia's ``nextBatch`` gives them (``prt``).

    Returns
    -------
    awkward.Array
        events × particles, with `FIELDS` (GeV, Pythia's status) and `LINKS`: positions in this
        array, −1 for none. The daughters of a resonance stand side by side, from ``daughter1``
        to ``daughter2``.
    """
    counts = ak.to_numpy(ak.num(records))
    first = np.repeat(np.cumsum(counts) - counts, counts)
    flat = {
        name: ak.to_numpy(ak.flatten(records[name]))
        for name in ("id", "status", "mother1", "daughter1", "daughter2")
    }
    status = np.abs(flat["status"])
    is_resonance = np.isin(np.abs(flat["id"]), list(RESONANCES))

    out = (status == INTERMEDIATE) | (status == OUTGOING)
    out &= status[first + flat["mother1"]] == INCOMING
    level = np.flatnonzero(out)
    none = np.zeros(0, dtype=np.int64)
    chosen, mothers, ends = [none], [none], [np.stack([none, none])]
    mother, done = np.full(len(level), NONE), 0
    while len(level):
        level = _last_copies(flat, first, is_resonance, level)
        chosen.append(level)
        mothers.append(mother)
        one, two = (first[level] + flat[name][level] for name in ("daughter1", "daughter2"))
        decays = is_resonance[level] & (flat["daughter1"][level] > 0)
        number = np.where(decays, np.maximum(two - one, 0) + 1, 0)
        parent = np.repeat(np.arange(len(level)), number)
        within = np.arange(len(parent)) - np.repeat(np.cumsum(number) - number, number)
        begin = done + len(level) + np.cumsum(number) - number
        ends.append(np.where(decays, [begin, begin + number - 1], NONE))
        mother, level, done = done + parent, one[parent] + within, done + len(level)
    links = np.concatenate([np.concatenate(mothers)[None], np.concatenate(ends, axis=1)])
    return _records(pythia, records, counts, np.concatenate(chosen), links)


def _last_copies(
    flat: dict[str, NDArray], first: Index, is_resonance: NDArray[np.bool_], at: Index
) -> Index:
    """Follow resonances through recoils and radiation to where they decay."""
    for _ in range(MAX_GENERATIONS):
        onward = at
        for daughter in ("daughter1", "daughter2"):
            below = first[at] + flat[daughter][at]
            same = is_resonance[at] & (flat["id"][below] == flat["id"][at])
            onward = np.where(same & (flat[daughter][at] > 0), below, onward)
        if np.array_equal(onward, at):
            return at
        at = onward
    raise RuntimeError(f"a resonance has more than {MAX_GENERATIONS} copies")


def _records(pythia: Any, records: ak.Array, counts: Index, which: Index, links: Index) -> ak.Array:
    """Put what was chosen into the order of the events, and the links with it."""
    event = np.repeat(np.arange(len(counts)), counts)[which]
    order = np.argsort(event, kind="stable")
    number = np.bincount(event, minlength=len(counts))
    start = (np.cumsum(number) - number)[event[order]]
    rank = np.argsort(order, kind="stable")
    links = links[:, order]
    links = np.where(links == NONE, NONE, rank[links] - start)

    chosen = ak.unflatten(ak.flatten(records)[which[order]], number)
    columns = {"pid": chosen.id, "status": chosen.status}
    columns |= {"charge": charges(pythia, chosen.id), "mass": chosen.m}
    columns |= {"px": chosen.p.px, "py": chosen.p.py, "pz": chosen.p.pz, "e": chosen.p.e}
    columns |= {
        name: ak.unflatten(column, number) for name, column in zip(LINKS, links, strict=True)
    }
    return ak.zip({name: columns[name] for name in (*FIELDS, *LINKS)})
