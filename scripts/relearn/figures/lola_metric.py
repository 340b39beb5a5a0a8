"""The metric that LoLa learns, from each start, beside the talk's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, style, tagging

COMPONENTS = {"K": r"$K$ ($E$)", "L": r"$L$ ($p_x$)", "M": r"$M$ ($p_y$)", "N": r"$N$ ($p_z$)"}
TALK = {"K": (0.99, 0.02), "L": (-1.01, 0.01), "M": (-1.01, 0.02), "N": (-0.99, 0.02)}
STARTS = {"minkowski": "Minkowski", "euclid": "Euclid", "random": "random"}
METRICS = {
    "fixed/minkowski": "fixed",
    "trained/minkowski": "trained, from Minkowski",
    "trained/euclid": "trained, from Euclid",
    "trained/random": "trained, from random",
}
WIDTH = 0.3  # of a component's place, to either side
BESIDE = 0.43  # where the talk's number stands
TALK_LOOK = {"color": style.BLACK, "mfc": "white", "ms": 5, "lw": 1.2, "zorder": 4}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw each learned metric from its start to its end, a panel for each start, and the AUC.

    Parameters
    ----------
    tables
        As `relearn.studies.lola_metric.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    components = tables["components"]
    starts = tagging.present(components, "metric_start", STARTS) or {"": "no trained metric"}
    fig = Figure(figsize=(12.5, 8.2))
    top, bottom = fig.subfigures(2, 1, height_ratios=(4.6, 3.6))
    axes = top.subplots(1, len(starts), sharey=True, squeeze=False)[0]
    letter = "a"
    for ax, (start, text) in zip(axes, starts.items(), strict=True):
        _from(ax, components[components["metric_start"] == start])
        panels.title(ax, letter, f"From {text}" if start else text)
        letter = panels.after(letter)
    axes[0].set_ylabel("component over mean size, $K > 0$")
    top.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    named, labels = points.named(
        {name: _named(tables[name]) for name in ("", "points", "pairs")}, {"name": METRICS}
    )
    look = tagging.looks(list(labels))
    auc, pairs = bottom.subplots(1, 2)
    points.areas(auc, named, labels, look)
    text, otherwise = "AUC $-$ AUC of the fixed metric", "no fixed metric to compare with"
    points.differences(pairs, named["pairs"], labels, look, text, otherwise)
    for ax, text in zip(
        (auc, pairs), ("What it is worth", "Against the fixed metric"), strict=True
    ):
        panels.title(ax, letter, text)
        letter = panels.after(letter)
    return fig


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column `name`: fixed or trained, and the start."""
    return table.assign(name=table["metric"] + "/" + table["metric_start"])


def _from(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw the metrics of one start: a line from start to end for each network."""
    for place, (name, (value, error)) in enumerate(TALK.items()):
        ends = (place - WIDTH, place + WIDTH)
        ax.errorbar(place + BESIDE, value, error, fmt="D", **TALK_LOOK)
        mine = rows[rows["component"] == name]
        colour = style.PALETTE[place]
        for _, row in mine.iterrows():
            ax.plot(ends, (row["start"], row["value"]), color=colour, alpha=0.5, lw=1)
        begin, end = (np.full(len(mine), at) for at in ends)
        ax.plot(begin, mine["start"], "o", color=colour, mfc="white", ms=5)
        ax.plot(end, mine["value"], "o", color=colour, ms=5)
    grey = {"color": style.GREY, "ls": ""}
    ax.plot([], [], "o", mfc="white", label="start", **grey)
    ax.plot([], [], "o", label="learned, each trial", **grey)
    ax.errorbar([], [], [], fmt="D", label="the talk's", **TALK_LOOK)
    ax.axhline(0, color=style.BLACK, lw=1)
    ax.set_xticks(range(len(COMPONENTS)), list(COMPONENTS.values()))
    ax.set_xlim(-0.6, len(COMPONENTS) - 0.4)
    ax.grid(axis="x", visible=False)
