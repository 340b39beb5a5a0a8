"""Differences of taggers whose trainings do not spread alike.

`relearn.studies.tagging` pools the spread of trials over all points of a table. Among all taggers
that hides much: recurrent networks of few jets spread a hundred times as far as trees. Here it is
pooled within a family, and each side of a difference has the spread of its own; Welch's degrees of
freedom are those of both and of the test jets, which are many. A point that spreads further than
its family keeps its own. Of families whose spread is many times the error of the test jets, and is
known from two pairs of trials alone, the intervals are wide, and still miss the truth one time in
fifty; everywhere else as rarely as they say (tested).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from relearn import deviations
from relearn.studies import tagging

DIFFERENCE = tuple(name for name in tagging.COMPARED if not name.startswith("relative"))
COLUMNS = ("one", "other", "one_rank", "other_rank", "one_best", *DIFFERENCE)


@dataclass(frozen=True)
class Spread:
    """What the trials add to the error of a mean AUC.

    Attributes
    ----------
    variance
        Of the mean of the trials; NaN where no family has several.
    freedom
        Degrees of freedom of that.
    """

    variance: float
    freedom: int


def spreads(points: Sequence[pd.DataFrame]) -> list[Spread]:
    """Return the spread of each point.

    Parameters
    ----------
    points
        Trials of each that trained, one or more, with ``auc`` and ``family``. A family in which
        none has several takes the spread of all.
    """
    everything = tagging.pooled_spread([trials["auc"] for trials in points])
    found = []
    for trials in points:
        family = trials["family"].iloc[0]
        mine = [one["auc"] for one in points if one["family"].iloc[0] == family]
        spread, freedom = tagging.pooled_spread(mine)
        spread, freedom = (spread, freedom) if freedom else everything
        own = trials["auc"].std() if len(trials) > 1 else 0.0
        found.append(Spread(max(own, spread) ** 2 / len(trials) if freedom else math.nan, freedom))
    return found


def interval(value: float, sample: float, sides: Sequence[Spread]) -> tuple[float, ...]:
    """Return the error of a difference, its interval at three deviations, and its deviations.

    Parameters
    ----------
    value
        The difference.
    sample
        Its error by the test jets.
    sides
        Spread of both means.

    Returns
    -------
    error, low, high, sigmas
        As of `relearn.studies.tagging.compare`; NaN and without limits where a spread is not
        known.
    """
    trials = sum(side.variance for side in sides)
    if not math.isfinite(value + sample + trials):
        return math.nan, -math.inf, math.inf, math.nan
    error = math.sqrt(sample**2 + trials)
    known = sum(side.variance**2 / side.freedom for side in sides)
    freedom = error**4 / known if known > 0 else math.inf
    reach, sigmas = deviations.reach(freedom) * error, deviations.gaussian(value, error, freedom)
    return error, value - reach, value + reach, sigmas


def table(points: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]) -> pd.DataFrame:
    """Return the differences of each two points of a dataset, both ways.

    Parameters
    ----------
    points
        ``tagger`` and ``rank`` of each, and its trials that trained, with their `folder`.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``one`` minus ``other``, and their ranks; ``one_best``, whether of all that have
        a rank ``one`` is the best, but for ``other``; else as `relearn.studies.tagging.compare`.
    """
    known = spreads([trials for _, trials in points])
    rows = []
    for (i, (one, mine)), (j, (other, theirs)) in combinations(enumerate(points), 2):
        found = tagging.difference(mine, theirs, (math.nan, 0))
        value, sample = found["difference"], found["difference_sample"]
        names = ("difference_error", "difference_low", "difference_high", "sigmas")
        found |= dict(zip(names, interval(value, sample, (known[i], known[j])), strict=True))
        for (a, b), values in (((one, other), found), ((other, one), _reversed(found))):
            ends = {"one": a["tagger"], "other": b["tagger"]}
            rows.append(ends | {"one_rank": a["rank"], "other_rank": b["rank"]} | values)
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    ranks = found["one_rank"].where(found["one_rank"] > 0)
    return found.assign(one_best=ranks == ranks.groupby(found["other"]).transform("min"))


def _reversed(found: Mapping[str, float]) -> dict[str, float]:
    """Return the other minus the one."""
    turned = {"difference_low": -found["difference_high"], "sigmas": -found["sigmas"]}
    turned |= {"difference_high": -found["difference_low"], "difference": -found["difference"]}
    for name in ("trials", "auc"):
        turned |= {name: found[f"reference_{name}"], f"reference_{name}": found[name]}
    return {**found, **turned}
