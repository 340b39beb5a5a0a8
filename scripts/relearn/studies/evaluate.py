"""One row per trained network: its place in the scan, its metrics, and what a study adds."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies import metrics
from relearn.studies.inputs import StudyInputs

DIVERGED = "diverged"
PANEL_EVENTS = 1500  # points of a predicted-against-true panel
Look = Callable[[Mapping[str, Any], torch.nn.Module, np.ndarray, np.ndarray], dict[str, Any]]


def evaluate(inputs: StudyInputs, look: Look | None = None) -> pd.DataFrame:
    """Return the main table of a study: the columns of ``runs.csv``, metrics, extra columns.

    Parameters
    ----------
    inputs
        Networks and events.
    look
        ``look(row, network, true, predicted)`` gives further columns of a network. It is not
        asked about a diverged one, whose metrics are NaN.

    Returns
    -------
    DataFrame
        One row per network, in the order of the scans.
    """
    rows = []
    for row in inputs.runs.to_dict("records"):
        numbers: dict[str, Any] = dict.fromkeys(metrics.COLUMNS, float("nan"))
        if row["status"] != DIVERGED:
            network = inputs.network(row)
            true, predicted = inputs.predictions(row, network=network)
            numbers = metrics.summarise(true, predicted)
            if look:
                numbers |= look(row, network, true, predicted)
        rows.append(row | numbers)
    return pd.DataFrame(rows).drop(columns="folder")


def evaluate_in_bins(
    inputs: StudyInputs,
    variables: Mapping[str, Iterable[float]],
    keys: Iterable[str],
    look: Look | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the main table, and the accuracy in bins of every network that did not diverge.

    Parameters
    ----------
    inputs
        Networks and events.
    variables
        Edges of the bins, by the target that they are of.
    keys
        Columns of ``runs.csv`` to repeat in the bins, besides run and trial.
    look
        As of `evaluate`.
    """
    edges = {variable: list(of_it) for variable, of_it in variables.items()}
    columns = ("run", *keys, "trial")
    bins: list[dict[str, Any]] = []

    def look_in_bins(
        row: Mapping[str, Any], network: torch.nn.Module, true: np.ndarray, said: np.ndarray
    ) -> dict[str, Any]:
        targets = inputs.data(row["dataset"]).targets
        for variable in edges:
            place = {"variable": variable} | {key: row[key] for key in columns}
            found = metrics.in_bins(targets[variable], true, said, edges[variable])
            bins.extend(place | one for one in found)
        return look(row, network, true, said) if look else {}

    table = evaluate(inputs, look_in_bins)
    # Columns are named even where no bin has events enough.
    return table, pd.DataFrame(bins, columns=["variable", *columns, *metrics.OF_BINS])


def median_runs(table: pd.DataFrame, by: Iterable[str]) -> pd.DataFrame:
    """Return for each point of a scan the trial whose r is the median (the lower of two)."""
    good = table.dropna(subset="r").sort_values(["r", "run"])
    points = good.groupby(list(by), sort=False, dropna=False)
    middle = (points["r"].transform("size") - 1) // 2
    return good[points.cumcount() == middle].sort_index()


def spread_over(sizes: Iterable[int], wanted: Iterable[int]) -> list[int]:
    """Return the sizes that are nearest to the wanted ones, each once, rising."""
    available = sorted(set(sizes))
    return sorted({min(available, key=lambda size: abs(size - aim)) for aim in wanted})


def predictions_of(inputs: StudyInputs, chosen: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Return truth and prediction of some test events, the same for all chosen networks.

    Parameters
    ----------
    inputs
        Networks and events.
    chosen
        Rows of a main table.
    keys
        Columns to repeat, besides run.

    Returns
    -------
    DataFrame
        run, the keys, true, predicted: at most `PANEL_EVENTS` events evenly spread over the
        test sample for each network.
    """
    tables = []
    # A run's name is unique within its scan; two scans may share a point.
    rows = {(row["scan"], row["run"]): row for row in inputs.runs.to_dict("records")}
    for place in zip(chosen["scan"], chosen["run"], strict=True):
        row = rows[place]
        true, predicted = inputs.predictions(row)
        events = slice(None, None, max(1, math.ceil(len(true) / PANEL_EVENTS)))
        columns = {"true": true[events, 0], "predicted": predicted[events, 0]}
        tables.append(pd.DataFrame({key: row[key] for key in ("run", *keys)} | columns))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
