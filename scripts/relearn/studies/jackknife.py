"""Errors of numbers that have no closed form: the jackknife over test jets, and trials.

The test jets are cut into groups of neighbours, the number is computed without each of them in
turn, and the spread of those values, times √(G − 1) for G groups, is its error. So all that a
number is made of (sums of weights) is kept group by group.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relearn.studies.spreads import Spread, interval

GROUPS = 20
Array = NDArray[np.float64]


def group_of(count: int, groups: int = GROUPS) -> NDArray[np.int64]:
    """Return the group of each of `count` jets, 0, 0, …, 1, …; none is larger by more than one."""
    return np.arange(count) * min(groups, count) // max(count, 1)


def without_each(sums: ArrayLike) -> Array:
    """Return sums over groups (G, …) as those without each of the groups (G, …)."""
    sums = np.asarray(sums, dtype=np.float64)
    return sums.sum(axis=0) - sums


def error(values: ArrayLike) -> Array:
    """Return the error of a number, from its values without each group (G, …)."""
    values = np.asarray(values, dtype=np.float64)
    squares = np.square(values - values.mean(axis=0)).sum(axis=0)
    return np.sqrt(squares * (len(values) - 1) / len(values))


def over_trials(name: str, values: ArrayLike, errors: ArrayLike) -> dict[str, float]:
    """Return the mean of the trials of a point, as the columns of a table.

    Parameters
    ----------
    name
        Of the number.
    values, errors
        (n,) of each trial, and its error by the test jets, which all trials share.

    Returns
    -------
    dict
        ``name``, and with ``_spread``, ``_sample``, ``_error``, ``_low`` and ``_high`` what
        `relearn.studies.tagging` says; the spread is that of these trials alone.
    """
    values, errors = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    count, mean, sample = len(values), float(values.mean()), float(errors.mean())
    spread = float(values.std(ddof=1)) if count > 1 else np.nan
    found = interval(mean, sample, [Spread(spread**2 / count, count - 1)])[:3]
    ends = ("", "_spread", "_sample", "_error", "_low", "_high")
    return dict(zip((name + end for end in ends), (mean, spread, sample, *found), strict=True))
