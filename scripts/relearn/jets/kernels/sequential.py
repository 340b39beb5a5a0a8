"""Sequential recombination: anti-kT, Cambridge/Aachen, kT; E-scheme or winner-take-all.

Two particles are at distance d_ij = min(pT_i^2p, pT_j^2p) ΔR_ij²/R², one is at d_iB = pT_i^2p
from the beam. The smallest distance is taken again and again: a pair is merged, or what is
nearest the beam is a jet.

Of the pair with the smallest d_ij, the one with the smaller pT^2p has the other as its nearest
neighbour in ΔR (Cacciari and Salam, hep-ph/0512210). So each one keeps pT^2p ΔR² to its nearest
neighbour only, and n particles cost n² operations. What it keeps may be out of date: when the
neighbour is merged, all that can come nearer is the new one, and that is looked at; otherwise
the old value is a lower bound, and is renewed only when it is the smallest of all.

What is left stands in slots without gaps, in blocks of eight that the processor takes at once;
behind the last slot distances are infinite.
"""

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.geometry import coordinates, distance2

SMALLEST = 1e-300  # pT² in GeV², so that 1/pT² stays finite
# typed numbers, so that there is one compiled version for all of them
CAMBRIDGE, KT = np.int64(0), np.int64(1)
E_SCHEME, WINNER = np.bool_(False), np.bool_(True)
ALL_JETS, HARDEST_JET = np.bool_(False), np.bool_(True)
ONE_JET = 1e30  # R² that no two particles reach; finite, as pT² may be 0
BEAM = -1  # in place of a neighbour that is nearer than R
GONE = -1  # in place of the slot of what was merged or is a jet
BLOCK = 8


@compiled
def recombine(p4, power, radius2, winner, hurry, nodes, children, distances):
    """Cluster the particles of one event or jet.

    Parameters
    ----------
    p4
        (n, 4), GeV.
    power
        p: −1 anti-kT, 0 Cambridge/Aachen, 1 kT.
    radius2
        R²; ``ONE_JET`` where all is to become one.
    winner
        Merge winner-take-all: the direction of the harder one, the sum of the pT.
    hurry
        Stop when a jet is harder than all that is left could become.
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
    size = (n // BLOCK + 1) * BLOCK
    # of a node: slot, pT^2p, scalar sum of pT
    slot, weight, scalar = np.empty(2 * n, np.int64), np.empty(2 * n), np.empty(2 * n)
    # of a slot: node, nearest node, ΔR² to it (R² to the beam), that times pT^2p
    active, near = np.empty(size, np.int64), np.empty(size, np.int64)
    gap, metric = np.empty(size), np.full(size, np.inf)
    y, phi = np.zeros(size), np.zeros(size)
    reach = np.empty(size)  # ΔR² of one slot to all
    low = np.empty(size // BLOCK)  # minima of blocks of metric
    left = 0.0
    for i in range(n):
        for k in range(4):
            nodes[i, k] = p4[i, k]
        _locate(nodes[i])
        y[i], phi[i], weight[i] = nodes[i, 5], nodes[i, 6], _weight(nodes[i, 4], power)
        active[i] = slot[i] = i
        scalar[i] = nodes[i, 4]
        left += scalar[i]
    for i in range(n):
        _measure(y[i], phi[i], n, y, phi, reach)
        _meet(i, n, reach, radius2, active, weight, near, gap, metric)
    for block in range((n + BLOCK - 1) // BLOCK):
        low[block] = _minimum(metric, block)

    total, count, hardest = n, n, 0.0
    while count > 0:
        best = _where(metric, low, count)
        a, b = active[best], near[best]
        merging = b != BEAM
        if merging and slot[b] == GONE:
            _measure(y[best], phi[best], count, y, phi, reach)
            _meet(best, count, reach, radius2, active, weight, near, gap, metric)
            low[best // BLOCK] = _minimum(metric, best // BLOCK)
            continue
        if merging:
            kept, lost = min(best, slot[b]), max(best, slot[b])
            _merge(nodes, a, b, total, winner)
            children[total, 0], children[total, 1] = a, b
            distances[total] = gap[best]
            weight[total], scalar[total] = _weight(nodes[total, 4], power), scalar[a] + scalar[b]
            active[kept], slot[total] = total, kept
            y[kept], phi[kept], gap[kept] = nodes[total, 5], nodes[total, 6], 0.0
            slot[b] = GONE
            total += 1
        else:
            kept = lost = best
            hardest, left = max(hardest, nodes[a, 4]), left - scalar[a]
            if hurry and hardest >= left:
                break
        slot[a] = GONE
        count -= 1
        # the last slot moves into the free one
        active[lost], y[lost], phi[lost] = active[count], y[count], phi[count]
        near[lost], gap[lost], metric[lost] = near[count], gap[count], metric[count]
        slot[active[lost]] = lost if lost < count else GONE
        metric[count] = np.inf
        low[lost // BLOCK] = _minimum(metric, lost // BLOCK)
        low[count // BLOCK] = _minimum(metric, count // BLOCK)
        if not merging:
            continue
        _measure(y[kept], phi[kept], count, y, phi, reach)
        for block in range((count + BLOCK - 1) // BLOCK):
            first = block * BLOCK
            touched = False
            for i in range(first, first + BLOCK):
                touched |= reach[i] < gap[i]
            if touched:
                for i in range(first, min(first + BLOCK, count)):
                    if reach[i] < gap[i]:
                        near[i], gap[i] = total - 1, reach[i]
                        metric[i] = gap[i] * weight[active[i]]
                low[block] = _minimum(metric, block)
        _meet(kept, count, reach, radius2, active, weight, near, gap, metric)
        low[kept // BLOCK] = _minimum(metric, kept // BLOCK)
    return total


@compiled
def _locate(node):
    node[4], node[5], node[6] = coordinates(node[0], node[1], node[2], node[3])


@compiled
def _weight(pt, power):
    if power == 0:
        return 1.0
    if power > 0:
        return pt * pt
    return 1.0 / max(pt * pt, SMALLEST)


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
def _measure(y0, phi0, count, y, phi, reach):
    """Fill in ΔR² to all slots, infinite behind the last."""
    for j in range(count):
        reach[j] = distance2(y0, phi0, y[j], phi[j])
    for j in range(count, (count + BLOCK - 1) // BLOCK * BLOCK):
        reach[j] = np.inf


@compiled
def _meet(i, count, reach, radius2, active, weight, near, gap, metric):
    """Note the nearest neighbour of a slot, from its ΔR² to all; clobbers that to itself."""
    reach[i] = radius2
    nearest, at = radius2, BEAM
    for block in range((count + BLOCK - 1) // BLOCK):
        # few blocks have something nearer, which one look at each tells
        if _minimum(reach, block) < nearest:
            for j in range(block * BLOCK, (block + 1) * BLOCK):
                if reach[j] < nearest:
                    nearest, at = reach[j], active[j]
    near[i], gap[i] = at, nearest
    metric[i] = nearest * weight[active[i]]


@compiled
def _less(a, b):
    return a if a < b else b


@compiled
def _minimum(values, block):
    """Return the minimum of one block, written so that the processor takes several at once."""
    j = block * BLOCK
    a = _less(_less(values[j], values[j + 1]), _less(values[j + 2], values[j + 3]))
    b = _less(_less(values[j + 4], values[j + 5]), _less(values[j + 6], values[j + 7]))
    return _less(a, b)


@compiled
def _where(values, low, count):
    """Return the slot of the smallest value, from the minima of the blocks."""
    best = 0
    for block in range(1, (count + BLOCK - 1) // BLOCK):
        if low[block] < low[best]:
            best = block
    found = best * BLOCK
    while found < count - 1 and values[found] != low[best]:
        found += 1
    return found
