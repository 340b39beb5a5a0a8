"""Rows of tables → the number of a claim over trained networks, and how well it is known.

How well a number is known is said twice: by a standard error, and by the interval that holds
the true number at three standard deviations, 99.73 % (`LEVEL` outside on either side). With
few trials that interval is wider than three standard errors: ±19 of them for three trials.

The networks of a study share their events. The errors cover what differs from trial to trial
(initial weights, the order of batches), not another sample of events.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betainccinv

from relearn.claims import Claim, Range, Side
from relearn.deviations import LEVEL, reach
from relearn.errors import UserError

DIVERGED = "diverged"
SHOWN = 8  # values of a column that a message names


@dataclass(frozen=True)
class Estimate:
    """A number over networks, its standard error, and its interval at three deviations.

    Where one network alone gave it the error is NaN and the interval infinite.
    """

    value: float
    error: float
    low: float
    high: float


def _student(value: float, error: float, freedom: float) -> Estimate:
    if not math.isfinite(error):
        return Estimate(value, math.nan, -math.inf, math.inf)
    # Trials that all agree give no width to judge by, and no degrees of freedom.
    far = reach(freedom) * error if error > 0 else 0.0
    return Estimate(value, error, value - far, value + far)


def _variance(values: np.ndarray) -> float:
    """Variance of the mean of `values`; NaN for one."""
    return float(np.var(values, ddof=1)) / len(values) if len(values) > 1 else math.nan


def mean(values: np.ndarray) -> Estimate:
    """Return the mean of n values, s/√n, and the interval of Student's t."""
    return _student(float(np.mean(values)), math.sqrt(_variance(values)), len(values) - 1)


def mean_difference(left: np.ndarray, right: np.ndarray) -> Estimate:
    """Return the difference of two means of independent values, with Welch's interval."""
    parts = np.array([_variance(left), _variance(right)])
    freedoms = np.array([len(left) - 1, len(right) - 1])
    total = float(parts.sum())
    freedom = 1 / float(((parts / total) ** 2 / freedoms).sum()) if total > 0 else math.nan
    return _student(float(np.mean(left) - np.mean(right)), math.sqrt(total), freedom)


def share(counted: np.ndarray) -> Estimate:
    """Return the share of true values, with Clopper and Pearson's interval.

    The error is the standard deviation of the posterior for Jeffreys' prior: unlike √(p(1−p)/n)
    it is not 0 where all values are alike.
    """
    n, k = len(counted), int(np.sum(counted))
    low = float(betainccinv(k, n - k + 1, 1 - LEVEL)) if k else 0.0
    high = float(betainccinv(k + 1, n - k, LEVEL)) if k < n else 1.0
    deviation = math.sqrt((k + 0.5) * (n - k + 0.5) / (n + 2)) / (n + 1)
    return Estimate(k / n, deviation, low, high)


def share_difference(left: np.ndarray, right: np.ndarray) -> Estimate:
    """Return the difference of two shares; the distances to their limits add in quadrature."""
    a, b = share(left), share(right)
    value = a.value - b.value
    return Estimate(
        value,
        math.hypot(a.error, b.error),
        value - math.hypot(a.value - a.low, b.high - b.value),
        value + math.hypot(a.high - a.value, b.value - b.low),
    )


def select(table: pd.DataFrame, side: Side) -> pd.DataFrame:
    """Return the rows of a side.

    Raises
    ------
    UserError
        If there is no such column, or a condition does not fit its type.
    """
    _need(table, side.value, f"{side.key}value")
    if not pd.api.types.is_numeric_dtype(table[side.value]):
        raise UserError(f"{side.key}value: the column {side.value!r} is text; name one of numbers")
    keep = pd.Series(True, index=table.index)
    for column, condition in side.where.items():
        key = f"{side.key}where.{column}"
        _need(table, column, key)
        keep &= _fulfils(table[column], condition, key)
    return table[keep]


def nothing_fulfils(table: pd.DataFrame, side: Side) -> str:
    """Return why `select` finds no row: the condition that none fulfils, or all together."""
    for column, condition in side.where.items():
        if not _fulfils(table[column], condition, f"{side.key}where.{column}").any():
            there = sorted(table[column].dropna().unique())
            some = ", ".join(map(str, there[:SHOWN])) + ", …" * (len(there) > SHOWN)
            return (
                f"no row of {side.table}.csv fulfils `{side.key}where.{column}`; there are {some}"
            )
    return (
        f"no row of {side.table}.csv fulfils `{side.key}where`, each condition for itself some do"
    )


def _need(table: pd.DataFrame, column: str, key: str) -> None:
    if column not in table:
        raise UserError(f"{key}: there is no column {column!r}; there are {', '.join(table)}")


def _fulfils(values: pd.Series, condition: Any, key: str) -> pd.Series:
    numeric = pd.api.types.is_numeric_dtype(values)
    if isinstance(condition, Range):
        if not numeric:
            raise UserError(f"{key}: the column is text, and a range needs numbers; list values")
        return values.between(condition.min, condition.max)
    wanted = condition if isinstance(condition, list) else [condition]
    if not numeric:
        return values.astype(str).isin([str(value) for value in wanted])
    if any(isinstance(value, str) for value in wanted):
        raise UserError(f"{key}: the column holds numbers; write {condition!r} without quotes")
    numbers = values.to_numpy(dtype=float)[:, None]
    return pd.Series(np.isclose(numbers, wanted, rtol=1e-6, atol=0).any(axis=1), values.index)


def networks(rows: pd.DataFrame, column: str) -> tuple[pd.Series, list[str]]:
    """Return one number for each network, and what was left out, in words.

    Several rows of one network (bins, epochs, components) are averaged: they are one trial.
    So are two scans' networks of one name: their seeds come from it, and are alike. Diverged
    networks are left out, and those without a value.
    """
    if "status" in rows:
        diverged = rows["status"] == DIVERGED
    else:
        diverged = pd.Series(False, index=rows.index)
    good = rows[~diverged & rows[column].notna()]
    left_out = {"diverged": int(diverged.sum()), "have no value": len(rows) - len(good)}
    left_out["have no value"] -= left_out["diverged"]
    notes = [f"{n} of {len(rows)} rows {what}, left out" for what, n in left_out.items() if n]
    if "run" not in rows:
        return good[column].astype(float), notes
    return good.groupby("run")[column].mean().astype(float), notes


def known(rows: pd.DataFrame, column: str) -> Estimate:
    """Return a number whose interval stands in the table (`relearn.studies.tagging`).

    Parameters
    ----------
    rows
        One row.
    column
        Of the number; ``_low``, ``_high`` and ``_error`` are beside it.

    Raises
    ------
    UserError
        If there are several rows, or no such columns.
    """
    if len(rows) > 1:
        raise UserError(f"where: {len(rows)} rows fulfil it; an `interval` is of one")
    names = [column, *(f"{column}_{end}" for end in ("error", "low", "high"))]
    for name in names:
        _need(rows, name, "interval")
    return Estimate(*map(float, rows.iloc[0][names]))


def measure(claim: Claim, sides: list[pd.Series]) -> Estimate:
    """Return the quantity of a claim from the numbers of its networks (`networks`).

    Where both sides are the same networks (two columns, two test samples) their differences
    are averaged, network by network: what a trial adds to both sides drops out.
    """
    if claim.within is not None:
        inside = [side.between(claim.within.min, claim.within.max).to_numpy() for side in sides]
        return share(*inside) if len(sides) == 1 else share_difference(*inside)
    if len(sides) == 1:
        return mean(sides[0].to_numpy())
    left, right = sides
    if left.index.name == "run" == right.index.name and set(left.index) == set(right.index):
        return mean((left - right).to_numpy())
    return mean_difference(left.to_numpy(), right.to_numpy())
