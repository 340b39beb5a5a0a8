"""What a few trials say of the spread of trainings, and intervals that know how little that is.

Two trials alone hardly know their spread. That of taggers of one kind, an architecture or a
family, is pooled; among other kinds it would hide much: recurrent networks of few jets spread a
hundred times as far as trees. So it would among datasets, which may have many jets and few. A
point that spreads further than its kind keeps its own. Intervals hold the true value at three
standard deviations, with Student's t for Welch's degrees of freedom, which are those of all sides
and of the test jets, which are many. Of kinds whose spread is many times the error of the test
jets, and is known from two pairs of trials alone, the intervals are wide, and still miss the truth
one time in fifty; elsewhere about as rarely as they say (tested).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relearn import deviations

DATASET = "dataset"
EVERYTHING = object()  # the pool of those whose kind has no spread


@dataclass(frozen=True)
class Spread:
    """What the trials add to the error of a mean.

    Attributes
    ----------
    variance
        Of the mean of the trials; NaN where it is not known.
    freedom
        Degrees of freedom of that.
    pool
        What it is an estimate of: two of one pool are wrong together. None: of this mean alone.
    """

    variance: float
    freedom: int
    pool: object = field(default=None, compare=False)


def pooled(trials: Sequence[pd.Series]) -> tuple[float, int]:
    """Return the spread (standard deviation) of the trials of all points, and its freedom."""
    several = [one for one in trials if len(one) > 1 and np.isfinite(one).all()]
    freedom = sum(len(one) - 1 for one in several)
    if freedom == 0:
        return math.nan, 0
    return math.sqrt(sum(one.var() * (len(one) - 1) for one in several) / freedom), freedom


def of_points(
    points: Sequence[pd.DataFrame], name: str = "auc", kind: str = "architecture", relative=False
) -> list[Spread]:
    """Return the spread of each point.

    Parameters
    ----------
    points
        Trials of each that trained, with the columns `name`, `kind` and ``dataset``.
    name
        What spreads.
    kind
        Points that have the same here, and the same dataset, share a spread. A kind in which none
        has several trials takes the spread of all.
    relative
        The spread is one of shares of the means: rejections of 10 and of 1000 do not spread alike.
    """
    values = [one[name] / one[name].mean() if relative else one[name] for one in points]
    kinds = [tuple(one[[kind, DATASET]].iloc[0]) if len(one) else None for one in points]
    every = pooled(values)
    found = []
    for mine, trials in zip(kinds, points, strict=True):
        spread, freedom = pooled([v for v, k in zip(values, kinds, strict=True) if k == mine])
        pool = mine if freedom else EVERYTHING
        if not freedom:
            spread, freedom = every
        if not freedom or not np.isfinite(trials[name]).all():
            found.append(Spread(math.nan, 0))
            continue
        if relative:
            spread *= trials[name].mean()
        found.append(of_trials(trials[name], spread, freedom, pool))
    return found


def of_trials(trials: pd.Series, spread: float, freedom: int, pool: object = None) -> Spread:
    """Return the spread of a mean of trials, which is no smaller than the pooled one."""
    if not len(trials) or not freedom:
        return Spread(math.nan, 0)
    own = trials.std() if len(trials) > 1 else 0.0
    return Spread(max(np.nan_to_num(own), spread) ** 2 / len(trials), freedom, pool)


def interval(
    value: float, sample: float, sides: Sequence[Spread]
) -> tuple[float, float, float, float]:
    """Return the error of a mean or of a difference of means, and its interval.

    Parameters
    ----------
    value
        The number.
    sample
        Its error by the test jets.
    sides
        Spread of each mean in it.

    Returns
    -------
    error, low, high, sigmas
        The interval at three deviations, and how many `value` is from 0; NaN and without limits
        where a spread is not known.
    """
    trials = sum(side.variance for side in sides)
    if not math.isfinite(value + sample + trials):
        return math.nan, -math.inf, math.inf, math.nan
    error = math.sqrt(sample**2 + trials)
    together: dict[object, tuple[float, int]] = {}
    for number, side in enumerate(sides):
        key = number if side.pool is None else (side.pool,)
        together[key] = (together.get(key, (0.0, 0))[0] + side.variance, side.freedom)
    known = sum(variance**2 / freedom for variance, freedom in together.values())
    freedom = error**4 / known if known > 0 else math.inf
    reach, sigmas = deviations.reach(freedom) * error, deviations.gaussian(value, error, freedom)
    return error, value - reach, value + reach, sigmas
