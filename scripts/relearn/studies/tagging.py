"""What studies of taggers measure alike: points and their trials, ROC curves, paired differences.

A *point* of a scan is trained several times, with other initial weights: its trials. All trials and
all points of a dataset are tested on the same jets. So there are two errors:

- *spread*: from trial to trial. That of a mean of n trials is spread/√n.
- *sample*: of the test jets (`relearn.training.metrics`). It is common to all trials of a point,
  so the mean of trials has the mean of their sample errors, which no number of trials makes
  smaller. In the difference of two points most of it drops out: they are paired, jet by jet.

The error of a mean is both in quadrature. Intervals, ``…_low`` to ``…_high``, hold the true value
at three standard deviations (`relearn.studies.spreads`: the spread of an architecture's trials is
pooled). All training jets are the same: what other ones would give is in neither error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.studies import spreads, taggers
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import metrics

OK = "ok"
METRICS = ("auc", "rejection30", "rejection50")
MEANS = ("parameters", "train_seconds", "miscalibration")
EFFICIENCIES = np.linspace(0.01, 1, 100)  # of the signal, where curves are averaged
Array = NDArray[np.float64]


def with_defaults(inputs: StudyInputs, **defaults: Any) -> StudyInputs:
    """Return the same study with options that some scans do not state, as tables write them.

    Parameters
    ----------
    inputs
        Of the study.
    defaults
        Column → value where a scan has no such option: ``steps="centre+rotate+flip+crop"``.
    """
    runs = inputs.runs.copy()
    for name, value in defaults.items():
        runs[name] = runs[name].fillna(value) if name in runs else value
    return replace(inputs, runs=runs)


def points(runs: pd.DataFrame, by: Sequence[str] = AXES) -> list[tuple[dict, pd.DataFrame]]:
    """Return the points of a table of runs in its order: their values of `by`, and their trials."""
    groups = runs.groupby(list(by), sort=False, dropna=False)
    return [(dict(zip(by, values, strict=True)), trials) for values, trials in groups]


def tables(
    inputs: StudyInputs, reference: Mapping[str, Any], by: Sequence[str] = AXES
) -> dict[str, pd.DataFrame]:
    """Return the tables of a study that compares points: the runs, `points`, `roc` and `pairs`.

    Parameters
    ----------
    inputs, reference, by
        As of `summary` and `compare`.
    """
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": summary(inputs, by),
        "roc": roc_table(inputs, by),
        "pairs": compare(inputs, reference, by),
    }


def summary(inputs: StudyInputs, by: Sequence[str] = AXES) -> pd.DataFrame:
    """Return one row for each point.

    Parameters
    ----------
    inputs
        Of the study; its runs are classifiers.
    by
        Columns that make a point.

    Returns
    -------
    DataFrame
        The columns `by`; ``trials`` that trained, ``diverged`` that did not; the mean of the trials
        of each of `MEANS`; for each of `METRICS` that mean, ``_spread`` (standard deviation),
        ``_sample``, ``_error``, ``_low``, ``_high``: see above.
        A rejection is 1/ε_B as it is counted. Where no background jet passes in one of the trials
        it is infinite, and so is the mean, with NaN for the errors and no limits: so few jets say
        only that it is large. No least number of jets is put in place of none.
    """
    there = points(inputs.runs, by)
    alive = [trials[trials["status"] == OK] for _, trials in there]
    sides = {name: spreads.of_points(alive, name, relative=True) for name in METRICS}
    rows = []
    for number, ((point, trials), good) in enumerate(zip(there, alive, strict=True)):
        row = point | {"trials": len(good), "diverged": len(trials) - len(good)}
        row |= {name: good[name].mean() for name in MEANS}
        for name in METRICS:
            known = len(good) > 1 and np.isfinite(good[name]).all()
            spread = good[name].std() if known else np.nan
            sample = good[f"{name}_error"].mean(skipna=False)
            mean = good[name].mean()
            error, low, high, _ = spreads.interval(mean, sample, [sides[name][number]])
            row |= {name: mean, f"{name}_spread": spread, f"{name}_sample": sample}
            row |= {f"{name}_error": error, f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def roc_table(inputs: StudyInputs, by: Sequence[str] = AXES) -> pd.DataFrame:
    """Return the ROC curves of all points, averaged over their trials.

    Returns
    -------
    DataFrame
        The columns `by`; ``signal_efficiency``, hundredths; ``background_efficiency``, the mean of
        the trials at this one of the signal, ``background_low`` and ``background_high``, the
        best and the worst of them.
    """
    tables = []
    for point, trials in points(inputs.runs, by):
        good = trials[trials["status"] == OK]
        if good.empty:
            continue
        curves = []
        for _, run in good.iterrows():
            label, weight, score = taggers.scores(run)
            curves.append(metrics.background_at(metrics.roc(score, label, weight), EFFICIENCIES))
        columns = {
            "signal_efficiency": EFFICIENCIES,
            "background_efficiency": np.mean(curves, axis=0),
            "background_low": np.min(curves, axis=0),
            "background_high": np.max(curves, axis=0),
        }
        tables.append(pd.DataFrame(point | columns))
    empty = pd.DataFrame(columns=[*by, "signal_efficiency", "background_efficiency"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def compare(
    inputs: StudyInputs, reference: Mapping[str, Any], by: Sequence[str] = AXES
) -> pd.DataFrame:
    """Return AUC differences of all points to a reference, on the same test jets.

    Parameters
    ----------
    inputs
        Of the study.
    reference
        Columns and values of the reference point: in each dataset one point has them. Points of
        datasets without one are left out.
    by
        Columns that make a point.

    Returns
    -------
    DataFrame
        The columns `by` of each other point; ``trials`` and ``reference_trials``; ``auc``,
        ``reference_auc``; ``difference`` of the two means; ``difference_sample``, its error by the
        test jets (of pairs of trials, averaged); ``difference_error``, with the spread of the
        trials; ``difference_low``, ``difference_high``; ``sigmas``, the difference in standard
        deviations of a Gaussian of the same probability; ``relative``, difference/reference_auc,
        %, with its ``_error``, ``_low`` and ``_high``.

    Raises
    ------
    UserError
        If several points are the reference.
    """
    rows = []
    for _, runs in inputs.runs.groupby("dataset", sort=False):
        there = points(runs[runs["status"] == OK], by)
        found = [(n, trials) for n, (_, trials) in enumerate(there) if _is(trials, reference)]
        if len(found) > 1:
            raise UserError(f"{len(found)} points of the study have {dict(reference)}, not one")
        if not found:
            continue
        place, other = found[0]
        sides = spreads.of_points([trials for _, trials in there])
        rows += [
            point | difference(trials, other, (sides[n], sides[place]))
            for n, (point, trials) in enumerate(there)
            if n != place
        ]
    return pd.DataFrame(rows, columns=[*by, *COMPARED])


COMPARED = (
    *("trials", "reference_trials", "auc", "reference_auc", "difference", "difference_sample"),
    *("difference_error", "difference_low", "difference_high", "sigmas"),
    *("relative", "relative_error", "relative_low", "relative_high"),
)


def _is(trials: pd.DataFrame, reference: Mapping[str, Any]) -> bool:
    return all((trials[name] == value).all() for name, value in reference.items())


def difference(
    mine: pd.DataFrame, other: pd.DataFrame, sides: Sequence[spreads.Spread]
) -> dict[str, float]:
    """Return `COMPARED` of the trials of two points, which spread as `sides` say."""
    pairs = max(len(mine), len(other))
    errors = []
    for (_, one), (_, two) in zip(
        *(islice(cycle(list(runs.iterrows())), pairs) for runs in (mine, other)), strict=True
    ):
        label, weight, score = taggers.scores(one)
        errors.append(metrics.auc_difference(score, taggers.scores(two)[2], label, weight)[1])
    auc, before = mine["auc"].mean(), other["auc"].mean()
    value, sample = auc - before, float(np.mean(errors))
    error, low, high, sigmas = spreads.interval(value, sample, sides)
    numbers = (len(mine), len(other), auc, before, value, sample, error, low, high)
    relative = (100 * number / before for number in (value, error, low, high))
    return dict(zip(COMPARED, (*numbers, sigmas, *relative), strict=True))
