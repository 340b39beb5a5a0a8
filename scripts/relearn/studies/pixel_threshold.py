"""Faint pixels made dark: in training and test, and in the test alone (talk 003)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger
from relearn.studies import tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.studies.spreads import Spread, interval
from relearn.taggerruns import AXES
from relearn.training import metrics, tagger

BY = ("threshold", *AXES)
NONE = {"threshold": 0.0}
TESTED = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # GeV, of networks trained without a threshold
JETS = 40_000  # test jets at most that those are asked about
AT_ONCE = 2000  # whose pixels are in memory


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `pairs`, and networks `tested` with other thresholds.

    Option: ``jets``, how many test jets at most the latter are asked about (40 000).

    Runs, `points` and `pairs` have the ``threshold`` of training and test, GeV; differences are
    to none. `tested` has the networks trained without a threshold, asked about test jets with one:
    a row for each threshold and its ``trials``, ``auc``, its ``change`` against none, paired jet by
    jet and network by network, with ``_spread``, ``_sample``, ``_error``, ``_low`` and ``_high``
    (`relearn.studies.tagging`; the spread here is of these networks alone), ``et``, the share of
    ET that is left, and ``lit``, the mean number of pixels.
    """
    inputs = tagging.with_defaults(inputs, **NONE)
    tables = tagging.tables(inputs, NONE, BY)
    del tables["roc"]
    runs = inputs.runs[(inputs.runs["status"] == tagging.OK) & (inputs.runs["threshold"] == 0)]
    tested = [_tested(inputs, point, runs) for point, runs in tagging.points(runs)]
    columns = [*AXES, "threshold", "trials", "auc", *CHANGE, "et", "lit"]
    return tables | {"tested": pd.DataFrame(sum(tested, []), columns=columns)}


CHANGE = ("change", *(f"change_{end}" for end in ("spread", "sample", "error", "low", "high")))


def _tested(inputs: StudyInputs, point: dict, runs: pd.DataFrame) -> list[dict]:
    """Return a row for each threshold, of the trials of a point."""
    jets = testjets.read(inputs, runs.iloc[0], inputs.options.get("jets", JETS))
    sample = (jets.label.numpy(), jets.weight.numpy())
    networks = [inputs.network(run) for _, run in runs.iterrows()]
    before, whole, rows = [], 1.0, []
    for threshold in TESTED:
        scores = []
        for network in networks:
            network.threshold = threshold
            scores.append(tagger.predict(network, jets).numpy())
        before = before or scores
        pairs = zip(scores, before, strict=True)
        found = np.array([metrics.auc_difference(one, other, *sample) for one, other in pairs])
        et, lit = _light(networks[0], jets)
        whole = et if threshold == 0 else whole
        row = point | {"threshold": threshold, "trials": len(scores)}
        row["auc"] = np.mean([metrics.auc(one, *sample) for one in scores])
        row |= dict(zip(CHANGE, _of_trials(*found.T), strict=True))
        rows.append(row | {"et": et / whole, "lit": lit})
    return rows


def _of_trials(values: NDArray, errors: NDArray) -> tuple[float, ...]:
    """Return mean, spread, sample error, error and interval of a number of each trial."""
    count, mean, sample = len(values), float(values.mean()), float(errors.mean())
    spread = float(values.std(ddof=1)) if count > 1 else np.nan
    known = interval(mean, sample, [Spread(spread**2 / count, count - 1)])[:3]
    return mean, spread, sample, *known


def _light(network: Tagger, jets: Jets) -> tuple[float, float]:
    """Return the mean sum and the mean number of lit pixels of the pictures of jets."""
    total, lit, weight = 0.0, 0.0, jets.weight.double()
    for first in range(0, len(jets), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        (images,) = network.prepare(jets.rows(rows))
        total += float(weight[rows] @ images.sum(dim=(1, 2, 3)).double())
        lit += float(weight[rows] @ images.count_nonzero(dim=(1, 2, 3)).double())
    return total / float(weight.sum()), lit / float(weight.sum())
