"""Texts beside points, so placed that none covers another, nor a point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

DISTANCES = (6, 9, 14, 20, 28, 38, 50, 64)  # of a text from its point, in points of print
ANGLES = np.radians(np.arange(0, 360, 15))
SWEEPS = 4  # over all texts: each may move once the others have moved
ROOM = 1.5  # around a text
DOT, TINY = 4.5, 1.5  # around a marker, and around a dot
COVERED = 30.0  # price of a text that covers a marker, in units of its distance
HIDDEN = 90.0  # of one that covers another
SPECK = 6.0  # of one that covers a dot
CROSSED = 40.0  # of one whose line goes through another text
LEADER = 9  # distance from which a thin line leads to the point
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """A text for a point (x, y) of the data."""

    x: float
    y: float
    text: str
    colour: str


def place(
    ax: Axes, labels: Sequence[Label], points: Array, small: Array, size: float = 8.5
) -> None:
    """Write texts beside their points.

    Limits, scales and place of the axes have to be final: call ``style.lay_out(fig)`` before.
    Whatever is placed later must not move the axes.

    Parameters
    ----------
    ax
        Where to.
    labels
        Texts and their points; those outside of the axes are left out.
    points
        (m, 2) markers that are not to be covered, in data coordinates.
    small
        (k, 2) dots that may be, if there is no room.
    size
        Of the font.
    """
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    unit = renderer.points_to_pixels(1.0)
    frame = ax.get_window_extent(renderer)
    inside = np.array([frame.x0, frame.y0, frame.x1, frame.y1])
    anchors = ax.transData.transform(np.array([(one.x, one.y) for one in labels]).reshape(-1, 2))
    labels = [one for one, at in zip(labels, anchors, strict=True) if frame.contains(*at)]
    anchors = anchors[[frame.contains(*at) for at in anchors]]
    if not labels:
        return
    dots, tiny = (
        _around(ax.transData.transform(np.asarray(one, dtype=float).reshape(-1, 2)), size * unit)
        for one, size in ((points, DOT), (small, TINY))
    )
    boxes = [_candidates(*_size(ax, one.text, size, renderer), unit) for one in labels]
    boxes = [one + np.tile(at, 2) for one, at in zip(boxes, anchors, strict=True)]
    prices = [
        np.repeat(DISTANCES, len(ANGLES))
        + COVERED * _overlaps(one, dots)
        + SPECK * _overlaps(one, tiny)
        + 1e6 * _out(one, inside)
        for one in boxes
    ]
    chosen = [int(np.argmin(price)) for price in prices]
    for _ in range(SWEEPS):
        before = list(chosen)
        for n, mine in enumerate(boxes):
            others = [m for m in range(len(boxes)) if m != n]
            there = np.array([boxes[m][chosen[m]] for m in others]).reshape(-1, 4)
            price = prices[n] + HIDDEN * _overlaps(mine, there)
            price += CROSSED * _crossed(anchors[n], _middles(mine), there).sum(axis=1)
            price += CROSSED * _crossed(anchors[others], _middles(there), mine).sum(axis=0)
            chosen[n] = int(np.argmin(price))
        if chosen == before:
            break
    for label, at, mine, best in zip(labels, anchors, boxes, chosen, strict=True):
        middle = _middles(mine[best]) - at
        far = DISTANCES[best // len(ANGLES)] >= LEADER
        line = {"arrowstyle": "-", "color": label.colour, "lw": 0.7, "alpha": 0.9, "shrinkA": 0}
        ax.annotate(
            label.text,
            (label.x, label.y),
            tuple(middle / unit),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            color=label.colour,
            arrowprops={**line, "shrinkB": 2, "relpos": (0.5, 0.5)} if far else None,
            path_effects=[withStroke(linewidth=1.5, foreground="white")],
            zorder=5,
        ).set_in_layout(False)


def _around(middles: Array, reach: float) -> Array:
    """Return boxes (m, 4) around points (m, 2)."""
    return np.concatenate([middles - reach, middles + reach], axis=1)


def _size(ax: Axes, text: str, size: float, renderer: object) -> tuple[float, float]:
    """Return width and height of a text, pixels."""
    made = ax.text(0, 0, text, fontsize=size)
    extent = made.get_window_extent(renderer)
    made.remove()
    return extent.width, extent.height


def _candidates(width: float, height: float, unit: float) -> Array:
    """Return boxes (c, 4), left, bottom, right, top, around a point at 0."""
    half = np.array([width / 2, height / 2]) + ROOM * unit
    directions = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    # the nearest edge of the box, not its middle, is at the distance
    reach = np.min(half / np.maximum(np.abs(directions), 1e-9), axis=1)
    middles = [(one * unit + reach)[:, None] * directions for one in DISTANCES]
    middles = np.concatenate(middles)
    return np.concatenate([middles - half, middles + half], axis=1)


def _overlaps(boxes: Array, others: Array) -> Array:
    """Return with how many others (m, 4) each box (c, 4) overlaps."""
    apart = (boxes[:, None, :2] >= others[None, :, 2:]) | (
        boxes[:, None, 2:] <= others[None, :, :2]
    )
    return (~apart.any(axis=2)).sum(axis=1)


def _out(boxes: Array, frame: Array) -> NDArray[np.bool_]:
    return (boxes[:, :2] < frame[:2]).any(axis=1) | (boxes[:, 2:] > frame[2:]).any(axis=1)


def _middles(boxes: Array) -> Array:
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def _crossed(starts: Array, ends: Array, boxes: Array) -> NDArray[np.bool_]:
    """Return which lines, from starts to ends (n, 2), go through which boxes (m, 4): (n, m).

    Along each coordinate a line is between the sides of a box from one place to another; it is
    within the box where it is so along both.
    """
    starts = starts.reshape(-1, 1, 2)
    along = ends[:, None] - starts
    along = np.where(along == 0, 1e-9, along)
    sides = np.stack([(boxes[:, :2] - starts) / along, (boxes[:, 2:] - starts) / along])
    enters = np.maximum(sides.min(axis=0).max(axis=2), 0)
    leaves = np.minimum(sides.max(axis=0).min(axis=2), 1)
    return enters < leaves
