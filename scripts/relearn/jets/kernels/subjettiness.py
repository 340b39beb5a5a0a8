"""N-subjettiness: axes from kT clustering, moved downhill, and the sum over constituents."""

import math

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.geometry import distance2, turn
from relearn.jets.kernels.sequential import ALL_JETS, KT, ONE_JET, recombine
from relearn.jets.kernels.trees import remaining, workspace

STEPS = 50
STILL = 1e-4  # in ΔR: axes that move less have arrived
BLUR = 1e-3  # in ΔR: keeps the weights finite where an axis meets a constituent


@compiled
def sums(p4, offsets, orders, betas, winner, refine):
    """Return Σ pT min_axis ΔR^β, (jets, orders, betas), GeV.

    Parameters
    ----------
    p4, offsets
        Of the constituents.
    orders, betas
        Numbers of axes N, and β.
    winner
        kT axes by winner-take-all instead of the E-scheme.
    refine
        Move the axes to the next local minimum.
    """
    jets = len(offsets) - 1
    result = np.zeros((jets, len(orders), len(betas)))
    for jet in range(jets):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        if n == 0:
            continue
        nodes, children, distances = workspace(n)
        recombine(p4[first : first + n], KT, ONE_JET, winner, ALL_JETS, nodes, children, distances)
        pt, y, phi = nodes[:n, 4].copy(), nodes[:n, 5].copy(), nodes[:n, 6].copy()
        for a, order in enumerate(orders):
            if order >= n:
                continue  # an axis for each constituent: zero
            start = remaining(n, order, children)
            axes = np.empty((order, 2))
            for b, beta in enumerate(betas):
                for k in range(order):
                    axes[k, 0], axes[k, 1] = nodes[start[k], 5], nodes[start[k], 6]
                if refine:
                    _downhill(pt, y, phi, axes, beta)
                result[jet, a, b] = _total(pt, y, phi, axes, beta)
    return result


@compiled
def _power(distance, exponent):
    """(ΔR²)^exponent, fast for the exponents of β = ½, 1, 2."""
    if exponent == 0.0:
        return 1.0
    if exponent == 1.0:
        return distance
    if exponent == 0.5:
        return math.sqrt(distance)
    if exponent == 0.25:
        return math.sqrt(math.sqrt(distance))
    if exponent == -0.5:
        return 1.0 / math.sqrt(distance)
    if exponent == -0.75:
        root = math.sqrt(distance)
        return 1.0 / (root * math.sqrt(root))
    return distance**exponent


@compiled
def _nearest(y, phi, axes):
    best, found = np.inf, 0
    for a in range(len(axes)):
        d = distance2(y, phi, axes[a, 0], axes[a, 1])
        if d < best:
            best, found = d, a
    return best, found


@compiled
def _total(pt, y, phi, axes, beta):
    total = 0.0
    for i in range(len(pt)):
        total += pt[i] * _power(_nearest(y[i], phi[i], axes)[0], beta / 2)
    return total


@compiled
def _downhill(pt, y, phi, axes, beta):
    """Move axes downhill: each to the mean of its constituents, weighted by pT ΔR^(β−2).

    ΔR^β is concave in ΔR² for β ≤ 2, so that no step leads uphill (1108.2701; for β = 1 this is
    Weiszfeld's way to the geometric median). For β ≤ 1 a constituent itself may be the minimum,
    which the steps reach slowly: in the end each axis looks at two of its own.
    """
    for _ in range(STEPS):
        work = np.zeros((len(axes), 3))
        for i in range(len(pt)):
            d, a = _nearest(y[i], phi[i], axes)
            weight = pt[i] * _power(d + BLUR * BLUR, beta / 2 - 1)
            work[a, 0] += weight
            work[a, 1] += weight * (y[i] - axes[a, 0])
            work[a, 2] += weight * turn(phi[i] - axes[a, 1])
        farthest = 0.0
        for a in range(len(axes)):
            if work[a, 0] > 0.0:
                dy, dphi = work[a, 1] / work[a, 0], work[a, 2] / work[a, 0]
                axes[a, 0] += dy
                axes[a, 1] = turn(axes[a, 1] + dphi)
                farthest = max(farthest, dy * dy + dphi * dphi)
        if farthest < STILL * STILL:
            break
    if beta <= 1.0:
        _settle(pt, y, phi, axes, beta)


@compiled
def _settle(pt, y, phi, axes, beta):
    """Move axes onto their nearest or their hardest constituent, where that is better."""
    n = len(pt)
    owner = np.empty(n, np.int64)
    nearest, hardest = np.full(len(axes), -1), np.full(len(axes), -1)
    closest = np.full(len(axes), np.inf)
    for i in range(n):
        d, a = _nearest(y[i], phi[i], axes)
        owner[i] = a
        if d < closest[a]:
            closest[a], nearest[a] = d, i
        if hardest[a] < 0 or pt[i] > pt[hardest[a]]:
            hardest[a] = i
    for a in range(len(axes)):
        best = _cost(pt, y, phi, owner, a, axes[a, 0], axes[a, 1], beta)
        for i in (nearest[a], hardest[a]):
            if i >= 0:
                trial = _cost(pt, y, phi, owner, a, y[i], phi[i], beta)
                if trial < best:
                    best = trial
                    axes[a, 0], axes[a, 1] = y[i], phi[i]


@compiled
def _cost(pt, y, phi, owner, a, axis_y, axis_phi, beta):
    cost = 0.0
    for i in range(len(pt)):
        if owner[i] == a:
            cost += pt[i] * _power(distance2(y[i], phi[i], axis_y, axis_phi), beta / 2)
    return cost
