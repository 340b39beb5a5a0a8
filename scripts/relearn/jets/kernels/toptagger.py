"""HEPTopTagger: hard substructures, filtered triplets, and the smallest radius that holds them."""

import math

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.geometry import distance2, mass
from relearn.jets.kernels.sequential import ALL_JETS, CAMBRIDGE, E_SCHEME, ONE_JET, recombine
from relearn.jets.kernels.trees import hardest_first, leaves, remaining, roots, workspace

FILTER_RADIUS, FILTER_COUNT = 0.2, np.int64(10)  # of the jet whose pT predicts the radius


@compiled
def tag(p4, offsets, radii, settings, tops, subjets, radius, predicted_pt):
    """Look for a top in each jet.

    Parameters
    ----------
    p4, offsets
        Of the constituents.
    radii
        Descending: where the search starts, and the steps down.
    settings
        mass_drop, max_subjet_mass, filter_radius, filter_count, threshold, top_mass.
    tops, subjets
        (jets, 4) and (jets, 3, 4), filled; zero where there is no candidate.
    radius
        (jets,), filled with R_opt.
    predicted_pt
        (jets,), filled with the pT of the filtered jet.
    """
    for jet in range(len(offsets) - 1):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        radius[jet] = radii[0]
        if n == 0:
            continue
        particles = p4[first : first + n]
        filtered = np.zeros(4)
        _filter(particles, np.arange(n), FILTER_RADIUS, FILTER_COUNT, filtered)
        predicted_pt[jet] = _pt(filtered)

        nodes, children, distances = workspace(n)
        total = recombine(
            particles, CAMBRIDGE, ONE_JET, E_SCHEME, ALL_JETS, nodes, children, distances
        )
        top, parts = np.zeros((total, 4)), np.zeros((total, 3, 4))
        known = np.zeros(total, np.bool_)  # jets that were looked at for a larger radius
        best = np.full(len(radii), -1)
        fat = np.empty(n, np.int64)
        for r in range(len(radii)):
            for i in range(_fat_jets(total, n, children, distances, radii[r], fat)):
                node = fat[i]
                if not known[node]:
                    known[node] = True
                    _candidate(particles, node, nodes, children, settings, top[node], parts[node])
                if best[r] < 0 or _pt(top[node]) > _pt(top[best[r]]):
                    best[r] = node
        chosen = _optimal(best, top, settings[4])
        radius[jet] = radii[chosen]
        _copy(top[best[chosen]], tops[jet])
        for k in range(3):
            _copy(parts[best[chosen], k], subjets[jet, k])


@compiled
def _copy(p4, into):
    for k in range(4):
        into[k] = p4[k]


@compiled
def _pt(p4):
    return math.hypot(p4[1], p4[2])


@compiled
def _mass(p4):
    return mass(p4[0], p4[1], p4[2], p4[3])


@compiled
def _optimal(best, top, threshold):
    """Return the smallest radius before the mass of the candidate falls for the first time."""
    full = _mass(top[best[0]])
    if full == 0.0:
        return 0
    for r in range(1, len(best)):
        if _mass(top[best[r]]) < (1 - threshold) * full:
            return r - 1
    return len(best) - 1


@compiled
def _fat_jets(total, n, children, distances, radius, found):
    """Write down the largest nodes whose own merging is narrower than the radius."""
    count, todo = 1, 0
    found[0] = total - 1
    while todo < count:
        node = found[todo]
        if node < n or distances[node] < radius * radius:
            todo += 1
        else:
            found[todo], found[count] = children[node, 0], children[node, 1]
            count += 1
    return count


@compiled
def _hard(node, n, nodes, children, settings, found):
    """Undo mergings down to subjets of small mass; drop those beside a heavy one."""
    count, todo = 1, 0
    found[0] = node
    while todo < count:
        node = found[todo]
        heavy = _mass(nodes[node])
        if node < n or heavy < settings[1]:
            todo += 1
            continue
        a, b = children[node, 0], children[node, 1]
        if _mass(nodes[a]) < _mass(nodes[b]):
            a, b = b, a
        found[todo] = a
        if _mass(nodes[a]) < settings[0] * heavy:
            found[count] = b
            count += 1
    return count


@compiled
def _candidate(p4, node, nodes, children, settings, top, parts):
    """Fill in the filtered triplet of a fat jet whose mass is nearest to the top's."""
    n = len(p4)
    hard, inside = np.empty(n, np.int64), np.empty(n, np.int64)
    filtered = np.empty(4)
    nearest = np.inf
    for i in range(_hard(node, n, nodes, children, settings, hard)):
        for j in range(i):
            for k in range(j):
                a, b, c = hard[i], hard[j], hard[k]
                apart = min(_apart(a, b, nodes), _apart(a, c, nodes), _apart(b, c, nodes))
                radius = min(settings[2], 0.5 * math.sqrt(apart))
                if radius == 0.0:
                    continue
                count = leaves(a, n, children, inside)
                count += leaves(b, n, children, inside[count:])
                count += leaves(c, n, children, inside[count:])
                which = inside[:count]
                kept, found = _filter(p4, which, radius, np.int64(settings[3]), filtered)
                distance = abs(_mass(filtered) - settings[5])
                if found >= 3 and distance < nearest:
                    nearest = distance
                    _copy(filtered, top)
                    _three(p4, which[:kept], parts)


@compiled
def _apart(a, b, nodes):
    return distance2(nodes[a, 5], nodes[a, 6], nodes[b, 5], nodes[b, 6])


@compiled
def _gather(p4, which):
    particles = np.empty((len(which), 4))
    for i in range(len(which)):
        _copy(p4[which[i]], particles[i])
    return particles


@compiled
def _filter(p4, which, radius, count, filtered):
    """Cluster some particles with C/A and keep the hardest subjets.

    Returns
    -------
    kept, found
        How many particles and subjets are kept. The particles come to the front of `which`;
        `filtered` is filled with their sum.
    """
    n = len(which)
    nodes, children, distances = workspace(n)
    total = recombine(
        _gather(p4, which),
        CAMBRIDGE,
        radius * radius,
        E_SCHEME,
        ALL_JETS,
        nodes,
        children,
        distances,
    )
    root = roots(n, total, children)
    jets = np.empty(n, np.int64)
    found = 0
    for node in range(total):
        if root[node] == node:
            jets[found] = node
            found += 1
    hardest_first(jets[:found], nodes)
    found = min(found, count)
    inside, before = np.empty(n, np.int64), which.copy()
    kept = 0
    for k in range(4):
        filtered[k] = 0.0
    for jet in jets[:found]:
        for k in range(4):
            filtered[k] += nodes[jet, k]
        kept += leaves(jet, n, children, inside[kept:])
    for i in range(kept):
        which[i] = before[inside[i]]
    return kept, found


@compiled
def _three(p4, which, parts):
    """Cluster with C/A until three are left, the hardest first."""
    n = len(which)
    nodes, children, distances = workspace(n)
    recombine(
        _gather(p4, which), CAMBRIDGE, ONE_JET, E_SCHEME, ALL_JETS, nodes, children, distances
    )
    three = remaining(n, np.int64(3), children)
    hardest_first(three, nodes)
    for k in range(3):
        _copy(nodes[three[k]], parts[k])
