"""Areas under ROC curves of jets drawn anew: a second opinion on their errors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relearn.training.metrics import checked

REPLICAS = 200
Array = NDArray[np.float64]


def auc_replicas(
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
        As of `relearn.training.metrics.auc_with_error`.
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
