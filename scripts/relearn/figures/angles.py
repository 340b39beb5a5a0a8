"""Angles and boost of the muon pair: which are easy to learn (talk 000's outlook)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure, SubFigure

from relearn.figures import panels, style

COLUMNS = 3
WIDTH = 11.5  # inches
MARKERS = "osD^vPX*"


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw predicted against true of each target's best size, and accuracy against size.

    Parameters
    ----------
    tables
        As `relearn.studies.angles.measure` returns them.
    options
        None are known.
    """
    table = panels.with_columns(tables[""], ("absolute_resolution", "spread"))
    predictions = tables["predictions"]
    targets = list(dict.fromkeys(table["target"]))
    rows = -(-len(targets) // COLUMNS)
    heights = (rows * panels.row_height(WIDTH, COLUMNS), 4.0)
    fig = Figure(figsize=(WIDTH, sum(heights)))
    top, bottom = fig.subfigures(2, 1, height_ratios=heights)
    letter = _predicted(top, table, predictions, targets)
    _against_size(bottom, table, targets, letter)
    return fig


def _predicted(
    fig: SubFigure, table: pd.DataFrame, predictions: pd.DataFrame, targets: list[str]
) -> str:
    """Draw a panel for each target; return the letter after the last one."""
    rows = -(-len(targets) // COLUMNS)
    axes = fig.subplots(rows, min(COLUMNS, len(targets)), squeeze=False).ravel()
    letter = "a"
    for ax, target in zip(axes, targets, strict=False):
        label = style.TARGET_LABELS.get(target, target)
        events = predictions
        if len(predictions):
            events = predictions[predictions["target"] == target]
        if events.empty:
            panels.nothing(ax)
            panels.title(ax, letter, label.split(" [")[0])
        else:
            first = events.iloc[0]
            text = panels.quality(table, first["run"], "absolute_resolution")
            panels.predicted_panel(ax, events, text)
            ax.set(xlabel=f"true {label}", ylabel=f"predicted {label}")
            size = panels.nodes_label(first["hidden"])
            panels.title(ax, letter, f"{label.split(' [')[0]}, {size}")
        letter = panels.after(letter)
    for ax in axes[len(targets) :]:
        ax.set_axis_off()
    return letter


def _against_size(fig: SubFigure, table: pd.DataFrame, targets: list[str], letter: str) -> None:
    """Draw r, and the resolution in units of the target's own spread, against the size."""
    frame = panels.with_miss(table).assign(
        relative=table["absolute_resolution"] / table["spread"],
        size=table["hidden"].map(panels.sizes_label),
    )
    sizes = list(dict.fromkeys(frame.sort_values("parameters", kind="stable")["size"]))
    axes = accuracy, resolution = fig.subplots(1, 2)
    for i, target in enumerate(targets):
        part = frame[frame["target"] == target]
        where = {"categories": sizes, "offset": 0.1 * (i - (len(targets) - 1) / 2)}
        colour = style.PALETTE[i % len(style.PALETTE)]
        look = {"bars": True, "marker": MARKERS[i % len(MARKERS)], "colour": colour}
        label = style.TARGET_LABELS.get(target, target).split(" [")[0]
        style.band(accuracy, part, "size", "miss", label, **look, **where)
        style.band(resolution, part, "size", "relative", **look, **where)
        style.diverged(accuracy, part, "size", colour, edge="bottom", **where)
        style.diverged(resolution, part, "size", colour, **where)
    panels.r_axis(accuracy)
    panels.plain_log("y", resolution)
    resolution.set_ylabel("resolution / spread of the truth")
    for ax, text in zip(axes, ("Correlation", "Resolution"), strict=True):
        ax.set_xlabel("nodes of the hidden layers")
        panels.title(ax, letter, f"{text} against size")
        letter = panels.after(letter)
    panels.legend(fig)
