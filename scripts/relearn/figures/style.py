"""How every figure looks, and what all of them draw: trials, diverged networks, densities.

A figure function calls `use` before it makes a figure; the script saves it with `save`.
"""

import os
from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from relearn.files import atomic

# Okabe & Ito: told apart with any kind of colour vision, and in print.
BLACK, GREY = "#000000", "#7f7f7f"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, RED, PURPLE = "#0072b2", "#d55e00", "#cc79a7"
PALETTE = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, BLACK)

ACTIVATION_COLOURS = {
    "leaky_relu": BLUE,
    "relu": RED,
    "softplus": ORANGE,
    "tanh": GREEN,
    "sigmoid": PURPLE,
    "elu": SKY,
    "linear": BLACK,
}
ACTIVATION_LABELS = {
    "leaky_relu": "LeakyReLU",
    "relu": "ReLU",
    "softplus": "softplus",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "elu": "ELU",
    "linear": "linear",
}
ACTIVATION_MARKERS = {
    "leaky_relu": "o",
    "relu": "v",
    "softplus": "^",
    "tanh": "s",
    "sigmoid": "D",
    "elu": "P",
    "linear": "X",
}
CONVENTION_COLOURS = {"keras": BLUE, "pytorch": RED}
CONVENTION_LABELS = {"keras": "Keras defaults (the talk's)", "pytorch": "PyTorch defaults"}
SAMPLE_COLOURS = {"zmumu": BLUE, "ttbar_mumu": RED, "momenta": GREEN}
SAMPLE_LABELS = {
    "zmumu": r"$Z\to\mu\mu$",
    "ttbar_mumu": r"$t\bar{t}\to\mu\mu$",
    "momenta": "toy momenta",
}
TARGET_LABELS = {
    "pt": r"$p_\mathrm{T}(\mu\mu)$ [GeV]",
    "mass": r"$m(\mu\mu)$ [GeV]",
    "rapidity": r"$y(\mu\mu)$",
    "cos_theta_cs": r"$\cos\theta^*_\mathrm{CS}$",
    "abs_cos_theta_cs": r"$|\cos\theta^*_\mathrm{CS}|$",
    "abs_delta_eta": r"$|\Delta\eta(\mu\mu)|$",
    "abs_delta_phi": r"$|\Delta\phi(\mu\mu)|$ [rad]",
    "delta_r": r"$\Delta R(\mu\mu)$",
    "gamma": r"$\gamma(\mu\mu)$",
    "identity": r"$V_i$ [GeV]",
    "square": r"$V_i^2$ [GeV$^2$]",
    "norm_squared": r"$|V|^2$ [GeV$^2$]",
}

DIVERGED = "diverged"  # marks the crosses among the lines of an axes

RC = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "grid.color": "#e2e2e2",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "image.cmap": "viridis",
    "savefig.dpi": 160,
    "pdf.fonttype": 42,  # TrueType, embedded: text stays text
    "svg.hashsalt": "relearn",
}


def use() -> None:
    """Set the house style: no display, embedded fonts, constrained layout."""
    matplotlib.use("Agg")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(RC)


def save(fig: Figure, pdf: str | os.PathLike, png: str | os.PathLike) -> None:
    """Write a figure as PDF and as PNG: the same figure gives the same bytes, on any day.

    Parameters
    ----------
    fig
        The figure; it is not closed.
    pdf, png
        Where to; each file appears whole or not at all.
    """
    lay_out(fig)
    # matplotlib gives a figure without an engine the one of its settings when it has saved it.
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        with atomic(pdf) as temporary:
            nothing = dict.fromkeys(("CreationDate", "ModDate", "Creator", "Producer"))
            fig.savefig(temporary, format="pdf", metadata=nothing)
        with atomic(png) as temporary:
            fig.savefig(temporary, format="png", metadata={"Software": None})


def lay_out(fig: Figure) -> None:
    """Find the places of the axes, once; with an engine, every file would draw the figure twice.

    Limits of axes, scales and ticks have to be final; once done, a second call does nothing.
    """
    if engine := fig.get_layout_engine():
        engine.execute(fig)
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        fig.set_layout_engine(None)  # not "none", which leaves an engine that does nothing


def band(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    y: str,
    label: str = "",
    colour: str = BLUE,
    *,
    centre: str = "median",
    marker: str = "o",
    linestyle: str = "-",
    categories: Sequence | None = None,
    offset: float = 0.0,
    bars: bool = False,
) -> Line2D | None:
    """Draw `y` over `x`: a line through the centres, a band over all trials, every trial.

    Rows where `y` is not finite are left out of the band: show them with `diverged`. The rows
    may come in any order.

    Parameters
    ----------
    ax
        Where to draw.
    frame
        One row for each network (trial); those with the same `x` are trials of one point.
    x, y
        Names of the columns.
    label
        In the legend; none if empty.
    colour
        Of line, band and points.
    centre
        ``"median"`` or ``"mean"`` of the trials. The band goes from the smallest to the
        largest trial.
    marker, linestyle
        Of the points and of the line.
    categories
        For an axis of names: all values of `x` in the order to draw, the same list in every
        call on these axes. They are put at 0, 1, 2 … and named on the axis.
    offset
        Shift along x, so that several bands over the same categories do not hide each other.
    bars
        Draw an upright bar at each point in place of the band: for names, between which
        there is nothing.

    Returns
    -------
    Line2D or None
        The line, for a legend of one's own; None if there was nothing to draw.

    Raises
    ------
    ValueError
        If `x` is text and `categories` are not given, or lack a value.
    """
    at = _positions(ax, frame[x], categories) + offset
    values = frame[y].to_numpy(dtype=float)
    good = np.isfinite(values) & np.isfinite(at)
    if not good.any():
        return None
    points = pd.Series(values[good]).groupby(at[good]).agg([centre, "min", "max"])
    if bars:
        ax.vlines(points.index, points["min"], points["max"], color=colour, alpha=0.3, linewidth=4)
    else:
        ax.fill_between(
            points.index, points["min"], points["max"], color=colour, alpha=0.18, linewidth=0
        )
    ax.plot(at[good], values[good], marker, color=colour, alpha=0.45, markersize=3, mew=0)
    (line,) = ax.plot(
        points.index,
        points[centre],
        linestyle,
        color=colour,
        marker=marker,
        label=label or "_nolegend_",
    )
    return line


def diverged(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    colour: str = BLACK,
    *,
    categories: Sequence | None = None,
    offset: float = 0.0,
    edge: str = "top",
) -> int:
    """Mark the networks that diverged by a cross and their number at the edge of the axes.

    Parameters
    ----------
    ax, x, colour, categories, offset
        As `band`.
    frame
        One row for each network, with the columns `x` and status.
    edge
        ``"top"`` or ``"bottom"``, where the worse values are.

    Returns
    -------
    int
        How many diverged; nothing is drawn where none did.
    """
    lost = frame[frame["status"] == "diverged"]
    if lost.empty:
        return 0
    at = _positions(ax, lost[x], categories) + offset
    counts = pd.Series(at).value_counts().sort_index()
    level, shift, side = (0.975, -6, "top") if edge == "top" else (0.025, 6, "bottom")
    transform = ax.get_xaxis_transform()  # x in data, y in shares of the axes
    ax.plot(
        counts.index,
        np.full(len(counts), level),
        "x",
        color=colour,
        markersize=7,
        mew=1.8,
        transform=transform,
        clip_on=False,
        label="_nolegend_",
        gid=DIVERGED,
    )
    for place, count in counts.items():
        ax.annotate(
            f"{count} diverged",
            (place, level),
            (0, shift),
            xycoords=transform,
            textcoords="offset points",
            ha="center",
            va=side,
            fontsize=7,
            color=colour,
        )
    return int(counts.sum())


def density(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    *,
    limits: tuple[float, float] | None = None,
    bins: int = 60,
    cmap: str = "viridis",
) -> PathCollection:
    """Draw predicted against true: a point for each event, coloured by how many are near.

    Points beyond the limits are drawn on the edge, so that none is lost; the dashed diagonal
    is perfect agreement. Axes are of equal scale.

    Parameters
    ----------
    ax
        Where to draw; it is made square.
    x, y
        True and predicted values, (n,).
    limits
        Of both axes; by default those of the truth, with a margin of 3 %.
    bins
        Cells along each axis in which points are counted.
    cmap
        Colours, from few to many.

    Returns
    -------
    PathCollection
        The points, for a colour bar.
    """
    x, y = np.ravel(x).astype(float), np.ravel(y).astype(float)
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    if limits is None:
        low, high = (x.min(), x.max()) if x.size else (0.0, 1.0)
        margin = 0.03 * ((high - low) or 1.0)
        limits = (low - margin, high + margin)
    x, y = np.clip(x, *limits), np.clip(y, *limits)
    counts, edges, _ = np.histogram2d(x, y, bins=bins, range=(limits, limits))
    cells = [np.clip(np.digitize(values, edges) - 1, 0, bins - 1) for values in (x, y)]
    near = np.log10(np.maximum(counts[cells[0], cells[1]], 1))
    order = np.argsort(near, kind="stable")  # the densest on top
    ax.plot(limits, limits, "--", color=GREY, linewidth=1, zorder=3)
    points = ax.scatter(
        x[order], y[order], c=near[order], s=5, cmap=cmap, linewidths=0, rasterized=True, zorder=2
    )
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    return points


def reference_line(ax: Axes, y: float, text: str, colour: str = GREY) -> None:
    """Draw a dotted line at `y` with a short text at its right end: a number that a talk states."""
    ax.axhline(y, linestyle=":", color=colour, linewidth=1.2, zorder=1)
    ax.annotate(
        text,
        (1, y),
        (-2, 2),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=colour,
    )


def _positions(ax: Axes, values: pd.Series, categories: Sequence | None) -> np.ndarray:
    """Return where values of x are on the axis; name categories on it."""
    if categories is None:
        if not pd.api.types.is_numeric_dtype(values):
            raise ValueError(f"the column {values.name} is text: give its `categories` in order")
        return values.to_numpy(dtype=float)
    places = {category: float(i) for i, category in enumerate(categories)}
    unknown = set(values) - set(places)
    if unknown:
        raise ValueError(f"{values.name}: {sorted(map(str, unknown))} are none of the categories")
    ax.set_xticks(range(len(places)), [str(category) for category in categories])
    ax.set_xlim(-0.5, len(places) - 0.5)
    return values.map(places).to_numpy(dtype=float)
