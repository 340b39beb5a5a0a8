"""How well a tagger separates signal from background, with weights and errors.

Scores rise with the signal; only their order counts, but for `accuracy`. Ties count half, as in
the area under the straight lines of a ROC curve. Errors are of the jets alone: what another
training would give is another matter. A sample with weights has (Σw)²/Σw² jets.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
POINTS = 500  # of a ROC curve that is kept


@dataclass(frozen=True)
class Roc:
    """A ROC curve, from (0, 0) to (1, 1), a point for each value of the score.

    Attributes
    ----------
    threshold
        (p,) falling, infinite in the first point: jets at or above it are taken.
    signal, background
        (p,) efficiencies, rising.
    signal_jets, background_jets
        Their numbers; with weights (Σw)²/Σw².
    """

    threshold: Array
    signal: Array
    background: Array
    signal_jets: float
    background_jets: float


def roc(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> Roc:
    """Return the ROC curve.

    Parameters
    ----------
    score
        (n,) finite.
    label
        (n,): 1 signal, 0 background.
    weight
        (n,); None: all 1.

    Raises
    ------
    ValueError
        If a score is not finite, the shapes differ, or a class has no weight.
    """
    score, signal, weight = checked(score, label, weight)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # of equal scores

    def efficiency(mine: NDArray[np.bool_]) -> Array:
        taken = np.cumsum(np.where(mine, weight, 0.0)[order])[last]
        return np.concatenate([[0.0], taken / taken[-1]])

    def number(weights: Array) -> float:
        return float(weights.sum() ** 2 / np.square(weights).sum())

    return Roc(
        threshold=np.concatenate([[np.inf], score[order][last]]),
        signal=efficiency(signal),
        background=efficiency(~signal),
        signal_jets=number(weight[signal]),
        background_jets=number(weight[~signal]),
    )


def auc(score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve; arguments and errors as of `roc`."""
    curve = roc(score, label, weight)
    return float(np.trapezoid(curve.signal, curve.background))


def auc_with_error(
    score: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the area under the ROC curve and its error.

    DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837: the area is a mean over the signal
    of how much background lies below, and a mean over the background; the spread of both gives
    its variance, and on the same jets that of a difference. With weights the means are weighted.

    Parameters
    ----------
    score
        (n,) finite.
    label
        (n,): 1 signal, 0 background; two of each at least.
    weight
        (n,); None: all 1.

    Raises
    ------
    ValueError
        As of `roc`.
    """
    score, signal, weight = checked(score, label, weight)
    return _mean_and_error(_placements(score, signal, weight), signal, weight)


def auc_difference(
    one: ArrayLike, other: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the area of one tagger minus that of another on the same jets, and its error.

    Parameters
    ----------
    one, other
        (n,) scores of the same jets in the same order.
    label, weight
        As of `auc_with_error`.

    Raises
    ------
    ValueError
        As of `roc`.
    """
    return mean_of_shares(auc_shares(one, other, label, weight), label, weight)


def auc_shares(
    one: ArrayLike, other: ArrayLike, label: ArrayLike, weight: ArrayLike | None = None
) -> Array:
    """Return (n,) what each jet has to do with `auc_difference`: sums of them are of sums of it.

    Parameters
    ----------
    one, other, label, weight
        As of `auc_difference`.
    """
    one, signal, weights = checked(one, label, weight)
    other, _, _ = checked(other, label, weight)
    return _placements(one, signal, weights) - _placements(other, signal, weights)


def mean_of_shares(
    shares: Array, label: ArrayLike, weight: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the difference of areas that shares (n,) of `auc_shares` are of, and its error."""
    shares, signal, weights = checked(shares, label, weight)
    return _mean_and_error(shares, signal, weights)


def rejection(curve: Roc, efficiency: float) -> tuple[float, float]:
    """Return 1/ε_B at a signal efficiency, and its error.

    Parameters
    ----------
    curve
        Of the tagger; between its points ε_B is interpolated.
    efficiency
        ε_S, above 0.

    Returns
    -------
    tuple
        1/ε_B and its error: the binomial one of ε_B, and that of ε_S, which moves the threshold,
        along the curve. Where no background is left: infinity and NaN.
    """
    kept = float(background_at(curve, efficiency))
    if kept <= 0:
        return float("inf"), float("nan")
    apart = np.sqrt(efficiency * (1 - efficiency) / curve.signal_jets)
    ends = np.clip([efficiency - apart, efficiency + apart], 0, 1)
    moved = np.diff(background_at(curve, ends))[0] / 2
    error = np.sqrt(kept * (1 - kept) / curve.background_jets + moved**2)
    return 1 / kept, float(error / kept**2)


def background_at(curve: Roc, efficiency: ArrayLike) -> Array:
    """Return ε_B where the signal's efficiency is ε_S, any shape; interpolated between points."""
    return np.interp(efficiency, curve.signal, _lowest(curve))


def _lowest(curve: Roc) -> Array:
    """ε_B for interpolation in ε_S: where a step is upright, its lower end."""
    same = np.concatenate([[False], np.diff(curve.signal) == 0])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(same))))
    return curve.background[first]


def thinned(curve: Roc, points: int = POINTS) -> pd.DataFrame:
    """Return at most `points` points of a ROC curve, the ends among them.

    Half are evenly spaced in ε_S, half in log ε_B.

    Returns
    -------
    DataFrame
        threshold, signal_efficiency, background_efficiency.
    """
    kept = np.arange(len(curve.signal))
    if len(kept) > points:
        lit = np.flatnonzero(curve.background > 0)[0]
        along = np.linspace(0, 1, points // 2)
        rising = np.geomspace(curve.background[lit], 1, points - points // 2 - 1)
        found = [np.searchsorted(curve.signal, along), np.searchsorted(curve.background, rising)]
        kept = np.unique(np.append(np.concatenate(found).clip(max=kept[-1]), kept[-1]))
    return pd.DataFrame(
        {
            "threshold": curve.threshold[kept],
            "signal_efficiency": curve.signal[kept],
            "background_efficiency": curve.background[kept],
        }
    )


def accuracy(
    score: ArrayLike,
    label: ArrayLike,
    weight: ArrayLike | None = None,
    threshold: float = 0.0,
) -> tuple[float, float]:
    """Return the share of jets on their side of a threshold, and its binomial error.

    Parameters
    ----------
    score, label, weight
        As of `roc`.
    threshold
        Of the score: 0 for log-odds.
    """
    score, signal, weight = checked(score, label, weight)
    share = float(np.average((score > threshold) == signal, weights=weight))
    effective = weight.sum() ** 2 / np.square(weight).sum()
    return share, float(np.sqrt(share * (1 - share) / effective))


def checked(
    score: ArrayLike, label: ArrayLike, weight: ArrayLike | None
) -> tuple[Array, NDArray[np.bool_], Array]:
    """Return scores (n,), which are signal (n,) and weights (n,), in double precision.

    Raises
    ------
    ValueError
        If a score is not finite, the shapes differ, or a class has no weight.
    """
    score = np.asarray(score, dtype=np.float64)
    signal = np.asarray(label) == 1
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=np.float64)
    if not score.shape == signal.shape == weight.shape or score.ndim != 1:
        raise ValueError(f"scores {score.shape}, labels {signal.shape}, weights {weight.shape}")
    if not np.isfinite(score).all():
        raise ValueError(f"{int((~np.isfinite(score)).sum())} scores are not finite")
    if not (weight[signal].sum() > 0 and weight[~signal].sum() > 0):
        raise ValueError("signal and background are needed, both with weight")
    return score, signal, weight


def _placements(score: Array, signal: NDArray[np.bool_], weight: Array) -> Array:
    """Return (n,) the weighted share of the other class that a jet is on the right side of."""
    found = np.empty(len(score))
    for mine, sign in ((signal, 1), (~signal, -1)):
        values, order = sign * score[~mine], np.argsort(sign * score[~mine], kind="stable")
        values, sums = values[order], np.concatenate([[0.0], np.cumsum(weight[~mine][order])])
        below, upto = (np.searchsorted(values, sign * score[mine], s) for s in ("left", "right"))
        found[mine] = (sums[below] + sums[upto]) / (2 * sums[-1])
    return found


def _mean_and_error(
    placements: Array, signal: NDArray[np.bool_], weight: Array
) -> tuple[float, float]:
    variance = 0.0
    for mine in (signal, ~signal):
        w, values = weight[mine], placements[mine]
        mean, count = np.average(values, weights=w), len(values)
        if count < 2:
            return float(mean), float("nan")
        squares = np.square(w * (values - mean)).sum() / w.sum() ** 2
        variance += squares * count / (count - 1)
    return float(mean), float(np.sqrt(variance))
