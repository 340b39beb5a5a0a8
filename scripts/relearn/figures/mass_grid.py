"""Invariant mass of tt̄→μμ over nodes and layers, against the accuracy of pT (talk 000)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from relearn.figures import panels, style

TALK_R = 0.97  # of 10 nodes in one layer,
TALK_NODES = 10
TALK_PARAMETERS = 101  # which these are
TALK = {"marker": "*", "color": style.BLACK, "markersize": 13, "linestyle": ""}
WIDTH = 12.5  # inches
IN_BINS = (
    ("mass", "resolution", "Resolution in bins"),
    ("mass", "within_10pct", "Within 10 % in bins"),
    ("mass", "within_1pct", "Within 1 % in bins"),
    ("pt", "resolution", "Resolution and $p_T$"),
)
MOST_PANELS = 5
MOST = (0.16, 0.84)  # quantiles: of many trials one fails, and the others are the level
LAYER_COLOURS = (style.BLUE, style.RED, style.GREEN, style.ORANGE)
LAYER_MARKERS = "osD^"
NUMBERS = {1: "one layer", 2: "two layers", 3: "three layers", 4: "four layers"}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw accuracy over the grid, predicted against true mass, and accuracy in bins.

    Parameters
    ----------
    tables
        As `relearn.studies.mass_grid.measure` returns them.
    options
        None are known.
    """
    table, predictions = tables[""], tables["predictions"]
    sizes = list(dict.fromkeys(predictions["hidden"]))[-MOST_PANELS:] if len(predictions) else []
    heights = (4.3, panels.row_height(WIDTH, len(sizes)), 3.8)
    fig = Figure(figsize=(WIDTH, sum(heights)))
    top, middle, bottom = fig.subfigures(3, 1, height_ratios=heights)
    _over_grid(top, table, tables["reference"])
    letter = _predicted(middle, table, predictions, sizes)
    _in_bins(bottom, tables["bins"], sizes, letter)
    return fig


def _over_grid(fig: SubFigure, table: pd.DataFrame, reference: pd.DataFrame) -> None:
    axes = nodes, parameters, resolution = fig.subplots(1, 3)
    frame = panels.with_miss(table)
    other = frame["convention"] != frame["convention"].iloc[0]
    _other_convention(nodes, parameters, resolution, frame[other])
    frame = frame[~other]
    for layers, part in frame.groupby("layers"):
        look = {
            "label": NUMBERS.get(layers, f"{layers} layers"),
            **_look(layers),
        }
        style.band(nodes, part, "width", "miss", **look)
        style.band(resolution, part, "width", "resolution", **look | {"label": ""})
        style.band(parameters, part, "parameters", "miss", **look | {"label": ""})
        style.diverged(nodes, part, "width", look["colour"], edge="bottom")
        style.diverged(parameters, part, "parameters", look["colour"], edge="bottom")
        style.diverged(resolution, part, "width", look["colour"])
    label = f"the talk: {TALK_NODES} nodes, $r$ = {TALK_R:g}"
    nodes.plot(TALK_NODES, 1 - TALK_R, **TALK, label=label)
    parameters.plot(TALK_PARAMETERS, 1 - TALK_R, **TALK)
    known = _reference(reference)
    if known is not None:
        at = panels.nearest(known["nodes"], TALK_NODES)
        same = known[known["nodes"] == at]
        for ax in (nodes, parameters):
            _level(ax, same["miss"], f"$p_T$ with {at} nodes")
        _level(resolution, same["resolution"], f"$p_T$ with {at} nodes")
    panels.r_axis([nodes, parameters])
    panels.plain_log("y", resolution)
    for ax in (nodes, resolution):
        panels.log_sizes(ax, frame["width"])
        ax.set_xlabel("nodes in each hidden layer")
    panels.plain_log("x", parameters)
    parameters.set_xlabel("parameters: weights and biases")
    resolution.set_ylabel("relative resolution")
    texts = ("Correlation over the grid", "By number of parameters", "Resolution of the mass")
    for ax, letter, text in zip(axes, "abc", texts, strict=True):
        panels.title(ax, letter, text)
    fig.legend(loc="outside upper center", ncols=4, fontsize=10)


def _look(layers: int) -> dict[str, str]:
    place = layers - 1
    return {
        "colour": LAYER_COLOURS[place % len(LAYER_COLOURS)],
        "marker": LAYER_MARKERS[place % len(LAYER_MARKERS)],
    }


def _other_convention(nodes: Axes, parameters: Axes, resolution: Axes, frame: pd.DataFrame) -> None:
    """Draw every network with other defaults than the scans' first as an open marker."""
    places = ((nodes, "width", "miss"), (parameters, "parameters", "miss"))
    for name, of_one in frame.groupby("convention", sort=False):
        label = style.CONVENTION_LABELS[name]
        for layers, part in of_one.groupby("layers"):
            look = _look(layers)
            for ax, x, y in (*places, (resolution, "width", "resolution")):
                ax.plot(
                    part[x],
                    part[y],
                    look["marker"],
                    color=look["colour"],
                    mfc="none",
                    markersize=7,
                    alpha=0.9,
                    label=label if ax is nodes else "_nolegend_",
                )
            style.diverged(nodes, part, "width", look["colour"], edge="bottom")
            label = "_nolegend_"


def _reference(reference: pd.DataFrame) -> pd.DataFrame | None:
    """Return the networks that learnt pT of the same sample; None if there are none."""
    if reference.empty:
        return None
    known = panels.with_miss(reference)
    known = known[(known["target"] == "pt") & known["r"].notna()]
    return None if known.empty else known


def _level(ax: Axes, values: pd.Series, text: str) -> None:
    """Draw the median of networks that are compared with, and where most of them are."""
    ax.axhspan(*values.quantile(MOST), color=style.PURPLE, alpha=0.2, linewidth=0, zorder=0)
    style.reference_line(ax, values.median(), text, style.PURPLE)


def _predicted(
    fig: SubFigure, table: pd.DataFrame, predictions: pd.DataFrame, sizes: list[str]
) -> str:
    """Draw a panel for each size; return the letter after the last one."""
    letter = "d"
    if not sizes:
        panels.nothing(fig.subplots())
        return letter
    limits = panels.truth_limits(predictions["true"])
    good = table[table["convention"] == table["convention"].iloc[0]].dropna(subset="r")
    best = good.groupby("hidden", sort=False)["r"].median().idxmax()
    axes = fig.subplots(1, len(sizes), squeeze=False)[0]
    for ax, hidden in zip(axes, sizes, strict=True):
        events = predictions[predictions["hidden"] == hidden]
        panels.predicted_panel(ax, events, panels.quality(table, events["run"].iloc[0]), limits)
        most = " (best)" if hidden == best else ""
        panels.title(ax, letter, f"{panels.nodes_label(hidden)}{most}")
        letter = panels.after(letter)
        ax.set_xlabel(f"true {style.TARGET_LABELS['mass']}")
    axes[0].set_ylabel(f"predicted {style.TARGET_LABELS['mass']}")
    return letter


def _in_bins(fig: SubFigure, bins: pd.DataFrame, sizes: list[str], letter: str) -> None:
    def draw(ax: Axes, target: str, column: str, named: bool) -> None:
        for hidden, colour in panels.sequence(sizes).items():
            part = bins[(bins["hidden"] == hidden) & (bins["variable"] == target)]
            label = panels.sizes_label(hidden) if named else ""
            panels.over_bins(ax, part, column, label, colour)

    some = draw if sizes and len(bins) else lambda *_: None
    panels.row_in_bins(fig, letter, IN_BINS, some)
