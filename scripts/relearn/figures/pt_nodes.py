"""pT of Z→μμ against the nodes of one hidden layer: how many are enough (talk 000)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from relearn.figures import panels, style

TALK_NODES = (9, 10)  # "almost perfect accuracy"
TALK = "the talk's 9–10 nodes"
WIDTH = 12.5  # inches
IN_BINS = (
    ("pt", "resolution", "Resolution in bins"),
    ("pt", "within_10pct", "Within 10 % in bins"),
    ("pt", "within_1pct", "Within 1 % in bins"),
    ("mass", "resolution", "Resolution and mass"),
)


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw accuracy against nodes, predicted against true pT, and accuracy in bins of pT and mass.

    Parameters
    ----------
    tables
        As `relearn.studies.pt_nodes.measure` returns them.
    options
        None are known.
    """
    predictions = tables["predictions"]
    sizes = sorted(predictions["nodes"].unique()) if len(predictions) else []
    heights = (4.0, panels.row_height(WIDTH, len(sizes)), 3.8)
    fig = Figure(figsize=(WIDTH, sum(heights)))
    top, middle, bottom = fig.subfigures(3, 1, height_ratios=heights)
    _against_nodes(top, tables[""])
    letter = _predicted(middle, tables[""], predictions, sizes)
    _in_bins(bottom, tables["bins"], sizes, letter)
    return fig


def _against_nodes(fig: SubFigure, table: pd.DataFrame) -> None:
    accuracy, resolution, tenth, hundredth = axes = fig.subplots(1, 4)
    for convention, part in panels.with_miss(table).groupby("convention", sort=False):
        colour = style.CONVENTION_COLOURS[convention]
        columns = ("miss", "resolution", "within_10pct", "within_1pct")
        for ax, column in zip(axes, columns, strict=True):
            style.band(ax, part, "nodes", column, colour=colour)
            edge = "top" if ax is resolution else "bottom"
            style.diverged(ax, part, "nodes", colour, edge=edge)
    panels.r_axis(accuracy)
    panels.plain_log("y", resolution)
    resolution.set_ylabel("relative resolution")
    panels.percent(tenth, hundredth)
    tenth.set_ylabel("share of test events")
    texts = ("Correlation", "Resolution", "Within 10 % of the truth", "Within 1 % of the truth")
    for ax, letter, text in zip(axes, "abcd", texts, strict=True):
        panels.talk_span(ax, TALK_NODES[0] - 0.5, TALK_NODES[1] + 0.5)
        panels.whole_numbers(ax)
        ax.set_xlabel("nodes in the hidden layer")
        panels.title(ax, letter, text)
    handles = [*panels.conventions(table), panels.talk_patch(TALK)]
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=10)


def _predicted(
    fig: SubFigure, table: pd.DataFrame, predictions: pd.DataFrame, sizes: list[int]
) -> str:
    """Draw a panel for each size; return the letter after the last one."""
    letter = "e"
    if not sizes:
        panels.nothing(fig.subplots())
        return letter
    limits = panels.truth_limits(predictions["true"])
    axes = fig.subplots(1, len(sizes), squeeze=False)[0]
    for ax, nodes in zip(axes, sizes, strict=True):
        events = predictions[predictions["nodes"] == nodes]
        panels.predicted_panel(ax, events, panels.quality(table, events["run"].iloc[0]), limits)
        panels.title(ax, letter, panels.nodes_label(f"{nodes}"))
        letter = panels.after(letter)
        ax.set_xlabel(f"true {style.TARGET_LABELS['pt']}")
    axes[0].set_ylabel(f"predicted {style.TARGET_LABELS['pt']}")
    return letter


def _in_bins(fig: SubFigure, bins: pd.DataFrame, sizes: list[int], letter: str) -> None:
    def draw(ax: Axes, target: str, column: str, named: bool) -> None:
        first = bins[bins["convention"] == bins["convention"].iloc[0]]
        first = first[first["variable"] == target]
        for nodes, colour in panels.sequence(sizes).items():
            part = first[first["nodes"] == nodes]
            panels.over_bins(ax, part, column, f"{nodes}" if named else "", colour)

    some = draw if sizes and len(bins) else lambda *_: None
    panels.row_in_bins(fig, letter, IN_BINS, some)
