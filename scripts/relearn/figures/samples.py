"""The simulated samples: momenta, directions and masses that the networks see."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import panels, style

Z_MASS = 91.19  # GeV
# quantity: title, label of x, unit of the density, logarithmic
PANELS = {
    "muon_pt": ("Muon momentum", r"$p_\mathrm{T}(\mu)$ [GeV]", "1/GeV", True),
    "muon_eta": ("Muon direction", r"$\eta(\mu)$", "1", False),
    "pair_pt": ("Pair momentum", style.TARGET_LABELS["pt"], "1/GeV", True),
    "pair_mass": ("Pair mass", style.TARGET_LABELS["mass"], "1/GeV", True),
    "momentum_component": (
        "Toy momenta: components",
        r"$p_x,\ p_y,\ p_z$ [GeV]",
        "1/GeV",
        False,
    ),
    "momentum_norm": ("Toy momenta: size", r"$|V|$ [GeV]", "1/GeV", False),
}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the histogram of each quantity, one line for each sample, with its statistical error.

    Parameters
    ----------
    tables
        As `relearn.studies.samples.measure` returns them.
    options
        None are known.
    """
    table, histograms = tables[""], tables["histograms"]
    shown = [name for name in PANELS if (histograms["quantity"] == name).any()]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    fig = Figure(figsize=(4 * columns, 3.6 * rows))
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax, name, letter in zip(axes, shown, "abcdef", strict=False):
        heading, label, unit, log = PANELS[name]
        here = histograms[histograms["quantity"] == name]
        for dataset, histogram in here.groupby("dataset", sort=False):
            _histogram(ax, histogram, dataset, log)
        if log:
            _log_axes(ax, here)
        if name == "pair_mass":
            ax.axvline(Z_MASS, linestyle=":", color=style.GREY, linewidth=1.2)
            ax.text(Z_MASS * 0.93, 0.97, "$m_Z$", transform=ax.get_xaxis_transform(), **_CORNER)
        if name.startswith("momentum"):
            _closed_form(ax, table, name)
        ax.set(xlabel=label, ylabel="density" if unit == "1" else f"density [{unit}]")
        panels.title(ax, letter, heading)
        if not log:
            ax.set_ylim(0)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    handles, labels = _samples(table)
    fig.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=10)
    return fig


_CORNER = {"ha": "right", "va": "top", "color": style.GREY}


def _colour(dataset: str) -> str:
    return style.SAMPLE_COLOURS.get(dataset, style.BLACK)


def _histogram(ax: Axes, histogram: pd.DataFrame, dataset: str, log: bool) -> None:
    """Draw a step line; the band is the square root of the number of values."""
    edges = np.append(histogram["low"], histogram["high"].iloc[-1])
    density, values = histogram["density"].to_numpy(), histogram["values"].to_numpy()
    error = density / np.sqrt(np.maximum(values, 1))
    if log:  # a logarithmic axis has no place for empty bins
        density = np.where(values > 0, density, np.nan)
    colour = _colour(dataset)
    ax.stairs(density, edges, color=colour, linewidth=1.5)
    low, high = density - error, density + error
    if log:
        low = np.maximum(low, density / 3)
    ax.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.2, linewidth=0)


def _log_axes(ax: Axes, histogram: pd.DataFrame) -> None:
    filled = histogram[histogram["values"] > 0]
    if len(filled):
        ax.set_xlim(filled["low"].min(), filled["high"].max())
        ax.set_ylim(filled["density"].min() / 2, filled["density"].max() * 3)
    ax.set_yscale("log")
    panels.plain_log("x", ax)


def _closed_form(ax: Axes, table: pd.DataFrame, name: str) -> None:
    """Draw what independent Gaussian components of the measured width would give."""
    widths = table[table["quantity"] == "momentum_component"]
    if widths.empty:
        return
    width = float(np.average(widths["sd"], weights=widths["values"]))
    x = np.linspace(*ax.get_xlim(), 400)
    density = np.exp(-0.5 * (x / width) ** 2) / (width * np.sqrt(2 * np.pi))
    label = f"Gaussian, {width:.0f} GeV"
    if name == "momentum_norm":
        density = np.where(x > 0, 2 * (x / width) ** 2 * density, 0)
        label = f"3 Gaussian components,\n{width:.0f} GeV each"
    ax.plot(x, density, "--", color=style.BLACK, linewidth=1, label=label)
    ax.legend(loc="upper right", fontsize=8)


def _samples(table: pd.DataFrame) -> tuple[list, list[str]]:
    """Return the lines of the legend: the samples with all their events."""
    events = table.drop_duplicates(["dataset", "split"]).groupby("dataset", sort=False)["events"]
    handles, labels = [], []
    for dataset, count in events.sum().items():
        handles.append(panels.Line2D([], [], color=_colour(dataset), linewidth=2.5))
        name = style.SAMPLE_LABELS.get(dataset, dataset)
        labels.append(f"{name} ({count:,} events)".replace(",", "\u2009"))
    return handles, labels
