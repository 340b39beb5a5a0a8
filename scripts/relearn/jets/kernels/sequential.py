"""Sequential recombination: anti-kT, Cambridge/Aachen, kT; E-scheme or winner-take-all.

Two particles are at distance d_ij = min(pT_i^2p, pT_j^2p) ΔR_ij²/R², one is at d_iB = pT_i^2p
from the beam. The smallest distance is taken again and again: a pair is merged, or what is
nearest the beam is a jet. The particle that makes d_ij smallest is the nearest neighbour in ΔR
of one of the two (Cacciari and Salam, hep-ph/0512210), so that each one keeps its neighbour
only and n particles cost n² operations.
"""

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.geometry import coordinates, distance2

SMALLEST = 1e-300  # pT² in GeV², so that 1/pT² stays finite
# typed numbers, so that there is one compiled version for all of them
CAMBRIDGE, KT = np.int64(0), np.int64(1)
E_SCHEME, WINNER = np.bool_(False), np.bool_(True)
BEAM = -1  # in place of the second child: not merged, but a jet


@compiled
def recombine(p4, power, radius2, winner, nodes, children, distances):
    """Cluster the particles of one event or jet.

    Parameters
    ----------
    p4
        (n, 4), GeV.
    power
        p: −1 anti-kT, 0 Cambridge/Aachen, 1 kT.
    radius2
        R²; infinite where all is to become one jet.
    winner
        Merge winner-take-all: the direction of the harder one, the sum of the pT.
    nodes
        (2n, 7), filled with E, px, py, pz, pT, y, φ: the n particles, then what is merged of
        them, in the order of merging. A winner has no four-vector; its momentum is pT, y, φ.
    children
        (2n, 2), filled from n on: which two nodes a node was merged of.
    distances
        (2n,), filled from n on: ΔR² of the two.

    Returns
    -------
    int
        How many nodes there are; those that are no one's child are the jets.
    """
    n = len(p4)
    active = np.empty(n, np.int64)  # node in each slot
    y = np.empty(n)
    phi = np.empty(n)
    weight = np.empty(n)  # pT^2p
    near = np.empty(n, np.int64)  # slot of the nearest neighbour, BEAM where beyond R
    gap = np.empty(n)  # ΔR² to it, R² to the beam
    metric = np.empty(n)  # d of the two, times R²
    reach = np.empty(n)  # ΔR² of one slot to all
    spare = np.empty(n)
    for i in range(n):
        for k in range(4):
            nodes[i, k] = p4[i, k]
        _locate(nodes[i])
        active[i] = i
        y[i], phi[i], weight[i] = nodes[i, 5], nodes[i, 6], _weight(nodes[i, 4], power)
        near[i], gap[i] = BEAM, radius2
        _measure(y[i], phi[i], i, y, phi, reach)
        for j in range(i):
            if reach[j] < gap[i]:
                gap[i], near[i] = reach[j], j
            if reach[j] < gap[j]:
                gap[j], near[j] = reach[j], i
    for i in range(n):
        metric[i] = _metric(i, gap, near, weight)

    total, count = n, n
    while count > 0:
        best = _smallest(metric, count)
        other = near[best]
        if other == BEAM:
            lost = best
            kept = BEAM
        else:
            kept, lost = (best, other) if best < other else (other, best)
            a, b = active[kept], active[lost]
            _merge(nodes, a, b, total, winner)
            children[total, 0], children[total, 1] = a, b
            distances[total] = gap[best]
            active[kept] = total
            y[kept], phi[kept] = nodes[total, 5], nodes[total, 6]
            weight[kept] = _weight(nodes[total, 4], power)
            near[kept], gap[kept] = BEAM, radius2
            total += 1
        count -= 1
        # the last slot moves into the free one
        active[lost], y[lost], phi[lost] = active[count], y[count], phi[count]
        weight[lost], near[lost], gap[lost] = weight[count], near[count], gap[count]
        metric[lost] = metric[count]
        if kept == BEAM:
            for i in range(count):
                reach[i] = np.inf
        else:
            _measure(y[kept], phi[kept], count, y, phi, reach)
        for i in range(count):
            neighbour = near[i]
            if neighbour == lost or (neighbour == kept and kept != BEAM):
                _search(i, count, y, phi, radius2, near, gap, spare)
                metric[i] = _metric(i, gap, near, weight)
            elif reach[i] < gap[i] and i != kept:
                near[i], gap[i] = kept, reach[i]
                metric[i] = _metric(i, gap, near, weight)
            elif neighbour == count:
                near[i] = lost
        if kept != BEAM:
            _nearest(kept, count, radius2, near, gap, reach)
            metric[kept] = _metric(kept, gap, near, weight)
    return total


@compiled
def _weight(pt, power):
    if power == 0:
        return 1.0
    if power > 0:
        return pt * pt
    return 1.0 / max(pt * pt, SMALLEST)


@compiled
def _metric(i, gap, near, weight):
    if near[i] == BEAM:
        return gap[i] * weight[i]
    return gap[i] * min(weight[i], weight[near[i]])


@compiled
def _merge(nodes, a, b, into, winner):
    if winner:
        harder = a if nodes[a, 4] >= nodes[b, 4] else b
        for k in range(4):
            nodes[into, k] = 0.0
        nodes[into, 4] = nodes[a, 4] + nodes[b, 4]
        nodes[into, 5], nodes[into, 6] = nodes[harder, 5], nodes[harder, 6]
    else:
        for k in range(4):
            nodes[into, k] = nodes[a, k] + nodes[b, k]
        _locate(nodes[into])


@compiled
def _locate(node):
    node[4], node[5], node[6] = coordinates(node[0], node[1], node[2], node[3])


@compiled
def _measure(y0, phi0, count, y, phi, reach):
    """Fill in ΔR² to the first slots; a loop without branches, four at a time."""
    for j in range(count):
        reach[j] = distance2(y0, phi0, y[j], phi[j])


@compiled
def _smallest(values, count):
    """Return where the first of the smallest values is; four minima, so that none waits."""
    a = b = c = d = values[0]
    for j in range(0, count - 3, 4):
        a = values[j] if values[j] < a else a
        b = values[j + 1] if values[j + 1] < b else b
        c = values[j + 2] if values[j + 2] < c else c
        d = values[j + 3] if values[j + 3] < d else d
    for j in range(count - count % 4, count):
        a = values[j] if values[j] < a else a
    least = min(min(a, b), min(c, d))
    found = 0
    while found < count - 1 and values[found] != least:
        found += 1
    return found


@compiled
def _nearest(i, count, radius2, near, gap, reach):
    """Note the nearest neighbour of a slot, from its ΔR² to all; clobbers that to itself."""
    reach[i] = radius2
    best = _smallest(reach, count)
    gap[i] = min(reach[best], radius2)
    near[i] = best if reach[best] < radius2 else BEAM


@compiled
def _search(i, count, y, phi, radius2, near, gap, reach):
    """Find the nearest neighbour of a slot anew."""
    _measure(y[i], phi[i], count, y, phi, reach)
    _nearest(i, count, radius2, near, gap, reach)
