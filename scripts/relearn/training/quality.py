"""What ``runs.csv`` says of a tagger's test jets: one row for a classifier or a regression."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.training import calibration, metrics

EFFICIENCIES = {"rejection30": 0.3, "rejection50": 0.5}  # of the signal
CLASSIFIER = [
    *("auc", "auc_error", "accuracy", "accuracy_error"),
    *(name + end for name in EFFICIENCIES for end in ("", "_error")),
    "miscalibration",
]
REGRESSION = ["rmse", "bias", "correlation"]
ROC_COLUMNS = ["threshold", "signal_efficiency", "background_efficiency"]
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Quality:
    """Columns of ``runs.csv``; points of the ROC curve, none of a regression."""

    row: dict[str, Any]
    roc: pd.DataFrame


def of_classifier(
    score: Array,
    label: Array,
    weight: Array,
    threshold: float,
    mixture: Array | None = None,
) -> Quality:
    """Return how well signal and background are told apart.

    Parameters
    ----------
    score
        (n,); if they are NaN, so is all that is returned.
    label, weight
        (n,): 1 signal, 0 background.
    threshold
        Of the score, for the accuracy: jets above it are taken for signal.
    mixture
        (n,) weights of the jets in the mixture of both classes of which the scores are log-odds,
        for ``miscalibration`` (`relearn.training.calibration.expected_error`); None: they are no
        log-odds, and it is NaN.
    """
    if not np.isfinite(score).all():
        return Quality(dict.fromkeys(CLASSIFIER, np.nan), pd.DataFrame(columns=ROC_COLUMNS))
    curve = metrics.roc(score, label, weight)
    values = [*metrics.auc_with_error(score, label, weight)]
    values += metrics.accuracy(score, label, weight, threshold)
    for efficiency in EFFICIENCIES.values():
        values += metrics.rejection(curve, efficiency)
    values.append(np.nan if mixture is None else _miscalibration(score, label, mixture))
    return Quality(dict(zip(CLASSIFIER, values, strict=True)), metrics.thinned(curve))


def _miscalibration(score: Array, label: Array, mixture: Array) -> float:
    probability = calibration.probability(score)
    return calibration.expected_error(calibration.reliability(probability, label, mixture))


def of_regression(found: Array, truth: Array, weight: Array) -> Quality:
    """Return how near values (n,) are to the truth (n,): in its unit, and their correlation."""
    empty = pd.DataFrame(columns=ROC_COLUMNS)
    if not np.isfinite(found).all():
        return Quality(dict.fromkeys(REGRESSION, np.nan), empty)
    off = found.astype(np.float64) - truth
    covariance = np.cov(found, truth, aweights=weight)
    values = [
        np.sqrt(np.average(off**2, weights=weight)),
        np.average(off, weights=weight),
        covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]),
    ]
    return Quality(dict(zip(REGRESSION, map(float, values), strict=True)), empty)


def best_threshold(score: Array, label: Array, weight: Array) -> float:
    """Return the threshold with the largest accuracy, of scores that are no log-odds."""
    curve = metrics.roc(score, label, weight)
    shares = [weight[label == side].sum(dtype=np.float64) for side in (1, 0)]
    right = shares[0] * curve.signal + shares[1] * (1 - curve.background)
    place = int(np.argmax(right))
    # half way to the next score below, so that equal scores are not cut in two
    below = curve.threshold[min(place + 1, len(curve.threshold) - 1)]
    own = curve.threshold[place]
    return float((own + below) / 2) if np.isfinite(own) else float(below)
