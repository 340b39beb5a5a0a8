"""All taggers on the same events: AUC and rejection against size and cost, ROC, correlations."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from relearn.figures import empty, labels, panels, style, tagging

FAMILIES = {
    "variables": (style.ORANGE, "s"),
    "images": (style.RED, "D"),
    "four-vectors": (style.BLUE, "o"),
    "sequences, trees": (style.GREEN, "^"),
    "graphs": (style.PURPLE, "P"),
    "sets": (style.SKY, "v"),
    "other": (style.GREY, "X"),
    "combined": (style.BLACK, "*"),
}
NAMED = {
    **{f"bdt {name}": f"BDT, {text}" for name, text in tagging.INPUTS.items()},
    "cuts mass": "mass cut",
    "cuts sd_mass": "soft-drop mass cut",
    "cuts tau32": r"$\tau_{32}$ cut",
    "cuts box": r"mass and $\tau_{32}$ cut",
    **{f"nsub {bodies}": f"dense, {bodies}-body $\\tau_N$" for bodies in range(2, 10)},
    "deeptop colours": "DeepTop, colours",
    "combined fit": "all, fitted",
    "combined mean": "all, mean",
    "combined trials": "best, all its trials",
}
X = {"parameters": "parameters", "train_seconds": "training time [s]"}
Y = {"miss": "AUC", "rejection30": r"$1/\epsilon_B$ at $\epsilon_S = 0.3$"}
NAMES = {
    "miss": "AUC",
    "rejection30": "rejection",
    "parameters": "size",
    "train_seconds": "training time",
}
BY = ("tagger", "dataset", "size")
SHOWN = ("combined fit",)  # of combined taggers, whose ROC curve is shown


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC and rejection against parameters and training time, ROC curves, correlations.

    Parameters
    ----------
    tables
        As `relearn.studies.tagger_comparison.measure` returns them.
    options
        None are known.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    runs, points = (_shown(tables[name]) for name in ("", "points"))
    fig = Figure(figsize=(13, 16))
    axes = fig.subplots(3, 2, height_ratios=(1, 1, 1.15))
    letters = iter("abcdef")
    for row, (value, y) in zip(axes, Y.items(), strict=False):
        for ax, (x, text) in zip(row, X.items(), strict=True):
            _against(ax, runs, points, x, value)
            ax.set_xlabel(text)
            panels.plain_log("x", ax)
            ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.10g}"))
            panels.title(ax, next(letters), f"{NAMES[value]} against {NAMES[x]}")
        if value == "miss":
            panels.r_axis(row, y)
        else:
            panels.plain_log("y", *row)
            row[0].set_ylabel(y)
    _roc(axes[2, 0], tables["roc"], points)
    panels.title(axes[2, 0], next(letters), "ROC curves: the best of each family")
    _correlations(fig, axes[2, 1], tables["correlations"], points)
    panels.title(axes[2, 1], next(letters), "Rank correlation of outputs")
    fig.legend(handles=_legend(points), ncols=len(FAMILIES), loc="outside upper center")
    if lost := _lost(points):
        fig.supxlabel(f"diverged: {lost}", fontsize=8)
    style.lay_out(fig)  # axes are where they will be, whatever is written in them
    for row, value in zip(axes, Y, strict=False):
        for ax, x in zip(row, X, strict=True):
            _write(ax, runs, points, x, value)
    return fig


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with 1 − AUC, and without rejections that are infinite."""
    finite = table["rejection30"].where(np.isfinite(table["rejection30"]))
    return table.assign(miss=1 - table["auc"], rejection30=finite)


def name_of(tagger: str) -> str:
    """Return a tagger's name as it is written: an architecture, and what else tells it apart."""
    if tagger in NAMED:
        return NAMED[tagger]
    architecture, *rest = tagger.split(" ")
    return ", ".join([tagging.ARCHITECTURES.get(architecture, architecture), *rest])


def _look(family: str) -> tuple[str, str]:
    return FAMILIES.get(family, FAMILIES["other"])


def _against(ax: Axes, runs: pd.DataFrame, points: pd.DataFrame, x: str, value: str) -> None:
    """Draw each trial, the mean of each point, and a line through the sizes of a tagger."""
    for (family, _), sizes in points.groupby(["family", "tagger"], sort=False):
        colour, marker = _look(family)
        known = sizes[np.isfinite(sizes[value])].sort_values("parameters")
        ax.plot(known[x], known[value], "-", color=colour, alpha=0.4, linewidth=1)
        size = 9 if marker == "*" else 5.5
        ax.plot(known[x], known[value], marker, color=colour, ms=size, mew=0, zorder=4)
    for family, mine in runs.groupby("family", sort=False):
        ax.plot(mine[x], mine[value], ".", color=_look(family)[0], alpha=0.45, ms=4, mew=0)
    ends = runs.groupby(list(BY), as_index=False)[value].agg(["min", "max"]).dropna()
    bars = points.merge(ends, on=list(BY))
    colours = [_look(family)[0] for family in bars["family"]]
    ax.vlines(bars[x], bars["min"], bars["max"], color=colours, linewidth=1.2)


def _write(ax: Axes, runs: pd.DataFrame, points: pd.DataFrame, x: str, value: str) -> None:
    """Name each tagger at its largest point."""
    good = points[np.isfinite(points[value]) & np.isfinite(points[x])]
    texts = [
        labels.Label(one[x], one[value], _text(one), _look(one["family"])[0])
        for _, one in good[good["largest"]].iterrows()
    ]
    labels.place(ax, texts, *(one[[x, value]].dropna().to_numpy(float) for one in (good, runs)))


def _text(point: pd.Series) -> str:
    lost = f" ({int(point['diverged'])} diverged)" if point["diverged"] else ""
    return name_of(point["tagger"]) + lost


def _lost(points: pd.DataFrame) -> str:
    """Return which points have trials that diverged and no name in the panels that says so."""
    unnamed = points[(points["diverged"] > 0) & ~(points["largest"] & (points["trials"] > 0))]
    texts = [
        f"{name_of(one.tagger)}, {one.size} ({one.diverged} of {one.trials + one.diverged})"
        for one in unnamed[["tagger", "size", "trials", "diverged"]].itertuples(index=False)
    ]
    return "; ".join(texts)


def _roc(ax: Axes, roc: pd.DataFrame, points: pd.DataFrame) -> None:
    """Draw the ROC curve of the best tagger of each family, and of all combined."""
    single = points[points["largest"] & (points["rank"] > 0)].sort_values("rank")
    chosen = [*single.drop_duplicates("family")["tagger"], *SHOWN]
    there = points[points["tagger"].isin(chosen)].drop_duplicates("tagger").set_index("tagger")
    look = {name: (_look(there["family"][name])[0], "-") for name in there.index}
    names = {name: name_of(name) for name in chosen if name in there.index}
    table = roc[roc["tagger"].isin(names) & roc["largest"]] if len(roc) else roc
    tagging.roc(ax, table, "tagger", names, look)
    ax.legend(fontsize=8)


def _correlations(fig: Figure, ax: Axes, table: pd.DataFrame, points: pd.DataFrame) -> None:
    """Draw the rank correlations within the background below the diagonal, of the signal above."""
    dataset = points["dataset"].iloc[0]
    table = table[table["dataset"] == dataset] if len(table) else table
    order = {name: n for n, name in enumerate(FAMILIES)}
    there = points[points["largest"] & (points["family"] != "combined")]
    there = there[there["tagger"].isin(table["one"]) & (there["dataset"] == dataset)]
    there = there.sort_values("family", key=lambda names: names.map(order), kind="stable")
    names = list(there["tagger"])
    if not names:
        return panels.nothing(ax)
    matrices = [
        table[table["class"] == side].pivot(index="one", columns="other", values="rank")
        for side in ("background", "signal")
    ]
    lower, upper = (matrix.loc[names, names].to_numpy() for matrix in matrices)
    values = np.where(np.tri(len(names), dtype=bool), lower, upper)
    mesh = ax.imshow(values, cmap="viridis", vmin=min(0.0, np.nanmin(values)), vmax=1)
    ax.set_xticks(range(len(names)), [name_of(name) for name in names], rotation=90, fontsize=7)
    ax.set_yticks(range(len(names)), [name_of(name) for name in names], fontsize=7)
    for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
        for tick, family in zip(ticks, there["family"], strict=True):
            tick.set_color(_look(family)[0])
    ax.grid(visible=False)
    label = "background below, signal above the diagonal"
    fig.colorbar(mesh, ax=ax, label=label, shrink=0.8)


def _legend(points: pd.DataFrame) -> list[Line2D]:
    there = set(points["family"])
    return [
        Line2D([], [], color=colour, marker=marker, ls="", ms=8 if marker == "*" else 6, label=name)
        for name, (colour, marker) in FAMILIES.items()
        if name in there
    ]
