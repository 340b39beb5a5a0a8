"""V → V²: straight pieces, zero crossings, and who works for which component (talk 004)."""

from collections.abc import Mapping
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies import segments
from relearn.studies.dead_units import dead_units
from relearn.studies.evaluate import evaluate, median_runs, spread_over
from relearn.studies.inputs import StudyInputs
from relearn.studies.units import COMPONENTS, initial_weights, share_of_units, unevenness

RANGE = (0.005, 0.995)  # quantiles of the test events: beyond, the training saw too few
VISIBLE = 1e-3  # of the parabola's whole change of slope: a kink that is smaller is no kink
LIKE_THE_FIRST = ["activation", "convention", "initialiser", "dropout"]
PANEL_NODES = (3, 10, 25, 100, 500)
CURVE_POINTS = 401


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, the `curves` of some networks, and the `history` of their cost.

    Further columns of the main table are those of `look_along` and of
    `relearn.studies.units`; `relative_rmse`, the rms error over the standard deviation of V_i²,
    the components pooled; `rmse_px` … GeV²; `best_relative_rmse`, see that function, of one
    layer of piecewise linear units, shared evenly, a kink each; `dead_units`.

    Curves and history are of some sizes of the networks that `reference` chooses. Curves are
    of the median trials: run, hidden, nodes, trial, epochs, component, kind (``curve``,
    ``kink``, ``crossing``), x (GeV), true, predicted, residual (predicted − true, GeV²). They
    run along one component where the others are 0: in the middle of the events, and where the
    straight pieces are exactly straight; an average over the other components would round
    every kink that depends on them.
    """

    def look(
        row: Mapping[str, Any], network: torch.nn.Module, true: np.ndarray, said: np.ndarray
    ) -> dict[str, Any]:
        squared = np.mean((said - true) ** 2, axis=0)
        error = dict(zip((f"rmse_{c}" for c in COMPONENTS), np.sqrt(squared), strict=True))
        return {
            "relative_rmse": float(np.sqrt(squared.mean() / true.var(axis=0).mean())),
            "best_relative_rmse": best_relative_rmse(row["nodes"] / len(COMPONENTS) + 1)
            if row["layers"] == 1 and segments.is_piecewise_linear(network)
            else float("nan"),
            **error,
            **look_along(network, limits_of(inputs, row["dataset"])),
            **share_of_units(network),
            **initial_weights(row, network),
            "dead_units": sum(dead_units(network, inputs.test_inputs(row["dataset"]))),
        }

    table = evaluate(inputs, look)
    table["reference"] = reference(table)
    chosen = table[table["reference"]]
    keys = ["scan", "run", "hidden", "nodes", "trial"]
    watched = chosen[chosen["nodes"].isin(spread_over(chosen["nodes"], PANEL_NODES))]
    return {
        "": table,
        "curves": curves(inputs, chosen),
        "history": inputs.history().merge(watched[keys], on=["scan", "run"]),
    }


def reference(table: pd.DataFrame) -> pd.Series:
    """Return which networks stand for their size: those of the longest training.

    Of the networks with the first one's activation, convention and initial weights; where
    several scans trained a size equally long, those of the first.
    """
    alike = (table[LIKE_THE_FIRST] == table[LIKE_THE_FIRST].iloc[0]).all(axis=1)
    budget = table.groupby("scan")["epochs"].transform("max")
    order = table.assign(budget=budget)[alike].sort_values("budget", ascending=False, kind="stable")
    scan = order.groupby("hidden")["scan"].first()
    return alike & (table["scan"] == table["hidden"].map(scan))


def limits_of(inputs: StudyInputs, dataset: str) -> list[tuple[float, float]]:
    """Return the range of each component that is looked at, GeV."""
    low, high = np.quantile(inputs.data(dataset).inputs, RANGE, axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def best_relative_rmse(pieces: float) -> float:
    """Return the least rms error of `pieces` straight pieces, over the standard deviation.

    Of x² under a Gaussian of width σ, with free knots, for many pieces: a piece of length h has
    the squared error h⁵ f''²/720, and knots of density ∝ w^(1/5) (de Boor) give
    2 (∫ w^(1/5) dx)^(5/2) / (√720 n²) = 3.50 σ²/n². The standard deviation of x² is √2 σ².
    """
    integral = (10 * np.pi) ** 2 * np.sqrt(5)  # (∫ w^(1/5) dx)⁵ / σ⁴
    return float(2 * np.sqrt(integral / 720) / (np.sqrt(2) * pieces**2))


# --- along the axes -------------------------------------------------------------------


def look_along(network: torch.nn.Module, limits: list[tuple[float, float]]) -> dict[str, float]:
    """Return the straight pieces and zero crossings along each component.

    Parameters
    ----------
    network
        V → V².
    limits
        Range of each component, GeV.

    Returns
    -------
    dict
        `crossings_px` …, `crossings`: zero crossings of predicted − true, and their sum. For
        piecewise linear networks also (else NaN): `segments_px` …, `segments`: pieces between
        visible kinks; `segments_unevenness`: (most − fewest) / mean over the components;
        `segments_even`: 1 if they differ by one at most, else 0;
        `segment_length`: mean, GeV; `largest_bend`: the largest change of slope at a kink, as
        a share of the parabola's along the range: small is smooth; `crossings_per_segment`
        (best-fit chords: 2); `two_crossings`: share of the pieces between two kinks that have
        exactly two, and `two_crossings_chance`, the same if each crossing between the outermost
        kinks fell anywhere; `crossing_distance`: median distance of the two over the piece's
        length (best-fit chord: 1/√3 = 0.577; anywhere: 0.29).
    """
    numbers: dict[str, float] = {}
    straight = segments.is_piecewise_linear(network)
    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    bends = []
    for component, (name, (low, high)) in enumerate(zip(COMPONENTS, limits, strict=True)):
        kinks, crossings, change = positions(network, component, (low, high))
        numbers[f"crossings_{name}"] = len(crossings)
        if straight:
            numbers[f"segments_{name}"] = len(kinks) + 1
            pieces.append((kinks, crossings))
            bends.extend(np.abs(change) / (2 * (high - low)))
    numbers["crossings"] = sum(numbers[f"crossings_{c}"] for c in COMPONENTS)
    if not straight:
        return numbers
    counts = np.array([numbers[f"segments_{c}"] for c in COMPONENTS])
    numbers["segments"] = int(counts.sum())
    numbers["segments_unevenness"] = unevenness(counts)
    numbers["segments_even"] = int(np.ptp(counts) <= 1)
    numbers["segment_length"] = sum(high - low for low, high in limits) / numbers["segments"]
    numbers["largest_bend"] = float(max(bends, default=np.nan))
    numbers["crossings_per_segment"] = numbers["crossings"] / numbers["segments"]
    return numbers | crossings_in_pieces(pieces)


def positions(
    network: torch.nn.Module, component: int, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the visible kinks, the zero crossings and the kinks' changes of slope.

    Exact where the network is piecewise linear; else there are no kinks, and the crossings are
    those of a grid of ten times `CURVE_POINTS`.
    """
    if not segments.is_piecewise_linear(network):
        x = np.linspace(*limits, 10 * CURVE_POINTS)
        crossings = segments.grid_crossings(x, segments.along(network, component, x) - x**2)
        return np.empty(0), crossings, np.empty(0)
    x = segments.breaks(network, component, limits)
    y = segments.along(network, component, x)
    change = segments.bends(x, y)
    seen = np.abs(change) > VISIBLE * 2 * (limits[1] - limits[0])
    return x[1:-1][seen], segments.parabola_crossings(x, y), change[seen]


def crossings_in_pieces(pieces: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Return `two_crossings`, `two_crossings_chance` and `crossing_distance` of `look_along`.

    Parameters
    ----------
    pieces
        For each component its kinks and crossings, rising. What is outside of the kinks
        belongs to pieces that the range cuts, and does not count.
    """
    counts, chances, ratios = [], [], []
    for kinks, crossings in pieces:
        if len(kinks) < 2:
            continue
        here = np.histogram(crossings, kinks)[0]
        lengths = np.diff(kinks)
        counts.extend(here)
        share, total = lengths / lengths.sum(), int(here.sum())
        chances.extend(comb(total, 2) * share**2 * (1 - share) ** max(total - 2, 0))  # binomial
        first = np.searchsorted(crossings, kinks[:-1][here == 2])
        ratios.extend((crossings[first + 1] - crossings[first]) / lengths[here == 2])
    return {
        "two_crossings": float(np.mean(np.equal(counts, 2))) if counts else float("nan"),
        "two_crossings_chance": float(np.mean(chances)) if counts else float("nan"),
        "crossing_distance": float(np.median(ratios)) if ratios else float("nan"),
    }


# --- curves ---------------------------------------------------------------------------


def curves(inputs: StudyInputs, table: pd.DataFrame) -> pd.DataFrame:
    """Return the curves, kinks and crossings of the median trials of some sizes."""
    median = median_runs(table, ["hidden"])
    if median.empty:
        return pd.DataFrame()
    wanted = median[median["nodes"].isin(spread_over(median["nodes"], PANEL_NODES))]
    chosen = set(zip(wanted["scan"], wanted["run"], strict=True))
    tables = []
    for row in inputs.runs.to_dict("records"):
        if (row["scan"], row["run"]) not in chosen:
            continue
        network = inputs.network(row)
        place = {key: row[key] for key in ("run", "hidden", "nodes", "trial", "epochs")}
        for component, limits in enumerate(limits_of(inputs, row["dataset"])):
            kinks, crossings, _ = positions(network, component, limits)
            grid = np.linspace(*limits, CURVE_POINTS)
            for kind, x in (("curve", grid), ("kink", kinks), ("crossing", crossings)):
                columns = {
                    "component": COMPONENTS[component],
                    "kind": kind,
                    "x": x,
                    "true": x**2,
                    "predicted": segments.along(network, component, x),
                }
                tables.append(pd.DataFrame(place | columns))
    found = pd.concat(tables, ignore_index=True)
    return found.assign(residual=found["predicted"] - found["true"])
