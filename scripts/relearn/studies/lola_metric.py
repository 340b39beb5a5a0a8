"""LoLa with a metric that is learned, diag(K, L, M, N), from several starts (talks 002 and 003).

Any factor of the metric can be taken up by the weights behind it, also a negative one. So each is
divided by the mean of its four absolute values, which is 1 in the talk's result too, with the sign
of K: K is positive, and Minkowski's is (1, −1, −1, −1) whatever its own sign was.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from relearn import batchfiles
from relearn.models import taggerfile
from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

COMPONENTS = ("K", "L", "M", "N")  # of E, px, py, pz
NUMBERS = ("factor", "opposite", "anisotropy", "travelled")
FIXED = {"metric": "fixed", "metric_start": "minkowski"}
BY = (*AXES, *FIXED)
Array = NDArray[np.float64]


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points`, `pairs` with the fixed metric, and the metrics' `components`.

    The runs have ``K, L, M, N``, normalised; ``factor``, what they were divided by; ``opposite``, 1
    if the sign of K is that of no other, else 0; ``anisotropy``, the largest of |L|, |M|, |N| minus
    the smallest, over their mean; ``travelled``, the largest change of a component, not
    normalised, from its start to the best epoch.

    `components` has four rows for each network with a trained metric that did not diverge: the
    columns of its point, ``run``, ``trial``, ``opposite``, ``component``, ``value`` and ``start``,
    normalised, both with the sign of the learned K.
    """
    inputs = tagging.with_defaults(inputs, **FIXED)
    rows, components = [], []
    for _, run in inputs.runs.iterrows():
        if run["status"] != tagging.OK or run["metric"] == FIXED["metric"]:
            rows.append({})
            continue
        start, end = start_of(run), np.array(inputs.network(run).metric)
        rows.append(_row(start, end))
        own = {name: run[name] for name in ("run", *BY, "trial")}
        own["opposite"] = rows[-1]["opposite"]
        begin = normalised(start) * np.sign(start[0] * end[0])  # one sign for both
        both = zip(COMPONENTS, normalised(end), begin, strict=True)
        components += [
            own | dict(zip(("component", "value", "start"), x, strict=True)) for x in both
        ]
    columns = ("run", *BY, "trial", "opposite", "component", "value", "start")
    found = pd.DataFrame(rows, index=inputs.runs.index, columns=[*COMPONENTS, *NUMBERS])
    return {
        "": inputs.runs.drop(columns="folder").join(found),
        "points": _each(inputs, tagging.summary, together=False),
        "pairs": _each(inputs, lambda part, by: tagging.compare(part, FIXED, by), together=True),
        "components": pd.DataFrame(components, columns=columns),
    }


def _each(inputs: StudyInputs, table: Callable[..., pd.DataFrame], together: bool) -> pd.DataFrame:
    """Return a table made start by start: trials from random starts spread more than others.

    Parameters
    ----------
    inputs
        Of the study.
    table
        Of part of the inputs, by `BY`.
    together
        Whether each start is taken with the fixed metric, or that is a part of its own.
    """
    runs = inputs.runs
    fixed = runs["metric"] == FIXED["metric"]
    starts = runs["metric_start"].where(~fixed, "")
    parts = [
        runs[(starts == start) | (fixed & together)]
        for start in dict.fromkeys(starts)
        if start or not together
    ]
    tables = [table(replace(inputs, runs=part), BY) for part in parts or [runs]]
    return pd.concat(tables, ignore_index=True)


def normalised(metric: Array) -> Array:
    """Return a metric (4,) over the mean of its absolute values, K positive."""
    return metric / _factor(metric)


def start_of(run: pd.Series) -> Array:
    """Return the metric (4,) that a run began with: its seed makes the same initial weights."""
    _, there = batchfiles.locate(Path(run["folder"]), run["run"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(there.seed)
        return np.array(taggerfile.untrained(there).metric)


def _factor(metric: Array) -> float:
    return float(np.copysign(np.abs(metric).mean(), metric[0]))


def _row(start: Array, end: Array) -> dict[str, Any]:
    metric, space = normalised(end), np.abs(end[1:])
    anisotropy = np.ptp(space) / space.mean()
    numbers = (_factor(end), int((metric[1:] < 0).all()), anisotropy, np.abs(end - start).max())
    return dict(zip((*COMPONENTS, *NUMBERS), (*metric, *numbers), strict=True))
