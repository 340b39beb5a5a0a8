"""What the network's output goes with: r of each pixel, of rings, and of all feature maps."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from relearn.figures import empty, jets, maps, panels, style

IMAGE = "image"
COLUMNS = {"r": "the network's output", "truth": "the truth"}
TARGETS = {"output": (style.BLUE, "o", "output"), "truth": (style.RED, "s", "truth")}
WIDTH = 13.5  # inches
HEAD = 0.34  # inches, of a panel's title
NODE = 0.3  # inches, height of a line of nodes


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw r of the image with output and truth, against ΔR, and of the maps of each layer.

    Parameters
    ----------
    tables
        As `relearn.studies.image_pearson.measure` returns them.
    options
        Of the study; they change the tables only.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    layers, pixels = maps.names(tables["layers"]), tables["pixels"]
    inner = {name: size for name, size in layers.items() if name != IMAGE}
    wide = {name: maps.across(*size, wide=True) for name, size in inner.items()}
    heights = []
    for name, size in inner.items():
        rows, columns = maps.shape(*size, wide[name])
        heights.append(HEAD + (WIDTH if size[1] > 1 else NODE * columns) * rows / columns)
    fig = Figure(figsize=(WIDTH, 4.3 + sum(heights) + 0.6))
    top, bottom = fig.subfigures(2, 1, height_ratios=(4.3, sum(heights) + 0.6))
    _image(top, tables["rings"], pixels[pixels["layer"] == IMAGE])
    axes = bottom.subplots(len(inner), 1, squeeze=False, height_ratios=heights)[:, 0]
    norm, letter = _norm(pixels[pixels["layer"] != IMAGE]["r"]), "d"
    for ax, (name, size) in zip(axes, inner.items(), strict=True):
        mine = pixels[pixels["layer"] == name]
        mesh = maps.mosaic(ax, mine, "r", size, wide[name], norm, "RdBu_r")
        panels.title(ax, letter, maps.title(name, size[0]))
        letter = panels.after(letter)
    bottom.colorbar(
        mesh,
        ax=axes,
        label="$r$ with the output",
        location="bottom",
        pad=0.02,
        aspect=50,
        shrink=0.5,
    )
    return fig


def _image(fig: SubFigure, rings: pd.DataFrame, pixels: pd.DataFrame) -> None:
    *images, profile = fig.subplots(1, 3)
    first = pixels[pixels["map"] == 0]
    middle = -round(jets.CROPPED[0] + 0.5)
    places = {
        axis: (first[column] - middle) * width
        for axis, column, width in zip(("eta", "phi"), ("column", "row"), jets.PIXEL, strict=True)
    }
    norm = _norm(first[list(COLUMNS)].stack())
    for ax, letter, (column, name) in zip(images, "ab", COLUMNS.items(), strict=True):
        mesh = jets.image(ax, first.assign(**places), column, norm, "RdBu_r")
        ax.set_facecolor("#e4e4e4")  # no r: always dark
        ax.set(xlabel=r"$\Delta\eta$", ylabel=r"$\Delta\phi$ [rad]")
        ax.set(xticks=np.arange(-2, 3), yticks=np.arange(-1, 2))
        panels.title(ax, letter, f"pixels and {name}")
    fig.colorbar(mesh, ax=images, label="$r$", pad=0.01, aspect=30, shrink=0.85)
    _rings(profile, rings)
    panels.title(profile, "c", "rings around the brightest pixel")


def _rings(ax: Axes, rings: pd.DataFrame) -> None:
    for target, (colour, marker, _) in TARGETS.items():
        mine = rings[rings["against"] == target]
        place = (mine["low"] + mine["high"]) / 2
        half = (mine["high"] - mine["low"]) / 2
        look = {"fmt": marker, "color": colour, "capsize": 3, "markersize": 5}
        ax.errorbar(place, mine["r"], yerr=np.nan_to_num(mine["r_error"]), xerr=half, **look)
    ax.axhline(0, color=style.GREY, linewidth=1)
    ax.set(xlabel=r"$\Delta R$ of a ring", ylabel=r"$r$ of the sum of $E_\mathrm{T}$ in it")
    handles = [
        Line2D([], [], color=colour, marker=marker, label=f"with the {text}")
        for colour, marker, text in TARGETS.values()
    ]
    ax.legend(handles=handles, loc="lower right")


def _norm(values: pd.Series) -> Normalize:
    """Return colours from −x to x, where x holds all values."""
    largest = float(values.abs().max())
    largest = np.ceil(largest * 10) / 10 if np.isfinite(largest) and largest > 0 else 1.0
    return Normalize(-largest, largest)
