"""The jets of taggers: where they come from, how they are distributed, what was lost."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from relearn.figures import jet_variants, jets, panels, style

# quantity: title, label of x, unit of the density
PANELS = {
    "pt": ("Momentum in the window", r"$p_\mathrm{T}$ [GeV]", "1/GeV"),
    "eta": ("Direction", r"$\eta$", ""),
    "mass": ("Mass", r"$m$ [GeV]", "1/GeV"),
    "sd_mass": ("Soft-drop mass", r"$m_\mathrm{SD}$ [GeV]", "1/GeV"),
    "tau32": ("Three prongs or two", r"$\tau_3/\tau_2$", ""),
    "tau21": ("Two prongs or one", r"$\tau_2/\tau_1$", ""),
    "multiplicity": ("Multiplicity", "constituents", ""),
    "response": ("Response", r"$p_\mathrm{T}$ / $p_\mathrm{T}$ of stable particles", ""),
}
SHARES = {
    "merged": r"b, q, q within $R$",
    "loses": "reclustering loses some",
    "cut": "not all stored",
    "near_hat_cut": "near generator's cut",
}
MASSES = {"W": 80.4, "t": 172.5}  # GeV
ROWS, COLUMNS = 3, 4


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw for each dataset the spectra it was selected from, its jets, and what was lost.

    Variants are drawn beside the dataset that they are compared with.

    Parameters
    ----------
    tables
        As `relearn.studies.jet_validation.measure` returns them.
    options
        None are known.
    """
    tests = tables["tests"]
    datasets = [
        name for name in dict.fromkeys(tables[""]["dataset"]) if name not in set(tests["dataset"])
    ]
    compared = set(tests["reference"])
    heights = []
    for dataset in datasets:
        heights += [3.1 * ROWS + 0.5]
        heights += [jet_variants.height(tests, dataset)] if dataset in compared else []
    fig = Figure(figsize=(4 * COLUMNS, sum(heights)))
    parts = iter(np.ravel(fig.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)))
    letter = "a"
    for dataset in datasets:
        mine = {
            name: table[table["dataset"] == dataset] if len(table) else table
            for name, table in tables.items()
        }
        letter = _dataset(next(parts), dataset, mine, letter)
        if dataset in compared:
            letter = jet_variants.draw(next(parts), tables, dataset, letter)
    return fig


def _dataset(fig: SubFigure, dataset: str, tables: Mapping[str, pd.DataFrame], letter: str) -> str:
    """Draw all panels of a dataset; return the next letter."""
    table, histograms, spectra = tables[""], tables["histograms"], tables["spectra"]
    axes = iter(fig.subplots(ROWS, COLUMNS).ravel())
    shown = [(_leading, spectra), (_hard_process, spectra)] if len(spectra) else []
    for function, frame in shown:
        function(ax := next(axes), frame)
        letter = _lettered(ax, letter)
    for quantity, (heading, label, unit) in PANELS.items():
        mine = histograms[histograms["quantity"] == quantity]
        if mine.empty:  # the config leaves it out
            continue
        _histograms(ax := next(axes), mine)
        if quantity.endswith("mass"):
            _masses(ax)
        ax.set(xlabel=label, ylabel=f"density [{unit}]" if unit else "density", title=heading)
        letter = _lettered(ax, letter)
    _shares(ax := next(axes), table)
    letter = _lettered(ax, letter)
    ax = next(axes)
    ax.set_axis_off()
    ax.legend(handles=_handles(table, len(spectra) > 0), loc="center", fontsize=11)
    for ax in axes:
        ax.set_axis_off()
    fig.suptitle(_name(dataset, table, spectra), x=0.01, ha="left", fontweight="bold")
    return letter


def _lettered(ax: Axes, letter: str) -> str:
    heading = ax.get_title()
    ax.set_title("")
    panels.title(ax, letter, heading)
    return panels.after(letter)


def _name(dataset: str, table: pd.DataFrame, spectra: pd.DataFrame) -> str:
    counts = table.groupby("class", sort=False)["jets"].max()
    numbers = " and ".join(
        f"{counts[side]:,} {jets.CLASS_LABELS[side]}".replace(",", "\u2009")
        for side in jets.classes(table)
    )
    window = spectra[spectra["selected"]] if len(spectra) else spectra
    limits = f", {window['low'].min():g}–{window['high'].max():g} GeV" if len(window) else ""
    return f"{dataset}: {numbers}{limits}"


def _handles(table: pd.DataFrame, with_spectra: bool) -> list[Line2D]:
    found = jets.handles(table)
    if with_spectra:
        look = {"color": style.GREY, "linestyle": ":", "linewidth": 1.5}
        found.append(Line2D([], [], **look, label="all events"))
        look = {"color": style.GREY, "linestyle": "--", "linewidth": 1}
        found.append(Line2D([], [], **look, label="ends of the parton filter"))
    return found


def _leading(ax: Axes, spectra: pd.DataFrame) -> None:
    """Draw the spectrum of leading jets before the window, which is shaded."""
    mine = spectra[spectra["spectrum"] == "leading"]
    for side, one in mine.groupby("class", sort=False):
        _step(ax, one, one["sum"], jets.CLASS_COLOURS[side], log=True)
        for end in one[["parton_low", "parton_high"]].iloc[0].dropna():
            ax.axvline(end, color=jets.CLASS_COLOURS[side], linestyle="--", linewidth=1, alpha=0.7)
    window = mine[mine["selected"]]
    if len(window):
        ax.axvspan(window["low"].min(), window["high"].max(), color=style.GREY, alpha=0.2)
    ax.set(yscale="log", xlabel=r"$p_\mathrm{T}$ of leading jets [GeV]")
    ax.set(ylabel="density [1/GeV]", title="Leading jets before the window")


def _hard_process(ax: Axes, spectra: pd.DataFrame) -> None:
    """Draw the spectrum of the hard process: of all events, and of the jets inside."""
    for (side, name), one in spectra.groupby(["class", "spectrum"], sort=False):
        if name != "leading":
            line = ":" if name == "hat" else "-"
            _step(ax, one, one["sum"], jets.CLASS_COLOURS[side], log=True, linestyle=line)
    chosen = spectra[spectra["spectrum"] == "hat_selected"]
    begin = spectra[spectra["spectrum"] == "hat"]["low"].min()
    ax.set_xlim(begin - 0.1 * (chosen["high"].max() - begin), 1.05 * chosen["high"].max())
    ax.set(yscale="log", xlabel=r"$\hat{p}_\mathrm{T}$ of the hard process [GeV]")
    ax.set(ylabel="density [1/GeV]", title="Hard process, and the cut on it")


def _histograms(ax: Axes, histograms: pd.DataFrame) -> None:
    """Draw one line for each class and kind; bands are the square root of the number of jets."""
    for (side, kind), one in histograms.groupby(["class", "kind"], sort=False):
        colour = jets.CLASS_COLOURS[side]
        _step(ax, one, one["jets"], colour, linestyle=jets.KIND_LINES[kind], band=kind == "eflow")
    ax.set_ylim(0)


def _step(
    ax: Axes,
    one: pd.DataFrame,
    numbers: pd.Series,
    colour: str,
    band: bool = True,
    log: bool = False,
    **look: str,
) -> None:
    edges = np.append(one["low"], one["high"].iloc[-1])
    density = one["density"].to_numpy()
    if log:  # a logarithmic axis has no place for empty bins
        density = np.where(density > 0, density, np.nan)
    ax.stairs(density, edges, baseline=None if log else 0, color=colour, linewidth=1.5, **look)
    if band:
        error = density / np.sqrt(np.maximum(numbers.to_numpy(), 1))
        low = np.maximum(density - error, density / 3)
        ax.stairs(
            density + error, edges, baseline=low, fill=True, color=colour, alpha=0.2, linewidth=0
        )


def _masses(ax: Axes) -> None:
    for name, mass in MASSES.items():
        ax.axvline(mass, linestyle=":", color=style.GREY, linewidth=1.2, zorder=0)
        text = {"ha": "left", "va": "top", "color": style.GREY, "fontsize": 9}
        ax.text(mass, 0.98, f" $m_{name}$", transform=ax.get_xaxis_transform(), **text)


def _shares(ax: Axes, table: pd.DataFrame) -> None:
    """Draw shares of jets as bars, one for each class; of the energy flow where kinds differ."""
    sides, height = jets.classes(table), 0.28
    kinds = table[table["kind"].isin(["eflow", "truth"])]
    for n, name in enumerate(SHARES):
        for k, side in enumerate(sides):
            row = kinds[(kinds["quantity"] == name) & (kinds["class"] == side)]
            if row.empty:
                continue
            share, error = row[["mean", "error"]].iloc[0]
            place = n + (k + 0.2 - 0.5) * height
            ax.barh(place, share, height, color=jets.CLASS_COLOURS[side], alpha=0.75)
            text = f"{100 * share:.1f} ± {100 * error:.1f} %"
            ax.text(min(share, 0.7) + 0.02, place, text, va="center", fontsize=8)
        ax.text(0.005, n - 0.75 * height, SHARES[name], va="bottom", fontsize=9)
    ax.set_yticks([])
    ax.set(xlim=(0, 1), ylim=(len(SHARES) - 0.5, -0.65), title="Shares of jets")
    ax.xaxis.set_major_formatter(panels.PercentFormatter(1, symbol=" %"))
    ax.grid(axis="y", visible=False)
