"""Whether a tagger's probabilities are those: shares of signal in bins of them."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from relearn.training.metrics import checked

BINS = 15


def probability(score: ArrayLike) -> NDArray[np.float64]:
    """Return the probability of the signal (n,) of log-odds (n,)."""
    return expit(np.asarray(score, dtype=np.float64))


def in_mixture(label: ArrayLike, weight: ArrayLike, share: float) -> NDArray[np.float64]:
    """Return weights (n,) of mean 1 of which signal has a share, as where a tagger was trained.

    Parameters
    ----------
    label, weight
        (n,): 1 signal, 0 background; both with weight.
    share
        Between 0 and 1.
    """
    signal, weight = np.asarray(label) == 1, np.asarray(weight, dtype=np.float64)
    sums = np.where(signal, weight[signal].sum(), weight[~signal].sum())
    return len(weight) * weight / sums * np.where(signal, share, 1 - share)


def reliability(
    probability: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None, bins: int = BINS
) -> pd.DataFrame:
    """Return the share of signal where a tagger says some probability.

    Parameters
    ----------
    probability
        (n,) of the signal, from 0 to 1.
    label
        (n,): 1 signal, 0 background, in the mixture that the tagger was trained on.
    weight
        (n,), not negative; None: all 1.
    bins
        Number of equal bins of the probability.

    Returns
    -------
    DataFrame
        A row for each bin with jets: low, high, weight, probability (mean), signal (share),
        signal_error (binomial).

    Raises
    ------
    ValueError
        If a probability is none, the shapes differ, or a class has no weight.
    """
    probability, signal, weight = checked(probability, label, weight)
    if probability.min() < 0 or probability.max() > 1:
        raise ValueError("probabilities lie between 0 and 1; of log-odds, see `probability`")
    place = np.minimum((probability * bins).astype(int), bins - 1)
    sums = {
        name: np.bincount(place, values, minlength=bins)
        for name, values in (
            ("weight", weight),
            ("squares", weight**2),
            ("probability", weight * probability),
            ("signal", weight * signal),
        )
    }
    kept = np.flatnonzero(sums["weight"] > 0)
    total = sums["weight"][kept]
    share = sums["signal"][kept] / total
    return pd.DataFrame(
        {
            "low": kept / bins,
            "high": (kept + 1) / bins,
            "weight": total,
            "probability": sums["probability"][kept] / total,
            "signal": share,
            "signal_error": np.sqrt(share * (1 - share) * sums["squares"][kept]) / total,
        }
    )


def expected_error(table: pd.DataFrame) -> float:
    """Return the mean of |share of signal − probability| over the jets of a `reliability` table."""
    apart = (table["signal"] - table["probability"]).abs()
    return float(np.average(apart, weights=table["weight"]))
