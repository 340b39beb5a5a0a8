"""pT across samples: trained on one, tested on each (talk 000, sample independence)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from relearn.figures import panels, style

TALK_NODES = 10
ROWS = (3.0, 3.2, 2.1, 1.9)  # inches: accuracy, resolution, ratio, training events
LABELS = ("relative resolution", "ratio to networks\ntrained on it", "share of\ntraining events")


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw accuracy on each sample, a column each, of networks trained on each, a colour each.

    Parameters
    ----------
    tables
        As `relearn.studies.pt_transfer.measure` returns them.
    options
        None are known.
    """
    table, bins = panels.with_miss(tables[""]), tables["bins"]
    tests = panels.in_order(table["test_dataset"])
    trained = panels.in_order(table["dataset"])
    nodes = panels.nearest(table["nodes"], TALK_NODES)
    fig = Figure(figsize=(6.2 * len(tests), sum(ROWS)))
    top, bottom = fig.subfigures(2, 1, height_ratios=(ROWS[0], sum(ROWS[1:])))
    overall = top.subplots(1, len(tests), squeeze=False)[0]
    in_bins = bottom.subplots(3, len(tests), squeeze=False, sharex=True, height_ratios=ROWS[1:])
    letter = "a"
    for ax, test in zip(overall, tests, strict=True):
        _overall(ax, table[table["test_dataset"] == test], trained)
        panels.title(ax, letter, f"Tested on {style.SAMPLE_LABELS.get(test, test)}")
        letter = panels.after(letter)
    panels.r_axis(overall)
    for column, test in zip(in_bins.T, tests, strict=True):
        if bins.empty:
            panels.nothing(column[0])
            continue
        here = bins[(bins["test_dataset"] == test) & (bins["nodes"] == nodes)]
        _in_bins(column, here, test, trained)
        sample = style.SAMPLE_LABELS.get(test, test)
        panels.title(column[0], letter, f"Tested on {sample}, {nodes} nodes, in bins of true $p_T$")
        letter = panels.after(letter)
        column[2].set_xlabel(f"true {style.TARGET_LABELS['pt']}")
    if not bins.empty:
        panels.plain_log("x", *in_bins.ravel())
        for row in in_bins:
            panels.plain_log("y", *row)
    for ax, label in zip(in_bins[:, 0], LABELS, strict=True):
        ax.set_ylabel(label)
    handles = [
        Line2D(
            [],
            [],
            color=style.SAMPLE_COLOURS.get(name, style.BLACK),
            marker="o",
            label=f"trained on {style.SAMPLE_LABELS.get(name, name)}",
        )
        for name in trained
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=10)
    return fig


def _overall(ax: Axes, table: pd.DataFrame, trained: list[str]) -> None:
    sizes = sorted(set(table["nodes"]))
    for i, dataset in enumerate(trained):
        part = table[table["dataset"] == dataset]
        colour = style.SAMPLE_COLOURS.get(dataset, style.BLACK)
        where = {"categories": sizes, "offset": 0.08 * (2 * i - len(trained) + 1)}
        style.band(ax, part, "nodes", "miss", colour=colour, bars=True, **where)
        style.diverged(ax, part, "nodes", colour, edge="bottom", **where)
    ax.set_xlabel("nodes in the hidden layer")


def _in_bins(column: list[Axes], bins: pd.DataFrame, test: str, trained: list[str]) -> None:
    """Draw resolution, its ratio to that of networks trained on `test`, and what was trained on."""
    resolution, ratio, share = column
    itself = bins[bins["dataset"] == test].groupby("low")["resolution"].median()
    for dataset in trained:
        part = bins[bins["dataset"] == dataset]
        if part.empty:
            continue
        colour = style.SAMPLE_COLOURS.get(dataset, style.BLACK)
        panels.over_bins(resolution, part, "resolution", colour=colour)
        relative = part.assign(ratio=part["resolution"] / part["low"].map(itself))
        panels.over_bins(ratio, relative, "ratio", colour=colour)
        first = part.drop_duplicates("low").sort_values("low")
        seen = first["train_share"].where(first["train_share"] > 0)
        share.stairs(
            seen, [*panels.lower_edges(first), first["high"].iloc[-1]], color=colour, linewidth=1.6
        )
    ratio.axhline(1, color=style.GREY, linestyle="--", linewidth=1)
