"""Soft drop: the Cambridge/Aachen tree from its root down to the first hard branching."""

import math

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.sequential import ALL_JETS, CAMBRIDGE, E_SCHEME, ONE_JET, recombine
from relearn.jets.kernels.trees import leaves, workspace


@compiled
def soft_drop(p4, offsets, z_cut, beta, radius):
    """Groom each jet.

    Returns
    -------
    kept
        (particles,): true for those that remain.
    groomed
        (jets, 4).
    found
        (jets, 3): z and ΔR of the branching that passes, and how many did not.
    """
    jets = len(offsets) - 1
    kept = np.zeros(len(p4), np.bool_)
    groomed = np.zeros((jets, 4))
    found = np.zeros((jets, 3))
    for jet in range(jets):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        if n == 0:
            continue
        nodes, children, distances = workspace(n)
        particles = p4[first : first + n]
        total = recombine(
            particles, CAMBRIDGE, ONE_JET, E_SCHEME, ALL_JETS, nodes, children, distances
        )
        node = total - 1
        while node >= n:
            a, b = children[node, 0], children[node, 1]
            z, r = _branching(nodes[a, 4], nodes[b, 4], distances[node])
            if z > z_cut * (r / radius) ** beta:
                found[jet, 0], found[jet, 1] = z, r
                break
            found[jet, 2] += 1
            node = a if nodes[a, 4] >= nodes[b, 4] else b
        for k in range(4):
            groomed[jet, k] = nodes[node, k]
        inside = np.empty(n, np.int64)
        for i in range(leaves(node, n, children, inside)):
            kept[first + inside[i]] = True
    return kept, groomed, found


@compiled
def _branching(pt1, pt2, distance2):
    total = pt1 + pt2
    return (min(pt1, pt2) / total if total > 0.0 else 0.0), math.sqrt(distance2)
