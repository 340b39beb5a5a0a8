"""Main tables → one table of all trained networks, for the page to search and sort."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from relearn.errors import UserError

# Column → what its head says; in this order, as far as some table has it. The name says the
# point of the scan already, so the results come first.
COLUMNS = {
    "run": "network",
    "test_dataset": "tested on",
    "r": "r",
    "auc": "AUC",
    "rejection50": "rejection at 50 %",
    "miscalibration": "miscalibration",
    "r2": "R²",
    "resolution": "resolution",
    "within_1pct": "within 1 %",
    "within_10pct": "within 10 %",
    "rmse": "RMSE",
    "parameters": "parameters",
    "hidden": "hidden nodes",
    "activation": "activation",
    "dataset": "trained on",
    "target": "target",
    "scan": "scan",
    "convention": "convention",
    "initialiser": "initial weights",
    "dropout": "dropout",
    "start": "start",
    "trial": "trial",
    "best_validation_loss": "best validation loss",
    "best_epoch": "best epoch",
    "epochs": "epochs",
    "status": "status",
    "architecture": "architecture",
    "device": "device",
}
NEEDED = ("run", "scan", "status")
OF_TAGGERS = "size"  # a column that tables of taggers have, which need no r
UNTRAINED = "none"  # the scan of what was put together from trained taggers
KEY = ["scan", "run", "test_dataset"]  # one network may be tested on several samples
ALWAYS = ["run", "r", "status", "studies"]  # shown even if they are the same for all
DIGITS = 6


def collect(tables: Mapping[str, pd.DataFrame], files: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per network and test sample, with `COLUMNS` and `studies`.

    Parameters
    ----------
    tables
        Study → its main table. One without the column `run` is not about networks.
    files
        Study → file of the table, for messages.

    Returns
    -------
    DataFrame
        A network that several studies look at is there once; `studies` names them all.

    Raises
    ------
    UserError
        If a table of networks lacks a column.
    """
    found = []
    for study, table in tables.items():
        if "run" not in table:
            continue
        needed = NEEDED if OF_TAGGERS in table else (*NEEDED, "r")
        missing = [name for name in needed if name not in table]
        if missing:
            raise UserError(
                f"{files[study]} has no column {', '.join(missing)}: delete it and run again"
            )
        columns = [name for name in COLUMNS if name in table]
        found.append(table[columns].assign(studies=study))
    if not found:
        return pd.DataFrame(columns=["run", "studies"])
    rows = pd.concat(found, ignore_index=True)
    if {"dataset", "test_dataset"} <= set(rows):
        # Where a study does not say it, it tests on the sample that was trained on.
        rows["test_dataset"] = rows["test_dataset"].fillna(rows["dataset"])
    return _once_each(rows)


def _once_each(rows: pd.DataFrame) -> pd.DataFrame:
    key = [name for name in KEY if name in rows]
    studies = rows.groupby(key, sort=False, dropna=False)["studies"].agg(" ".join)
    once = rows.drop_duplicates(key).set_index(key)
    once["studies"] = studies
    once = once.reset_index()
    return once[[*(name for name in COLUMNS if name in once), "studies"]]


def split_constant(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the columns that differ between networks, and what the others all say."""
    same = {
        name: str(rows[name].iloc[0])
        for name in rows.columns.difference(ALWAYS, sort=False)
        if len(rows) > 1 and rows[name].nunique(dropna=False) == 1
    }
    return rows.drop(columns=list(same)), {COLUMNS[name]: value for name, value in same.items()}


def payload(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the page's script reads.

    Returns
    -------
    dict
        keys and heads of the columns; numeric, which of them hold numbers; rows of values. A
        number has six significant digits, and is None where it is not finite.
    """
    numeric = [pd.api.types.is_numeric_dtype(rows[key]) for key in rows]
    columns = [
        [_rounded(value) if is_number else _text(value) for value in rows[key]]
        for key, is_number in zip(rows, numeric, strict=True)
    ]
    return {
        "keys": list(rows),
        "heads": [COLUMNS.get(key, key) for key in rows],
        "numeric": numeric,
        "rows": [list(row) for row in zip(*columns, strict=True)],
    }


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if pd.isna(value) else str(value)
