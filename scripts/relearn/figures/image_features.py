"""Feature maps layer by layer: the means of tops and of QCD, and of a jet of each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from relearn.figures import empty, jets, maps, panels, style

SHOWN = {
    ("mean", "signal"): "mean of top jets",
    ("mean", "background"): "mean of QCD jets",
    ("jet", "signal"): "a top jet",
    ("jet", "background"): "a QCD jet",
}
POWER = 0.4  # of the value, so that faint pixels are seen
WIDTH = 3.3  # inches, of a picture
HIGHEST = 3.3
LOWEST = 0.7


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw a row for each layer, a column for each mean and jet, and how well single maps tell.

    Parameters
    ----------
    tables
        As `relearn.studies.image_features.measure` returns them.
    options
        Of the study; they change the tables only.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    layers, table = maps.names(tables["layers"]), tables["maps"]
    columns = {name: maps.across(*size, wide=False) for name, size in layers.items()}
    heights = []
    for name, size in layers.items():
        rows, across = maps.shape(*size, columns[name])
        heights.append(0.3 + min(HIGHEST, max(LOWEST, WIDTH * rows / across)))
    fig = Figure(figsize=(4 * WIDTH + 1.2, sum(heights) + 4.0))
    top, bottom = fig.subfigures(2, 1, height_ratios=(sum(heights) + 0.4, 3.6))
    axes = top.subplots(len(layers), len(SHOWN), squeeze=False, height_ratios=heights)
    letter = "a"
    for row, (layer, size) in zip(axes, layers.items(), strict=True):
        for ax, ((shown, side), name) in zip(row, SHOWN.items(), strict=True):
            both = table[(table["shown"] == shown) & (table["layer"] == layer)]
            brightest = float(both["value"].max()) if len(both) else 1.0
            mine = both[both["class"] == side]
            mine = mine.assign(value=mine["value"] / brightest)
            look = {"norm": PowerNorm(POWER, 0, 1), "dark": 0.0}
            mesh = maps.mosaic(ax, mine, "value", size, columns[layer], **look)
            ax.set_title(name if layer == next(iter(layers)) else "")
        panels.title(row[0], letter, "")
        letter = panels.after(letter)
        row[0].set_ylabel(maps.title(layer, size[0]).replace(", ", "\n"))
    label = "share of the brightest pixel of both classes"
    bar = top.colorbar(mesh, ax=axes, label=label, pad=0.01, aspect=45)
    bar.set_ticks([0, 0.01, 0.1, 0.5, 1], labels=["0", "0.01", "0.1", "0.5", "1"])
    separation, lit = bottom.subplots(1, 2)
    _numbers(
        separation, tables["layers"], list(layers), {"auc": "best map", "auc_median": "median map"}
    )
    separation.set_ylabel("AUC of the sum over a map")
    panels.title(separation, letter, "How well single maps tell tops from QCD")
    texts = {f"lit_{side}": text for side, text in jets.CLASS_LABELS.items()}
    _numbers(lit, tables["layers"], list(layers), texts)
    panels.percent(lit)
    lit.set_ylabel("pixels above 0")
    panels.title(lit, panels.after(letter), "How much of the maps is lit")
    return fig


def _numbers(ax: Axes, table: pd.DataFrame, layers: list[str], columns: Mapping[str, str]) -> None:
    """Draw numbers of each layer: all networks, and their median."""
    for n, (column, label) in enumerate(columns.items()):
        colour = (style.RED, style.BLUE)[n]
        look = {"categories": layers, "marker": "os"[n]}
        style.band(ax, table, "layer", column, label, colour, **look)
    ax.legend()
