"""Errors of the area under a ROC curve, of one tagger and of the difference of two.

DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837: the area is a mean over the signal of
how much background lies below, and a mean over the background; the spread of both gives its
variance, and on the same jets that of a difference. With weights the means are weighted.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relearn.training.metrics import checked

REPLICAS = 200
Array = NDArray[np.float64]


def delong(
    score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the area under the ROC curve and its error.

    Parameters
    ----------
    score
        (n,) finite.
    label
        (n,): 1 signal, 0 background; two of each at least.
    weight
        (n,); None: all 1.

    Raises
    ------
    ValueError
        As of `relearn.training.metrics.roc`.
    """
    score, signal, weight = checked(score, label, weight)
    return _mean_and_error(_placements(score, signal, weight), signal, weight)


def difference(
    one: ArrayLike, other: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the area of one tagger minus that of another on the same jets, and its error.

    Parameters
    ----------
    one, other
        (n,) scores of the same jets in the same order.
    label, weight
        As of `delong`.

    Raises
    ------
    ValueError
        As of `relearn.training.metrics.roc`.
    """
    one, signal, weights = checked(one, label, weight)
    other, _, _ = checked(other, label, weight)
    apart = _placements(one, signal, weights) - _placements(other, signal, weights)
    return _mean_and_error(apart, signal, weights)


def bootstrap(
    score: ArrayLike,
    label: ArrayLike,
    weight: ArrayLike | None = None,
    other: ArrayLike | None = None,
    replicas: int = REPLICAS,
    seed: int = 0,
) -> Array:
    """Return the areas (or their differences) of samples drawn anew from the jets.

    Parameters
    ----------
    score, label, weight
        As of `delong`.
    other
        (n,) scores of another tagger, whose area is subtracted.
    replicas
        How many samples; each has as many jets of a class as there are.
    seed
        Of the samples.

    Returns
    -------
    ndarray
        (replicas,): their standard deviation is the error.
    """
    scores = [x for x in (score, other) if x is not None]
    columns = [checked(x, label, weight) for x in scores]
    _, signal, weight = columns[0]
    rng, places = np.random.default_rng(seed), [np.flatnonzero(signal), np.flatnonzero(~signal)]
    found = np.zeros(replicas)
    ranked = [_Ranked(x, signal) for x, _, _ in columns]
    for replica in range(replicas):
        drawn = np.zeros(len(weight))
        for mine in places:
            drawn[mine] = rng.multinomial(len(mine), np.full(len(mine), 1 / len(mine)))
        areas = [one.area(weight * drawn) for one in ranked]
        found[replica] = areas[0] - sum(areas[1:])
    return found


class _Ranked:
    """Scores that were sorted once, for areas with many sets of weights."""

    def __init__(self, score: Array, signal: NDArray[np.bool_]):
        self._order = np.argsort(score, kind="stable")
        self._signal = signal[self._order]
        self._first = np.concatenate([[0], np.flatnonzero(np.diff(score[self._order])) + 1])

    def area(self, weight: Array) -> float:
        weight = weight[self._order]
        of_signal = np.add.reduceat(np.where(self._signal, weight, 0.0), self._first)
        rest = np.add.reduceat(np.where(self._signal, 0.0, weight), self._first)
        below = np.cumsum(rest) - rest / 2
        return float(of_signal @ below / (of_signal.sum() * rest.sum()))


def _placements(score: Array, signal: NDArray[np.bool_], weight: Array) -> Array:
    """Return (n,) the weighted share of the other class that a jet is on the right side of."""
    found = np.empty(len(score))
    for mine, sign in ((signal, 1), (~signal, -1)):
        values, order = sign * score[~mine], np.argsort(sign * score[~mine], kind="stable")
        values, sums = values[order], np.concatenate([[0.0], np.cumsum(weight[~mine][order])])
        below, upto = (np.searchsorted(values, sign * score[mine], s) for s in ("left", "right"))
        found[mine] = (sums[below] + sums[upto]) / (2 * sums[-1])
    return found


def _mean_and_error(
    placements: Array, signal: NDArray[np.bool_], weight: Array
) -> tuple[float, float]:
    variance = 0.0
    for mine in (signal, ~signal):
        w, values = weight[mine], placements[mine]
        mean, count = np.average(values, weights=w), len(values)
        if count < 2:
            return float(mean), float("nan")
        squares = np.square(w * (values - mean)).sum() / w.sum() ** 2
        variance += squares * count / (count - 1)
    return float(mean), float(np.sqrt(variance))
