"""V → V²: straight pieces, zero crossings, cost, error (talk 004)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from relearn.figures import panels, style
from relearn.figures.empty import all_diverged

TALK_NODES = (25, 100)
COMPONENTS = ("px", "py", "pz")
LABELS = {"px": r"$p_x$", "py": r"$p_y$", "pz": r"$p_z$"}
COLOURS = {"px": style.BLUE, "py": style.RED, "pz": style.GREEN}
MANY_KINKS = 60  # more are a carpet, and are not drawn
NO_CROSSING = 0.5  # where none is drawn: the axis is logarithmic
WIDTH, ROW = 13.0, 3.7  # inches


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw curves and residuals of the talk's sizes, pieces and crossings, cost and error.

    Parameters
    ----------
    tables
        As `relearn.studies.square.measure` returns them.
    options
        None are known.
    """
    if nothing := all_diverged(tables[""]):
        return nothing
    table, curves = tables[""], tables["curves"]
    fig = Figure(figsize=(WIDTH, 4 * ROW))
    fig.get_layout_engine().set(w_pad=0.08, h_pad=0.06)
    upper, lower = fig.subfigures(2, 1)
    sizes = _talk_sizes(curves)
    left, right = upper.subfigures(1, 2, width_ratios=(2, 1))
    _curves(left, curves, sizes)
    of_size = table[table["reference"]]
    top, bottom = right.subplots(2, 1)
    _shares(top, of_size)
    panels.title(top, "c", "Straight pieces of each component")
    _crossings(bottom, of_size)
    panels.title(bottom, "f", "Zero crossings follow the pieces?")
    axes = lower.subplots(2, 2, width_ratios=(1, 1.15))
    _cost(axes[0, 0], tables["history"])
    panels.title(axes[0, 0], "g", "Cost against epoch")
    _error(axes[0, 1], _alike(table))
    panels.title(axes[0, 1], "h", "Error against nodes")
    _dedication(axes[1, 0], of_size)
    panels.title(axes[1, 0], "i", "Why uneven? Dead units, initial weights")
    _variants(axes[1, 1], table)
    panels.title(axes[1, 1], "j", "Error by activation and initial weights")
    return fig


def _talk_sizes(curves: pd.DataFrame) -> list[int]:
    """Return the two sizes to compare: the talk's, or the nearest that there are."""
    if curves.empty:
        return []
    sizes = sorted(set(curves["nodes"]))
    found = [min(sizes, key=lambda size: abs(size - wanted)) for wanted in TALK_NODES]
    if len(set(found)) == 1:  # a small scan: its largest beside a smaller one
        found = sizes[-2:]
    return list(dict.fromkeys(found))


def _curves(fig: SubFigure, curves: pd.DataFrame, sizes: list[int]) -> None:
    if not sizes:
        panels.nothing(fig.subplots())
        return
    axes = fig.subplots(2, len(sizes), squeeze=False, sharex=True)
    for column, (size, letter) in enumerate(zip(sizes, "ab", strict=False)):
        part = curves[curves["nodes"] == size]
        epochs = part["epochs"].iloc[0]
        _curve(axes[0, column], part)
        panels.title(axes[0, column], letter, f"{size} nodes, {epochs} epochs: $p_x^2$")
        _residuals(axes[1, column], part)
        panels.title(axes[1, column], "de"[column], f"{size} nodes: residual")
        axes[1, column].set_xlabel("component [GeV], the others 0")
    axes[0, 0].set_ylabel(r"predicted $p_x^2$ [10$^3$ GeV$^2$]")
    axes[1, 0].set_ylabel("predicted − true [GeV$^2$], shifted")
    axes[0, 0].legend(loc="upper center")
    handles = [
        Line2D([], [], color=style.GREY, marker="|", ls="", markersize=9, label="kink"),
        Line2D([], [], color=style.BLACK, marker="o", ls="", markersize=3.5, label="zero crossing"),
    ]
    axes[1, 0].legend(handles=handles, loc="lower left", ncols=2, borderaxespad=0)


def _curve(ax: Axes, part: pd.DataFrame) -> None:
    """Draw one component of the function, and its kinks."""
    one = part[part["component"] == COMPONENTS[0]]
    line = one[one["kind"] == "curve"]
    kinks = one[one["kind"] == "kink"]
    ax.plot(line["x"], line["true"] / 1e3, color=style.GREY, linewidth=3, alpha=0.5, label="true")
    ax.plot(line["x"], line["predicted"] / 1e3, color=COLOURS["px"], label="network")
    ax.plot(
        kinks["x"], kinks["predicted"] / 1e3, "o", color=style.BLACK, markersize=3, label="kink"
    )


def _residuals(ax: Axes, part: pd.DataFrame) -> None:
    """Draw the residual of each component, one above the other, with kinks and crossings."""
    step = 2.4 * max(part["residual"].abs().quantile(0.98), 1e-9)
    for place, name in enumerate(COMPONENTS):
        shift = step * (len(COMPONENTS) - 1 - place)
        one = part[part["component"] == name]
        line, kinks, crossings = (
            one[one["kind"] == kind] for kind in ("curve", "kink", "crossing")
        )
        ax.axhline(shift, color=style.GREY, linewidth=0.8)
        if len(kinks) <= MANY_KINKS:
            ax.vlines(
                kinks["x"], shift - 0.45 * step, shift + 0.45 * step, color=style.GREY, lw=0.8
            )
        ax.plot(line["x"], line["residual"] + shift, color=COLOURS[name], linewidth=1.3)
        ax.plot(crossings["x"], np.full(len(crossings), shift), "o", color="black", markersize=3.5)
        counts = f"{LABELS[name]}: {len(kinks) + 1} pieces, {len(crossings)} crossings"
        ax.text(
            0.99,
            shift + 0.5 * step,
            counts,
            transform=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=8,
            color=COLOURS[name],
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8},
        )
    ax.set_ylim(-1.05 * step, (len(COMPONENTS) - 0.3) * step)
    ticks = [-0.4, 0, 0.4]
    nice = _nice(0.4 * step)
    places = [step * i + nice * t / 0.4 for i in range(len(COMPONENTS)) for t in ticks]
    ax.set_yticks(places, [f"{nice * t / 0.4:+g}" if t else "0" for t in ticks] * len(COMPONENTS))
    ax.tick_params(axis="y", labelsize=7)
    ax.grid(False)


def _nice(value: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten below a value."""
    power = 10 ** np.floor(np.log10(value))
    return float(power * max(digit for digit in (1, 2, 5) if digit * power <= value))


def _with(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the rows that have numbers in all columns; none where a column is missing."""
    if not set(columns) <= set(table.columns):
        return table.iloc[:0]
    return table.dropna(subset=list(columns))


def _shares(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the pieces of each component for each size, every trial."""
    table = _with(table, *(f"segments_{c}" for c in COMPONENTS))
    if table.empty:
        panels.nothing(ax, "no straight pieces")
        return
    for name, shift in zip(COMPONENTS, (0.93, 1.0, 1.07), strict=True):
        frame = table.assign(at=table["nodes"] * shift)
        style.band(ax, frame, "at", f"segments_{name}", LABELS[name], COLOURS[name], bars=True)
    panels.log_sizes(ax, table["nodes"])
    ax.set(xlabel="nodes", ylabel="straight pieces in 99 % of the events", yscale="log")
    panels.plain_log("y", ax)
    _even(ax, table)
    ax.legend(loc="upper left")


def _even(ax: Axes, table: pd.DataFrame) -> None:
    sizes = np.array(sorted(set(table["nodes"])))
    ax.plot(sizes, sizes / 3 + 1, ":", color=style.GREY, zorder=1, label="nodes/3 + 1")


def _crossings(ax: Axes, table: pd.DataFrame) -> None:
    """Draw crossings against pieces, a point for each component of each network."""
    wanted = [f"{kind}_{c}" for kind in ("segments", "crossings") for c in COMPONENTS]
    table = _with(table, *wanted)
    if table.empty:
        panels.nothing(ax, "no straight pieces")
        return
    colours = panels.sequence(sorted(set(table["nodes"])))
    most = 1
    for size, colour in colours.items():
        part = table[table["nodes"] == size]
        x = part[[f"segments_{c}" for c in COMPONENTS]].to_numpy().ravel()
        y = part[[f"crossings_{c}" for c in COMPONENTS]].to_numpy().ravel()
        y = np.maximum(y, NO_CROSSING)
        ax.plot(x, y, "o", color=colour, markersize=4, alpha=0.6, label=str(size))
        most = max(most, x.max())
    ends = np.array([1, most])
    ax.plot(ends, 2 * ends, ":", color=style.GREY, zorder=1)
    ax.annotate(
        "two in each piece",
        (most, 2 * most),
        (-14, 0),
        textcoords="offset points",
        color=style.GREY,
        fontsize=8,
        ha="right",
        va="center",
    )
    ax.set(xlabel="straight pieces of a component", ylabel="zero crossings", xscale="log")
    ax.set(yscale="log")
    panels.plain_log("x", ax)
    panels.plain_log("y", ax)
    ax.yaxis.set_major_formatter(lambda y, _: "0" if y == NO_CROSSING else f"{y:g}")
    ax.legend(title="nodes", fontsize=8, title_fontsize=8, loc="best", ncols=2)


def _cost(ax: Axes, history: pd.DataFrame) -> None:
    """Draw the validation cost of each size: every trial, and the median."""
    if history.empty:
        panels.nothing(ax)
        return
    sizes = sorted(set(history["nodes"]))
    for size, colour in panels.sequence(sizes).items():
        part = history[history["nodes"] == size].dropna(subset="validation_loss")
        for _, trial in part.groupby("run"):
            ax.plot(trial["epoch"], trial["validation_loss"], color=colour, alpha=0.3, lw=0.7)
        median = part.groupby("epoch")["validation_loss"].median()
        ax.plot(median.index, median, color=colour, label=str(size))
    ax.set(xlabel="epoch", ylabel="cost (mean squared error,\nstandardised)", yscale="log")
    longest = history.groupby("nodes")["epoch"].max()
    if longest.max() > 3 * longest.min():  # one size trained for longer
        ax.set_xscale("log")
    ax.legend(title="nodes", ncols=2)


def _error(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the error against nodes for each length of training, and what straight pieces allow."""
    if table.empty:
        panels.nothing(ax)
        return
    if "relative_rmse" in table:
        colours = (style.RED, style.BLUE, style.GREEN, style.PURPLE)
        lengths = sorted(set(table["budget"]))
        for length, colour in zip(lengths, colours, strict=False):
            part = table[table["budget"] == length]
            style.band(ax, part, "nodes", "relative_rmse", f"{length} epochs", colour)
        best = table.groupby("nodes")["best_relative_rmse"].first().dropna()
        label = "best nodes/3 + 1 straight pieces" if len(best) else "_nolegend_"
        ax.plot(best.index, best, "--", color=style.BLACK, label=label)
    panels.log_sizes(ax, table["nodes"])
    ax.set(xlabel="nodes", ylabel="rms error / standard deviation of $V_i^2$", yscale="log")
    panels.plain_log("y", ax)
    style.diverged(ax, table, "nodes")
    ax.legend(loc="lower left")


def _alike(table: pd.DataFrame) -> pd.DataFrame:
    """Return all networks that differ from those of reference by the training's length alone.

    With that length as a column, `budget`: epochs.
    """
    keys = ["activation", "convention", "initialiser", "dropout"]
    wanted = table.loc[table["reference"], keys].drop_duplicates()
    return table.assign(budget=table.groupby("scan")["epochs"].transform("max")).merge(wanted)


def _dedication(ax: Axes, table: pd.DataFrame) -> None:
    """Draw what could make the shares uneven: dead units and what the initial weights chose."""
    table = _with(table, "kept_input", "dead_units", "dedicated_share")
    if table.empty:
        panels.nothing(ax)
        return
    frame = table.assign(dead=table["dead_units"] / table["nodes"])
    looks = {
        "dedicated_share": ("units for one component alone", style.BLUE, "o"),
        "kept_input": ("units that kept the component of their initial weights", style.GREEN, "s"),
        "dead": ("dead units", style.RED, "v"),
    }
    for column, (label, colour, marker) in looks.items():
        style.band(ax, frame, "nodes", column, label, colour, marker=marker)
    style.reference_line(ax, 1 / 3, "chance")
    panels.log_sizes(ax, frame["nodes"])
    panels.percent(ax)
    ax.set(xlabel="nodes", ylabel="share of the units", ylim=(-0.03, 1.55))
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.legend(loc="upper left")


def _variants(ax: Axes, table: pd.DataFrame) -> None:
    """Draw the error of each activation, in columns of initial weights, for each size."""
    compared = table[table["scan"].isin(_varied(table))]
    if compared.empty or "relative_rmse" not in compared:
        panels.nothing(ax, "no variants")
        return
    initialisers = list(dict.fromkeys(compared["initialiser"]))
    sizes = sorted(set(compared["nodes"]))
    names = [f"{name.replace('_', chr(10))}\n{size}" for size in sizes for name in initialisers]
    label = [
        f"{name.replace('_', chr(10))}\n{size}"
        for name, size in zip(compared["initialiser"], compared["nodes"], strict=True)
    ]
    frame = compared.assign(point=label)
    activations = [name for name in style.ACTIVATION_LABELS if name in set(frame["activation"])]
    shifts = np.linspace(-0.3, 0.3, len(activations)) if len(activations) > 1 else [0.0]
    for activation, shift in zip(activations, shifts, strict=True):
        part = frame[frame["activation"] == activation]
        look = {"categories": names, "offset": float(shift)}
        style.band(
            ax,
            part,
            "point",
            "relative_rmse",
            style.ACTIVATION_LABELS[activation],
            style.ACTIVATION_COLOURS[activation],
            marker=style.ACTIVATION_MARKERS[activation],
            linestyle=" ",
            bars=True,
            **look,
        )
        style.diverged(ax, part, "point", style.ACTIVATION_COLOURS[activation], **look)
    for place in range(1, len(names)):
        ax.axvline(place - 0.5, color=style.GREY, linewidth=0.6)
    ax.set(ylabel="rms error / standard deviation", yscale="log", xlim=(-0.5, len(names) - 0.5))
    ax.xaxis.grid(False)
    panels.plain_log("y", ax)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.3)
    ax.tick_params(axis="x", labelsize=8)
    ax.legend(loc="upper left", ncols=3)


def _varied(table: pd.DataFrame) -> list[str]:
    """Return the scans that vary activation or initial weights."""
    counts = table.groupby("scan")[["activation", "initialiser"]].nunique().max(axis=1)
    return list(counts.index[counts > 1])
