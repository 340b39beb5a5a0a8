"""Energy correlation functions: sums over pairs, triplets and quadruplets of constituents."""

import numpy as np

from relearn.jets.kernels import compiled
from relearn.jets.kernels.geometry import coordinates, distance2


@compiled
def correlators(p4, offsets, order, beta):
    """Return ECF(1) … ECF(`order`) of each jet, (jets, order), `order` ≤ 4."""
    jets = len(offsets) - 1
    result = np.zeros((jets, order))
    for jet in range(jets):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        pt, angle = _angles(p4[first : first + n], beta)
        for i in range(n):
            result[jet, 0] += pt[i]
            if order > 1:
                _with(i, pt, angle, order, result[jet])
    return result


@compiled
def _angles(p4, beta):
    n = len(p4)
    pt, y, phi = np.empty(n), np.empty(n), np.empty(n)
    angle = np.empty((n, n))
    for i in range(n):
        pt[i], y[i], phi[i] = coordinates(p4[i, 0], p4[i, 1], p4[i, 2], p4[i, 3])
        for j in range(i):
            angle[i, j] = distance2(y[i], phi[i], y[j], phi[j]) ** (beta / 2)
            angle[j, i] = angle[i, j]
    return pt, angle


@compiled
def _with(i, pt, angle, order, result):
    """Add all sets whose last member is i; common factors are taken out of the inner sums."""
    for j in range(i):
        two = pt[i] * pt[j] * angle[i, j]
        result[1] += two
        if order == 2 or two == 0.0:
            continue
        for k in range(j):
            three = two * pt[k] * angle[i, k] * angle[j, k]
            result[2] += three
            if order == 3 or three == 0.0:
                continue
            inner = 0.0
            for m in range(k):
                inner += pt[m] * angle[i, m] * angle[j, m] * angle[k, m]
            result[3] += three * inner
