"""All numbers that are quoted of one tagger."""

import numpy as np
from numpy.typing import ArrayLike

from relearn.training import aucerrors, calibration, metrics

EFFICIENCIES = (0.3, 0.5)


def summarise(
    score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> dict[str, float]:
    """Return all numbers that are quoted of one tagger.

    Parameters
    ----------
    score
        (n,) log-odds.
    label, weight
        As of `relearn.training.metrics.roc`.

    Returns
    -------
    dict
        auc, accuracy, rejection_30, rejection_50 (1/ε_B at ε_S = 0.3, 0.5), each with its
        ``_error``, and calibration_error. All NaN where a score is not finite: it diverged.
    """
    names = [f"rejection_{round(100 * efficiency)}" for efficiency in EFFICIENCIES]
    keys = [key for name in ("auc", "accuracy", *names) for key in (name, f"{name}_error")]
    if not np.isfinite(np.asarray(score)).all():
        return dict.fromkeys([*keys, "calibration_error"], float("nan"))
    curve = metrics.roc(score, label, weight)
    pairs = [aucerrors.delong(score, label, weight), metrics.accuracy(score, label, weight)]
    pairs += [metrics.rejection(curve, efficiency) for efficiency in EFFICIENCIES]
    numbers = dict(zip(keys, (x for pair in pairs for x in pair), strict=True))
    table = calibration.reliability(calibration.probability(score), label, weight)
    return numbers | {"calibration_error": calibration.expected_error(table)}
