"""Which taggers judge the same jets alike, and in which order others have found them."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.deviations import LEVEL
from relearn.studies.spreads import Spread

CLASSES = {"signal": 1, "background": 0}
DRAWS = 50_000  # of the areas within their errors
Array = NDArray[np.float64]


def pearson(values: Array, weight: Array) -> Array:
    """Return the correlation coefficients (k, k) of k quantities (k, n) with weights (n,).

    NaN for one that does not vary.
    """
    apart = values - np.average(values, axis=1, weights=weight)[:, None]
    covariance = (apart * weight) @ apart.T
    norm = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (covariance / np.outer(norm, norm)).clip(-1, 1)


def ranks(values: Array, weight: Array) -> Array:
    """Return the weight (n,) below each value (n,), and half of that of equal ones.

    With equal weights their Pearson correlation is Spearman's.
    """
    order = np.argsort(values, kind="stable")
    there = values[order]
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    below, upto = (np.searchsorted(there, values, side) for side in ("left", "right"))
    return (sums[below] + sums[upto]) / 2


def table(
    names: Sequence[str], outputs: Sequence[Sequence[Array]], label: NDArray, weight: NDArray
) -> pd.DataFrame:
    """Return how alike the outputs of taggers are, within signal and within background.

    Parameters
    ----------
    names
        Of the taggers.
    outputs
        For each the outputs (n,) of its trials; where one has fewer, they are taken again.
    label, weight
        (n,): 1 signal, 0 background.

    Returns
    -------
    DataFrame
        ``one``, ``other``, ``class``; ``pearson`` and ``rank`` (Spearman's), weighted, means over
        the trials. A tagger beside itself is one of its trials beside the next, NaN where there is
        no next: what another training alone changes.
    """
    count = max(map(len, outputs))
    rows = []
    for side, number in CLASSES.items():
        mine = np.asarray(label) == number
        weights = np.asarray(weight, dtype=np.float64)[mine]
        values = [[one[mine] for one in trials] for trials in outputs]
        places = [[ranks(one, weights) for one in trials] for trials in values]
        found = {}
        for column, what in (("pearson", values), ("rank", places)):
            # trial t of all, then trial t + 1 of all: beside each other only with themselves
            pairs = [
                np.array([trials[(t + s) % len(trials)] for s in (0, 1) for trials in what])
                for t in range(count)
            ]
            found[column] = np.mean([pearson(one, weights) for one in pairs], axis=0)
        rows += [
            {"one": one, "other": other, "class": side}
            | {column: _entry(matrix, i, j, outputs) for column, matrix in found.items()}
            for i, one in enumerate(names)
            for j, other in enumerate(names)
        ]
    return pd.DataFrame(rows)


def _entry(matrix: Array, i: int, j: int, outputs: Sequence[Sequence[Array]]) -> float:
    if i != j:
        return float(matrix[i, j])
    return float(matrix[i, i + len(outputs)]) if len(outputs[i]) > 1 else np.nan


def kendall(found: Array, expected: Array) -> Array:
    """Return Kendall's τ: pairs in the expected order less those in the other, over all pairs.

    Parameters
    ----------
    found
        (…, k) numbers.
    expected
        (k,) numbers; pairs that are equal there do not count.
    """
    first, second = np.triu_indices(len(expected), 1)
    sign = np.sign(expected[first] - expected[second])
    return (np.sign(found[..., first] - found[..., second]) * sign).sum(axis=-1) / abs(sign).sum()


def order(
    expected: Mapping[str, float],
    points: pd.DataFrame,
    pairs: pd.DataFrame,
    spreads: Mapping[str, Spread],
) -> dict[str, float]:
    """Return how far AUCs are in an expected order, with an interval.

    Errors of the test jets are common to all taggers in part: their covariances are those that the
    errors of the differences imply. The areas are drawn within them (Student's t in the spread of
    trials), and τ of the draws has the interval. Draws are noisier than what they are drawn about,
    so that it reaches a little too far towards 0. τ has steps of one pair, and so has the interval
    at least on either side.

    Parameters
    ----------
    expected
        Tagger → its number; three (k) at least.
    points, pairs
        ``tagger``, ``auc`` and ``auc_sample`` of these taggers and others
        (`relearn.studies.tagging.summary`); their differences (`relearn.studies.pairs.table`).
    spreads
        Tagger → what its trials add to the error of its AUC.

    Returns
    -------
    dict
        ``taggers``, how many; ``tau``, ``tau_error``, ``tau_low``, ``tau_high``, at three standard
        deviations; ``told``, pairs that differ by three standard deviations in ours, ``alike``,
        how many of those in the expected order.
    """
    names, values = list(expected), np.array(list(expected.values()))
    points = points.set_index("tagger").loc[names]
    auc, sample = points["auc"].to_numpy(), points["auc_sample"].to_numpy()
    beside = pairs.set_index(["one", "other"])
    covariance = np.diag(sample**2)
    told = alike = 0
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            pair = beside.loc[(one, other)]
            common = (sample[i] ** 2 + sample[j] ** 2 - pair["difference_sample"] ** 2) / 2
            covariance[i, j] = covariance[j, i] = common
            if (
                values[i] != values[j]
                and not pair["difference_low"] <= 0 <= pair["difference_high"]
            ):
                told += 1
                alike += (pair["difference"] > 0) == (values[i] > values[j])
    trials = np.sqrt([spreads[name].variance for name in names])
    freedom = np.array([spreads[name].freedom for name in names], dtype=float)
    found = {"taggers": len(names), "told": told, "alike": alike, "tau": kendall(auc, values)}
    if not (np.isfinite(auc).all() and np.isfinite(trials).all()):
        return found | {"tau_error": np.nan, "tau_low": -np.inf, "tau_high": np.inf}
    random = np.random.default_rng(0)
    level, axes = np.linalg.eigh(covariance)
    noise = random.normal(size=(DRAWS, len(names))) @ (axes * np.sqrt(level.clip(min=0))).T
    student = random.standard_t(freedom, size=(DRAWS, len(names)))
    taus = kendall(auc + noise + trials * student, values)
    low, high = np.quantile(taus, [LEVEL, 1 - LEVEL])
    step = 2 / sum(one != other for one, other in combinations(values, 2))
    low, high = min(low, found["tau"] - step), max(high, found["tau"] + step)
    error = float(taus.std())
    return found | {"tau_error": error, "tau_low": max(low, -1.0), "tau_high": min(high, 1.0)}
