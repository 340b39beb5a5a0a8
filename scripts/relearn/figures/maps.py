"""Feature maps of a layer side by side, in one picture."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize

from relearn.figures import style

BORDER = 0.05  # of a map's side, between maps; a pixel at least, where maps have several


def names(layers: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return number and side of the maps of each layer of a study's table `layers`, in order."""
    first = layers.drop_duplicates("layer")
    return {
        layer: (int(maps), int(side))
        for layer, maps, side in first[["layer", "maps", "side"]].itertuples(index=False)
    }


def title(layer: str, maps: int) -> str:
    """Return what a layer is called in a figure: ``layer 2, 8 maps``."""
    kind, number = layer.rstrip("0123456789"), layer.lstrip("abcdefghijklmnopqrstuvwxyz")
    known = {"conv": ("convolution", "maps"), "dense": ("dense layer", "nodes")}
    name, parts = known.get(kind, (kind, "maps"))
    return f"{name} {number}".strip() + (f", {maps} {parts}" if maps > 1 else "")


def across(maps: int, side: int, wide: bool) -> int:
    """Return how many maps are side by side: pictures twice as wide as high, or one row."""
    if wide:
        return min(maps, 8 if side > 1 else 64)
    return math.ceil(math.sqrt((2 if side > 1 else 4) * maps)) if maps > 1 else 1


def shape(maps: int, side: int, columns: int) -> tuple[int, int]:
    """Return rows and columns of pixels of a picture, borders included."""
    border = _border(side)
    lines = math.ceil(maps / columns)
    return tuple(number * (side + border) - border for number in (lines, columns))


def mosaic(
    ax: Axes,
    frame: pd.DataFrame,
    value: str,
    size: tuple[int, int],
    columns: int,
    norm: Normalize,
    cmap: str = "viridis",
    dark: float = np.nan,
) -> QuadMesh:
    """Draw all maps of a layer, the first at the upper left.

    Parameters
    ----------
    ax
        Where to draw; pixels are as high as they are wide, but for nodes.
    frame
        Columns map, row (upwards), column and `value`.
    size
        Number and side of the maps (`names`).
    columns
        How many of them are side by side.
    norm, cmap
        Of the colours.
    dark
        Value of pixels that the table does not have; NaN is drawn grey.

    Returns
    -------
    QuadMesh
        For a colour bar.
    """
    maps, side = size
    border = _border(side)
    grid = np.full(shape(maps, side, columns), np.nan)
    shown = np.zeros(grid.shape, dtype=bool)
    lines = math.ceil(maps / columns)
    for number in range(maps):
        line, column = divmod(number, columns)
        low, left = ((lines - 1 - line) * (side + border), column * (side + border))
        here = (slice(low, low + side), slice(left, left + side))
        mine = frame[frame["map"] == number]
        picture = np.full((side, side), dark)
        picture[mine["row"], mine["column"]] = mine[value]
        grid[here], shown[here] = picture, True
    ax.set_facecolor("white")
    lost = np.where(shown & np.isnan(grid), 1.0, np.nan)
    if np.isfinite(lost).any():
        ax.pcolormesh(lost, cmap="Greys", vmin=0, vmax=4, rasterized=True)
    mesh = ax.pcolormesh(grid, norm=norm, cmap=cmap, rasterized=True)
    ax.set(aspect="equal" if side > 1 else "auto", xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=maps == 1, color=style.GREY)
    return mesh


def _border(side: int) -> int:
    return max(1, round(side * BORDER)) if side > 1 else 0
