"""The embedded detector beside Delphes: distributions, efficiencies, means, and all tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import ndtr, ndtri

from relearn.figures import panels, style

CARD_COLOURS = {"CMS": style.BLUE, "ATLAS": style.RED}
PROCESSES = {"ttbar": r"$t\bar{t}$", "zmumu": r"$Z\to\mu\mu$"}
# process, quantity: title, label of x, unit of the density
PANELS = {
    ("ttbar", "jet_eflow/pt"): ("Leading jet", r"$p_\mathrm{T}$ [GeV]", "1/GeV"),
    ("ttbar", "jet_eflow/mass"): ("Its mass", r"$m$ [GeV]", "1/GeV"),
    ("ttbar", "jet_eflow/constituents"): ("Its constituents", "number", ""),
    ("ttbar", "jet_eflow/response"): ("Its response", r"$p_\mathrm{T}$ / true $p_\mathrm{T}$", ""),
    ("ttbar", "jet_tower/pt"): ("Tower jet", r"$p_\mathrm{T}$ [GeV]", "1/GeV"),
    ("ttbar", "jet_tower/mass"): ("Its mass", r"$m$ [GeV]", "1/GeV"),
    ("ttbar", "jet_tower/constituents"): ("Its towers", "number", ""),
    ("ttbar", "jet_tower/response"): ("Its response", r"$p_\mathrm{T}$ / true $p_\mathrm{T}$", ""),
    ("ttbar", "n_eflow_track"): ("Tracks of energy flow", "number", ""),
    ("ttbar", "n_eflow_photon"): ("Photons", "number", ""),
    ("ttbar", "n_eflow_nh"): ("Neutral hadrons", "number", ""),
    ("ttbar", "n_tower"): ("Towers", "number", ""),
    ("ttbar", "met"): ("Missing ET", r"$E_\mathrm{T}^\mathrm{miss}$ [GeV]", "1/GeV"),
    ("zmumu", "met"): ("Missing ET", r"$E_\mathrm{T}^\mathrm{miss}$ [GeV]", "1/GeV"),
    ("zmumu", "muon_dpt"): ("Muons", r"$p_\mathrm{T}$ / true $p_\mathrm{T}$ − 1", ""),
    ("zmumu", "dimuon_dm"): ("Muon pairs", r"$m$ / true $m$ − 1", ""),
}
SUMS = {
    "sumPT_EFlow": r"$\Sigma p_\mathrm{T}$, flow",
    "sumET_Tower": r"$\Sigma E_\mathrm{T}$, towers",
    "sumE_EFlowTrack": r"$\Sigma E$, tracks",
    "sumE_EFlowPhoton": r"$\Sigma E$, photons",
    "sumE_EFlowNeutralHadron": r"$\Sigma E$, neutrals",
}
REGIONS = {"b": r"$|\eta| < 1.5$", "e": r"$1.5 < |\eta| < 2.5$"}
REGION_LOOKS = {"b": ("o", "-"), "e": ("s", "--")}
KINDS = {
    "z": (("means", "shares"), style.GREEN, "o", r"means, shares ($z$)"),
    "ks": (("Kolmogorov–Smirnov",), style.ORANGE, "^", "distributions (KS)"),
}
P_MIN = 1e-4  # as in `relearn.studies.agreement`
LAST_EDGE = 1000.0  # GeV, where the open last bin is drawn to
ROWS, COLUMNS = 6, 4


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw distributions of both detectors, track efficiencies, mean sums, and all tests.

    Parameters
    ----------
    tables
        As `relearn.studies.detector_validation.measure` returns them.
    options
        None are known.
    """
    table, histograms, efficiencies = (tables[n] for n in ("", "histograms", "efficiencies"))
    fig = Figure(figsize=(4.1 * COLUMNS, 3.2 * ROWS))
    axes, letter = iter(fig.subplots(ROWS, COLUMNS).ravel()), "a"

    def panel(heading: str) -> Axes:
        nonlocal letter
        ax = next(axes)
        panels.title(ax, letter, heading)
        letter = panels.after(letter)
        return ax

    for (process, quantity), (heading, label, unit) in PANELS.items():
        ax = panel(f"{PROCESSES[process]}: {heading}")
        mine = histograms[histograms["quantity"] == quantity]
        _overlay(ax, mine[mine["process"] == process])
        ax.set(xlabel=label, ylabel=f"density [{unit}]" if unit else "density")
    for process, heading in PROCESSES.items():
        ax = panel(f"{heading}: track efficiency")
        _efficiencies(ax, efficiencies[efficiencies["process"] == process])
    _sums(panel("Mean sums"), table)
    _pulls(panel(r"All $z$"), table)
    _p_values(panel("All tests"), table)
    ax = next(axes)
    ax.set_axis_off()
    ax.legend(handles=_handles(table), loc="center", fontsize=11)
    for ax in axes:
        ax.set_axis_off()
    return fig


def _handles(table: pd.DataFrame) -> list[Line2D]:
    cards = dict.fromkeys(table["card"])
    look = {"color": style.BLACK}
    return [
        *(Line2D([], [], color=CARD_COLOURS[card], lw=4, label=f"{card} card") for card in cards),
        Line2D([], [], **look, marker="o", linestyle="", label="Delphes 3.5.1"),
        Line2D([], [], **look, label="embedded detector"),
    ]


def _overlay(ax: Axes, histograms: pd.DataFrame) -> None:
    """Draw Delphes as points with errors, the embedded detector as a line."""
    if histograms.empty:
        panels.nothing(ax, "too few to show")
        return
    for (card, who), one in histograms.groupby(["card", "who"], sort=False):
        colour = CARD_COLOURS[card]
        if who == "delphes":
            middle = (one["low"] + one["high"]) / 2
            look = {"fmt": "o", "ms": 3, "lw": 1, "color": colour}
            ax.errorbar(middle, one["density"], one["error"], **look)
        else:
            edges = np.append(one["low"], one["high"].iloc[-1])
            ax.stairs(one["density"], edges, color=colour, linewidth=1.4)
    ax.set_ylim(0)


def _efficiencies(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the share of charged hadrons with a track against pT: points and lines as above."""
    if table.empty:
        panels.nothing(ax, "too few to show")
        return
    for (card, who, region), one in table.groupby(["card", "who", "region"], sort=False):
        marker, line = REGION_LOOKS[region]
        high = one["high"].clip(upper=LAST_EDGE)
        if who == "delphes":
            # beside each other: the two cards often have the same efficiency
            middle = np.sqrt(one["low"] * high) * (0.93 if card == "CMS" else 1.07)
            look = {"fmt": marker, "ms": 3, "lw": 1, "color": CARD_COLOURS[card]}
            ax.errorbar(middle, one["share"], one["error"], **look)
        else:
            ax.hlines(one["share"], one["low"], high, color=CARD_COLOURS[card], ls=line, lw=1.4)
    handles = [
        Line2D([], [], color=style.GREY, marker=marker, linestyle=line, label=REGIONS[region])
        for region, (marker, line) in REGION_LOOKS.items()
    ]
    ax.legend(handles=handles, loc="lower right")
    ax.set(xscale="log", xlabel=r"true $p_\mathrm{T}$ [GeV]", ylabel="with a track")
    panels.percent(ax)


def _sums(ax: Axes, table: pd.DataFrame) -> None:
    """Draw embedded / Delphes of the mean sums of an event, with the error of the test."""
    groups = list(table.groupby(["process", "card"], sort=False))
    names = {"ttbar": "o", "zmumu": "s"}
    for k, ((process, card), one) in enumerate(groups):
        rows = one[one["quantity"].isin(SUMS)].set_index("quantity")
        miss = (rows["ours"] - rows["delphes"]).abs()
        error = miss / rows["statistic"].abs().clip(lower=1e-9) / rows["delphes"]
        place = [list(SUMS).index(name) for name in rows.index]
        shift = (k - (len(groups) - 1) / 2) * 0.15
        look = {"fmt": names[process], "ms": 4, "lw": 1, "color": CARD_COLOURS[card]}
        ratio = rows["ours"] / rows["delphes"]
        ax.errorbar(ratio, np.add(place, shift), xerr=error, **look)
    ax.axvline(1, color=style.GREY, linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(SUMS)), SUMS.values())
    ax.set(ylim=(len(SUMS) - 0.5, -0.5), xlabel="embedded / Delphes")
    handles = [
        Line2D([], [], color=style.GREY, marker=marker, linestyle="", label=PROCESSES[process])
        for process, marker in names.items()
    ]
    ax.legend(handles=handles, loc="lower right", fontsize=8)


def _pulls(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the distribution of z of all means and shares, and that of equal samples."""
    z = table[table["test"].isin(KINDS["z"][0])]["statistic"].to_numpy()
    limit = -ndtri(P_MIN / 2)
    edges = np.linspace(-5, 5, 41)
    counts, _ = np.histogram(np.clip(z, -4.999, 4.999), edges)
    ax.stairs(counts, edges, fill=True, color=KINDS["z"][1], alpha=0.6)
    expected = len(z) * np.diff(ndtr(edges))
    ax.plot((edges[1:] + edges[:-1]) / 2, expected, color=style.BLACK, label="equal detectors")
    for place in (-limit, limit):
        ax.axvline(place, color=style.RED, linestyle="--", linewidth=1.2)
    ax.set(xlabel="$z$", ylabel=f"tests (of {len(z)})", ylim=(0, 1.5 * max(counts.max(), 1)))
    rms = f"rms {np.sqrt(np.mean(z**2)):.2f}"
    ax.text(0.5, 0.82, rms, transform=ax.transAxes, va="top", ha="center", fontsize=8)
    ax.legend(loc="upper center", fontsize=8, handlelength=1.2)


def _p_values(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the sorted p-values of each kind of test against those expected of equal samples."""
    for tests, colour, marker, label in KINDS.values():
        p = np.sort(table[table["test"].isin(tests)]["p"].to_numpy())
        expected = (np.arange(len(p)) + 0.5) / max(len(p), 1)
        ax.plot(expected, np.maximum(p, 1e-12), marker, color=colour, ms=3.5, label=label)
    ax.set(xscale="log", yscale="log", xlabel="expected $p$", ylabel="found $p$")
    ends = (min(ax.get_xlim()[0], 1e-3), 1.0)
    ax.plot(ends, ends, color=style.BLACK, linewidth=1)
    ax.axhline(P_MIN, color=style.RED, linestyle="--", linewidth=1.2)
    failed = int((~table["pass"].astype(bool)).sum())
    text = f"{failed} of {len(table)} fail"
    ax.text(0.97, 0.05, text, transform=ax.transAxes, ha="right", fontsize=9)
    ax.set_ylim(min(P_MIN / 5, ax.get_ylim()[0]), 1.5)
    ax.legend(loc="upper left")
