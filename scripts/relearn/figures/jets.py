"""What figures of jets share: classes and kinds, and images of ET."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.lines import Line2D

from relearn.figures import style

CLASS_COLOURS = {"signal": style.RED, "background": style.BLUE}
CLASS_LABELS = {"signal": "top jets", "background": "QCD jets"}
KIND_LINES = {"eflow": "-", "tower": "--"}
KIND_LABELS = {"eflow": "energy flow", "tower": "towers"}
PIXEL = (0.1, np.pi / 36)  # in η and φ, as in `relearn.jets.images`
CROPPED = (-20.5, 19.5)  # edges of 40 pixels, of which the one at 0 is the middle


def classes(table: pd.DataFrame) -> list[str]:
    """Return the classes of a table, signal first."""
    return [side for side in CLASS_LABELS if (table["class"] == side).any()]


def handles(table: pd.DataFrame) -> list[Line2D]:
    """Return the entries of a legend: classes by colour, kinds by line."""
    found = [
        Line2D([], [], color=CLASS_COLOURS[side], linewidth=2.5, label=CLASS_LABELS[side])
        for side in classes(table)
    ]
    kinds = [kind for kind in KIND_LINES if (table["kind"] == kind).any()]
    if len(kinds) > 1:
        found += [
            Line2D([], [], color=style.BLACK, linestyle=KIND_LINES[kind], label=KIND_LABELS[kind])
            for kind in kinds
        ]
    return found


def image(
    ax: Axes,
    pixels: pd.DataFrame,
    value: str,
    norm: Normalize,
    cmap: str = "viridis",
    span: tuple[float, float] = CROPPED,
) -> QuadMesh:
    """Draw pixels; where there is none, or nothing that `norm` can show, the axes stay white.

    Parameters
    ----------
    ax
        Where to draw.
    pixels
        Columns eta, phi (of the middle of each pixel, from the middle of the image) and `value`.
    value
        What is drawn.
    norm, cmap
        Of the colours.
    span
        Edges of what is shown, in pixels from the middle one's middle.
    """
    first, number = round(span[0] + 0.5), round(span[1] - span[0])
    column, row = (np.rint(pixels[axis] / width).astype(int) - first for axis, width in ANGLES)
    inside = (column >= 0) & (column < number) & (row >= 0) & (row < number)
    grid = np.full((number, number), np.nan)
    grid[row[inside], column[inside]] = pixels[value][inside]
    if isinstance(norm, LogNorm):
        grid = np.where(grid > 0, grid, np.nan)
    edges = np.arange(number + 1) + span[0]
    mesh = ax.pcolormesh(edges * PIXEL[0], edges * PIXEL[1], grid, norm=norm, cmap=cmap)
    mesh.set_rasterized(True)
    limits = [(span[0] * width, span[1] * width) for width in PIXEL]
    ax.set(xlim=limits[0], ylim=limits[1], aspect="equal")
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(True)
    return mesh


ANGLES = tuple(zip(("eta", "phi"), PIXEL, strict=True))
