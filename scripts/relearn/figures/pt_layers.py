"""pT with a second hidden layer: the dip at one node, dead units, dropout (talk 000)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from relearn.figures import panels, style

COLUMNS = 3
HEIGHT = 3.9  # inches, of a row of activations: accuracy above, dead units below
BINS_OF = "leaky_relu"  # the talk's choice
DIPPED = ("relu", "softplus")  # what the talk saw dip at one node
NONE = "none"  # no second layer
BAR = 0.18  # width of the bars of dead units, in steps of x
NEGATIVE = {"marker": "v", "mfc": "none", "mec": style.BLACK, "markersize": 7, "mew": 0.8}


@dataclass(frozen=True)
class Series:
    """Networks that share a colour: those of a sample, with or without dropout."""

    dataset: str
    dropout: float
    label: str
    colour: str
    offset: float


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw r and dead units against the nodes of the second layer, a panel per activation.

    Parameters
    ----------
    tables
        As `relearn.studies.pt_layers.measure` returns them.
    options
        None are known.
    """
    table = panels.with_columns(panels.with_miss(tables[""]), ("dead_units", "output_weight"))
    table["second"] = [str(n) if n else NONE for n in table["second_layer"]]
    names = [str(n) if n else NONE for n in sorted(set(table["second_layer"]))]
    activations = list(dict.fromkeys(table["activation"]))
    rows = -(-len(activations) // COLUMNS)
    series = _series(table)

    fig = Figure(figsize=(12.5, HEIGHT * rows + 4.0))
    top, bottom = fig.subfigures(2, 1, height_ratios=(HEIGHT * rows, 4.0))
    ratios = (2.6, 1) * rows
    grid = top.subplots(2 * rows, COLUMNS, squeeze=False, sharex=True, height_ratios=ratios)
    places = [(2 * (i // COLUMNS), i % COLUMNS) for i in range(len(activations))]
    letter = "a"
    for activation, (row, column) in zip(activations, places, strict=True):
        part = table[table["activation"] == activation]
        upper, lower = grid[row, column], grid[row + 1, column]
        for one in series:
            _one_series(upper, lower, part, one, names)
        if activation in DIPPED and "1" in names:
            one_node = names.index("1")
            panels.talk_span(upper, one_node - 0.45, one_node + 0.45)
        panels.title(upper, letter, style.ACTIVATION_LABELS.get(activation, activation))
        letter = panels.after(letter)
    upper = [grid[place] for place in places]
    lower = [grid[row + 1, column] for row, column in places]
    panels.r_axis(upper)
    most = max(1.0, np.nanmax([0, *table["dead_units"]]))
    for ax, below in zip(upper, lower, strict=True):
        ax.tick_params(labelbottom=False)
        below.tick_params(labelbottom=True)
        below.set(ylim=(-0.1 * most, 1.1 * most), xlabel="nodes in the second layer")
        below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    for row in range(rows):
        grid[2 * row, 0].set_ylabel(upper[0].get_ylabel())
        grid[2 * row + 1, 0].set_ylabel("dead units")
    for i in range(len(activations), rows * COLUMNS):
        grid[2 * (i // COLUMNS), i % COLUMNS].set_axis_off()
        grid[2 * (i // COLUMNS) + 1, i % COLUMNS].set_axis_off()
    top.legend(handles=_handles(series), loc="outside upper center", ncols=5, fontsize=9.5)
    _in_bins(bottom, tables["bins"], letter)
    return fig


def _series(table: pd.DataFrame) -> list[Series]:
    """Return what there is, the networks without dropout first."""
    places = table[["dataset", "dropout"]].drop_duplicates().itertuples(index=False)
    order = panels.in_order(table["dataset"])
    found = sorted(map(tuple, places), key=lambda place: (place[1], order.index(place[0])))
    colours = iter((style.GREEN, style.PURPLE, style.ORANGE, style.SKY, style.BLACK))
    shifts = np.linspace(-0.2, 0.2, len(found)) if len(found) > 1 else [0.0]
    series = []
    for (dataset, dropout), shift in zip(found, shifts, strict=True):
        label = style.SAMPLE_LABELS.get(dataset, dataset)
        colour = style.SAMPLE_COLOURS.get(dataset, style.BLACK)
        if dropout:
            label, colour = f"{label}, dropout {dropout:g}", next(colours, style.GREY)
        series.append(Series(dataset, dropout, label, colour, float(shift)))
    return series


def _handles(series: list[Series]) -> list:
    """Return the entries of the legend."""
    lines = [Line2D([], [], color=one.colour, marker="o", label=one.label) for one in series]
    negative = Line2D([], [], linestyle="", **NEGATIVE, label="the one node: negative weight")
    return [*lines, panels.talk_patch("where the talk saw a dip"), negative]


def _one_series(
    upper: Axes, lower: Axes, part: pd.DataFrame, one: Series, names: list[str]
) -> None:
    frame = part[(part["dataset"] == one.dataset) & (part["dropout"] == one.dropout)]
    if frame.empty:
        return
    where = {"categories": names, "offset": one.offset}
    style.band(upper, frame, "second", "miss", colour=one.colour, bars=True, **where)
    style.diverged(upper, frame, "second", one.colour, edge="bottom", **where)
    at = frame["second"].map(names.index) + one.offset
    negative = frame["output_weight"] < 0
    upper.plot(at[negative], frame["miss"][negative], linestyle="", **NEGATIVE)
    mean = frame.groupby("second")["dead_units"].mean()
    lower.bar(
        [names.index(name) + one.offset for name in mean.index],
        mean,
        width=BAR,
        color=one.colour,
        alpha=0.4,
    )
    points = frame.groupby("second")["run"]
    place = (points.cumcount() + 0.5) / points.transform("size")
    apart = BAR * (place - 0.5)  # equal counts beside each other, within their bar
    lower.plot(
        at + apart, frame["dead_units"], "o", color=one.colour, markersize=3, alpha=0.6, mew=0
    )


def _in_bins(fig: SubFigure, bins: pd.DataFrame, letter: str) -> None:
    """Draw what a second layer changes in bins of pT, a panel for each sample."""
    plain = bins[bins["dropout"] == 0] if len(bins) else bins
    if len(plain) and BINS_OF in set(plain["activation"]):
        plain = plain[plain["activation"] == BINS_OF]
    datasets = panels.in_order(plain["dataset"]) if len(plain) else []
    if not datasets:
        panels.nothing(fig.subplots())
        return
    axes = fig.subplots(1, len(datasets), squeeze=False)[0]
    hidden = sorted(set(plain["hidden"]), key=lambda name: [int(n) for n in name.split("x")])
    hidden = list(dict.fromkeys([*hidden[:2], hidden[-1]]))  # none, one node, the most
    for ax, dataset in zip(axes, datasets, strict=True):
        for name, colour in panels.sequence(hidden).items():
            part = plain[(plain["hidden"] == name) & (plain["dataset"] == dataset)]
            label = panels.sizes_label(name) if ax is axes[0] else ""
            panels.over_bins(ax, part, "resolution", label, colour)
        ax.set_xlabel(f"true {style.TARGET_LABELS['pt']}")
        activation = plain["activation"].iloc[0]
        activation = style.ACTIVATION_LABELS.get(activation, activation)
        sample = style.SAMPLE_LABELS.get(dataset, dataset)
        panels.title(ax, letter, f"{sample}, {activation}: resolution in bins")
        letter = panels.after(letter)
    panels.plain_log("x", *axes)
    panels.plain_log("y", *axes)
    axes[0].set_ylabel("relative resolution")
    panels.legend(fig, "nodes")
