"""Do two samples agree? One row for each test, with its statistic and p-value.

All p-values are two-sided. A row passes at p ≥ `P_MIN`, chosen beforehand: |z| < 3.9, so that
among 200 rows of two equal samples one fails in 50 such tables.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

P_MIN = 1e-4
COUNTED = 10  # successes, or failures, that a normal distribution of a share needs
Row = dict[str, Any]
Array = NDArray[np.float64]


def paired_means(ours: Array, theirs: Array) -> Row:
    """Test the mean difference of pairs: z = ⟨d⟩/(σ(d)/√n). Equal pairs have z = 0."""
    difference = ours - theirs
    return _row("paired mean", ours.mean(), theirs.mean(), _z(difference))


def paired_spreads(ours: Array, theirs: Array) -> Row:
    """Test whether pairs scatter alike: `paired_means` of squared distances to the common mean."""
    middle = (ours.mean() + theirs.mean()) / 2
    difference = (ours - middle) ** 2 - (theirs - middle) ** 2
    return _row("paired spread", ours.std(), theirs.std(), _z(difference))


def means(ours: tuple[float, float], theirs: tuple[float, float]) -> Row:
    """Test two means, each with its error. Conservative where the samples share events."""
    difference, error = ours[0] - theirs[0], np.hypot(ours[1], theirs[1])
    return _row("means", ours[0], theirs[0], difference / error if error else 0.0)


def shapes(ours: Array, theirs: Array) -> Row:
    """Test two distributions: Kolmogorov–Smirnov. Conservative where the samples share events."""
    found = stats.ks_2samp(ours, theirs)
    row = _row("Kolmogorov–Smirnov", np.median(ours), np.median(theirs), 0.0)
    return (
        row
        | {"statistic": float(found.statistic), "p": float(found.pvalue)}
        | _verdict(found.pvalue)
    )


def weighted_shapes(ours: Array, weights: Array, theirs: Array, theirs_weights: Array) -> Row:
    """Do as `shapes` with weights; the same where the weights of each sample are all equal.

    Else the distance is that of the weighted distributions, and p that of so many numbers of
    equal weight as have the same error of a mean, (Σw)²/Σw² (Kish).
    """
    if all(len(w) and (w == w[0]).all() for w in (weights, theirs_weights)):
        return shapes(ours, theirs)
    sides = ((ours, weights), (theirs, theirs_weights))
    places = np.sort(np.concatenate([ours, theirs]))
    one, two = (_cumulative(*side, places) for side in sides)
    distance = float(np.abs(one - two).max())
    first, second = (w.sum() ** 2 / np.sum(w**2) for w in (weights, theirs_weights))
    number = max(round(first * second / (first + second)), 1)
    p = float(stats.kstwo.sf(distance, number))
    medians = (np.quantile(v, 0.5, weights=w, method="inverted_cdf") for v, w in sides)
    row = _row("Kolmogorov–Smirnov", *medians, 0.0)
    return row | {"statistic": distance, "p": p} | _verdict(p)


def _cumulative(values: Array, weights: Array, places: Array) -> Array:
    """Return the share of the weights at or below each place."""
    order = np.argsort(values)
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    return sums[np.searchsorted(values[order], places, side="right")] / sums[-1]


def shares(ours: int, theirs: int, trials: int, theirs_trials: int | None = None) -> Row:
    """Test two numbers of successes: z with the binomial error of the common share.

    Where one side expects fewer than `COUNTED` successes or failures, p is Fisher's exact one.
    """
    others = trials if theirs_trials is None else theirs_trials
    share = (ours + theirs) / (trials + others)
    error = np.sqrt(share * (1 - share) * (1 / trials + 1 / others))
    one, two = ours / trials, theirs / others
    row = _row("shares", one, two, (one - two) / error if error else 0.0)
    if min(trials, others) * min(share, 1 - share) >= COUNTED:
        return row
    table = [[ours, trials - ours], [theirs, others - theirs]]
    p = float(stats.fisher_exact(table).pvalue)
    return row | {"p": p} | _verdict(p)


def _z(values: ArrayLike) -> float:
    values = np.asarray(values, dtype=np.float64)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() / error) if error else 0.0


def _row(test: str, ours: float, theirs: float, z: float) -> Row:
    p = float(2 * stats.norm.sf(abs(z)))
    numbers = {"ours": float(ours), "delphes": float(theirs), "statistic": float(z), "p": p}
    return {"test": test} | numbers | _verdict(p)


def _verdict(p: float) -> Row:
    return {"pass": bool(p >= P_MIN)}
