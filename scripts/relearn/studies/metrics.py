"""How well a prediction agrees with the truth: correlation, resolution, shares of good events.

Predictions with several components are pooled. Where a network diverged (a value that is not
finite) every number is NaN. Where it says the same for all events, as one does whose units
have died, the correlation is taken as 0 rather than as undefined: it has learnt nothing.
"""

from collections.abc import Sequence

import numpy as np

QUANTILES = (0.16, 0.84)
COLUMNS = ("r", "resolution", "within_1pct", "within_10pct", "rmse", "r2")
PT_EDGES = (0, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500)  # GeV, of all studies
MASS_EDGES = (0, 10, 20, 30, 40, 60, 80, 100, 120, 150, 200, 250, 300, 400, 600, 1000)  # GeV
OF_BINS = ("low", "high", "events", "bias", "resolution", "within_1pct", "within_10pct", "rmse")
FEWEST_IN_BIN = 30  # below, the 16 % and 84 % quantiles rest on five events each


def correlation(true: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's r of two arrays of one shape; 0 if either is constant."""
    x, y = true.ravel(), predicted.ravel()
    x, y = x - x.mean(), y - y.mean()
    norm = np.sqrt((x @ x) * (y @ y))
    return float(np.clip(x @ y / norm, -1, 1)) if norm > 0 else 0.0


def relative_residual(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return predicted / true − 1, flat, of the events whose truth is not 0."""
    x, y = true.ravel(), predicted.ravel()
    known = x != 0
    return y[known] / x[known] - 1


def half_width(residual: np.ndarray) -> float:
    """Return half the distance of the 16 % and the 84 % quantile; 0.994 σ of a Gaussian."""
    if residual.size == 0:
        return float("nan")
    low, high = np.quantile(residual, QUANTILES)
    return float(high - low) / 2


def summarise(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return all numbers that a study quotes of one network.

    Parameters
    ----------
    true, predicted
        Arrays (n, k) or (n,) in natural units.

    Returns
    -------
    dict
        `r`, Pearson's correlation (the talk's measure); `resolution`, half the 16–84 % width
        of predicted/true − 1; `within_1pct`, `within_10pct`, the shares of events with
        |predicted/true − 1| below 0.01, 0.1; `rmse`, in the target's unit; `r2`, the share of
        the variance that is explained. All NaN where a prediction is not finite.

    Raises
    ------
    ValueError
        If the shapes differ or there are no events.
    """
    true, predicted = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    if true.shape != predicted.shape or not true.size:
        raise ValueError(f"truth {true.shape} and prediction {predicted.shape} do not fit")
    if not np.isfinite(predicted).all():
        return dict.fromkeys(COLUMNS, float("nan"))
    residual = relative_residual(true, predicted)
    squared = float(np.mean((predicted - true) ** 2))
    # Each component about its own mean: what predicting the means would give.
    variance = float(np.mean(np.var(true, axis=0)))
    return {
        "r": correlation(true, predicted),
        "resolution": half_width(residual),
        "within_1pct": _share(residual, 0.01),
        "within_10pct": _share(residual, 0.1),
        "rmse": squared**0.5,
        "r2": 1 - squared / variance if variance > 0 else float("nan"),
    }


def _share(residual: np.ndarray, limit: float) -> float:
    return float(np.mean(np.abs(residual) < limit)) if residual.size else float("nan")


def in_bins(
    variable: np.ndarray, true: np.ndarray, predicted: np.ndarray, edges: Sequence[float]
) -> list[dict[str, float]]:
    """Return the accuracy in bins of a true variable.

    Parameters
    ----------
    variable
        What the bins are of, (n,).
    true, predicted
        One component each, (n,) or (n, 1).
    edges
        Rising edges of the bins; the upper one is not part of a bin.

    Returns
    -------
    list of dict
        One for each bin with at least `FEWEST_IN_BIN` events, `OF_BINS`: low, high, events,
        bias (median of predicted/true − 1), resolution, within_1pct, within_10pct, rmse.
        NaN where the network diverged.
    """
    variable, true, predicted = (np.ravel(a) for a in (variable, true, predicted))
    number = np.digitize(variable, edges) - 1
    rows = []
    for i, (low, high) in enumerate(zip(edges, edges[1:], strict=False)):
        here = number == i
        events = int(here.sum())
        if events < FEWEST_IN_BIN:
            continue
        numbers = summarise(true[here], predicted[here])
        finite = np.isfinite(numbers["rmse"])
        bias = np.median(relative_residual(true[here], predicted[here])) if finite else np.nan
        rows.append(
            {"low": low, "high": high, "events": events, "bias": float(bias)}
            | {key: numbers[key] for key in OF_BINS[4:]}
        )
    return rows
