"""Jets of events: clustering one event after the other, and who belongs to which jet."""

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.sequential import ALL_JETS, E_SCHEME, HARDEST_JET, recombine
from relearn.jets.kernels.trees import hardest_first, leaves, roots, workspace


@compiled
def all_jets(p4, offsets, power, radius, pt_min):
    """Return the jets of all events, the hardest of each event first.

    Returns
    -------
    jets, sizes
        (jets, 4) and the number of particles of each.
    members
        Particles of each jet, one jet after the other, the hardest particle first.
    counts
        Number of jets of each event.
    """
    jets = np.empty((len(p4), 4))
    sizes = np.empty(len(p4), np.int64)
    members = np.empty(len(p4), np.int64)
    counts = np.zeros(len(offsets) - 1, np.int64)
    done, filled = 0, 0
    for event in range(len(offsets) - 1):
        first, n = offsets[event], offsets[event + 1] - offsets[event]
        nodes, children, distances = workspace(n)
        particles = p4[first : first + n]
        total = recombine(
            particles, power, radius * radius, E_SCHEME, ALL_JETS, nodes, children, distances
        )
        root = roots(n, total, children)
        found = np.empty(n, np.int64)
        for node in range(total):
            if root[node] == node and nodes[node, 4] >= pt_min:
                found[counts[event]] = node
                counts[event] += 1
        found = found[: counts[event]]
        hardest_first(found, nodes)
        for jet in found:
            sizes[done] = _write(jet, n, first, nodes, children, members[filled:])
            filled += sizes[done]
            for k in range(4):
                jets[done, k] = nodes[jet, k]
            done += 1
    return jets[:done].copy(), sizes[:done].copy(), members[:filled].copy(), counts


@compiled
def hardest_jets(p4, offsets, power, radius):
    """Return the hardest jet of each event: (events, 4), sizes and members as in `all_jets`."""
    jets = np.zeros((len(offsets) - 1, 4))
    sizes = np.zeros(len(offsets) - 1, np.int64)
    members = np.empty(len(p4), np.int64)
    filled = 0
    for event in range(len(offsets) - 1):
        first, n = offsets[event], offsets[event + 1] - offsets[event]
        if n == 0:
            continue
        nodes, children, distances = workspace(n)
        particles = p4[first : first + n]
        total = recombine(
            particles, power, radius * radius, E_SCHEME, HARDEST_JET, nodes, children, distances
        )
        root = roots(n, total, children)
        best = root[0]
        for node in range(total):
            if root[node] == node and nodes[node, 4] > nodes[best, 4]:
                best = node
        sizes[event] = _write(best, n, first, nodes, children, members[filled:])
        filled += sizes[event]
        for k in range(4):
            jets[event, k] = nodes[best, k]
    return jets, sizes, members[:filled].copy()


@compiled
def _write(jet, n, first, nodes, children, members):
    """Write down the particles of a jet, counted from the first event; return how many."""
    size = leaves(jet, n, children, members)
    hardest_first(members[:size], nodes)
    for i in range(size):
        members[i] += first
    return size
