"""Masses and τ3/τ2 of jets chosen by truth, by trees and by a network, laid over each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import empty, jets, panels, points, style, tagging

VARIABLES = {
    "mass": "jet mass [GeV]",
    "sd_mass": "soft-drop mass [GeV]",
    "tau32": r"$\tau_3/\tau_2$",
}
SHORT = {"mass": "jet mass", "sd_mass": "soft-drop mass", "tau32": r"$\tau_3/\tau_2$"}
LIMITS = {"signal": "> 0.8", "background": "< 0.2"}
TRUTH = {"color": style.GREY, "alpha": 0.3, "linewidth": 0}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the variables of both sides, how far they are from the truth, and the calibration.

    Parameters
    ----------
    tables
        As `relearn.studies.mass_slices.measure` returns them.
    options
        None are known.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    first = tables[""].iloc[0]  # one dataset, one kind of jets
    tables = {
        name: table[(table["dataset"] == first["dataset"]) & (table["kind"] == first["kind"])]
        for name, table in tables.items()
    }
    columns = {"architecture": tagging.ARCHITECTURES, "inputs": {"none": "", **tagging.INPUTS}}
    tables, labels = points.named(tables, columns)
    there = [key for key in labels if (tables["points"][points.KEY] == key).any()]
    look = tagging.looks(there)
    fig = Figure(figsize=(14, 11.8))
    axes, letter = fig.subplots(3, 3), "a"
    for row, side in zip(axes, LIMITS, strict=False):
        for ax, (variable, text) in zip(row, VARIABLES.items(), strict=True):
            shown = tables["histograms"]
            shown = shown[(shown["side"] == side) & (shown["variable"] == variable)]
            _histograms(ax, shown, labels, look)
            ax.set_xlabel(text)
            panels.title(ax, letter, f"{jets.CLASS_LABELS[side]}, or output {LIMITS[side]}")
            letter = panels.after(letter)
        row[0].set_ylabel("share of jets per GeV")
        row[1].set_ylabel("share of jets per GeV")
        row[2].set_ylabel("density")
    axes[0, 1].legend(loc="upper right", fontsize=8)
    for ax, side in zip(axes[2], LIMITS, strict=False):
        _ratios(ax, tables["points"], side, labels, look)
        panels.title(ax, letter, f"{jets.CLASS_LABELS[side]}: away from the truth")
        letter = panels.after(letter)
    _calibration(axes[2, 2], tables["calibration"], labels, look)
    panels.title(axes[2, 2], letter, "are they probabilities?")
    return fig


def _histograms(
    ax: Axes,
    table: pd.DataFrame,
    labels: Mapping[str, str],
    look: Mapping[object, tagging.Look],
) -> None:
    truth = table[table["architecture"] == "truth"]
    ax.stairs(truth["density"], _edges(truth), fill=True, label="truth", **TRUTH)
    for key, (colour, line) in look.items():
        mine = table[table[points.KEY] == key]
        edges, density = _edges(mine), mine["density"]
        ax.stairs(density, edges, color=colour, linestyle=line, linewidth=1.6, label=labels[key])
        error = np.nan_to_num(mine["density_error"])
        middle = (edges[1:] + edges[:-1]) / 2
        ax.errorbar(middle, density, yerr=error, fmt="none", ecolor=colour, elinewidth=0.8)
    filled = table[table["density"] > 0.002 * table["density"].max()]
    if len(filled):
        ax.set_xlim(filled["low"].min(), filled["high"].max())
    ax.set_ylim(bottom=0)


def _edges(table: pd.DataFrame) -> np.ndarray:
    return np.append(table["low"].to_numpy(), table["high"].to_numpy()[-1:])


def _ratios(
    ax: Axes,
    table: pd.DataFrame,
    side: str,
    labels: Mapping[str, str],
    look: Mapping[object, tagging.Look],
) -> None:
    """Draw, for each variable and tagger, the distance to the truth in units of the classes'."""
    mine = table[table["side"] == side]
    step = 0.7 / max(len(look), 1)
    for n, (key, (colour, _)) in enumerate(look.items()):
        rows = mine[mine[points.KEY] == key].set_index("variable").reindex(list(VARIABLES))
        place = np.arange(len(VARIABLES)) + (n - (len(look) - 1) / 2) * step
        ax.barh(place, rows["ratio"], height=0.9 * step, color=colour, alpha=0.6)
        error = np.nan_to_num(rows["ratio_error"])
        ax.errorbar(
            rows["ratio"], place, xerr=error, fmt="none", ecolor=style.BLACK, **tagging.WHISKERS
        )
    ax.axvline(1, color=style.GREY, linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(VARIABLES)), list(SHORT.values()))
    ax.set(ylim=(len(VARIABLES) - 0.5, -0.5), xlim=(0, None))
    ax.set_xlabel("distance to the truth / tops to QCD")
    ax.grid(axis="y", visible=False)


def _calibration(
    ax: Axes,
    table: pd.DataFrame,
    labels: Mapping[str, str],
    look: Mapping[object, tagging.Look],
) -> None:
    """Draw the share of tops where a tagger says some probability: each trial, and their mean."""
    ax.plot([0, 1], [0, 1], "--", color=style.GREY, linewidth=1)
    for limit in (0.2, 0.8):
        ax.axvline(limit, color=style.GREY, linestyle=":", linewidth=1.2)
    for key, (colour, line) in look.items():
        mine = table[table[points.KEY] == key]
        ax.plot(mine["probability"], mine["signal"], "o", color=colour, alpha=0.3, mew=0)
        mean = mine.groupby("low")[["probability", "signal"]].mean()
        ax.plot(mean["probability"], mean["signal"], line, color=colour, label=labels[key])
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="output", ylabel="share of tops")
    ax.legend(loc="upper left", fontsize=8)
