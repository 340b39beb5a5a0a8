"""What figures of taggers share: names, ROC curves, AUC with its trials, differences as bars.

They draw the tables of `relearn.studies.tagging`. `key` is the column that tells their points
apart, text or numbers; the order of a mapping of labels is the order in which they are drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike

from relearn.figures import panels, style

ARCHITECTURES = {
    "cuts": "cuts",
    "bdt": "BDT",
    "fisher": "Fisher",
    "image_dense": "dense, image",
    "cnn": "first CNN",
    "deeptop": "DeepTop",
    "macaluso_shih": "Macaluso–Shih",
    "resnet": "ResNet",
    "topodnn": "TopoDNN",
    "nsub": "dense, $\\tau_N$",
    "lola": "LoLa",
    "lstm": "LSTM",
    "gru": "GRU",
    "recnn": "recursive",
    "pcnn": "P-CNN",
    "gcn": "graph net",
    "particlenet": "ParticleNet",
    "lite": "ParticleNet-Lite",
    "pfn": "PFN",
    "efn": "EFN",
    "hybrid": "PFN with $\\tau_N$",
}
INPUTS = {
    "softdrop_nsubjettiness": "SoftDrop + N-subj.",
    "mother_of_taggers": "MotherOfTaggers",
}
KINDS = {"eflow": "energy flow", "tower": "calorimeter"}
LINES = ("-", "--", ":", "-.")
LOWEST = 0.1  # signal efficiency from which ROC curves are shown
WHISKERS = {"elinewidth": 1.3, "capsize": 3, "capthick": 1.3, "zorder": 3}
Look = tuple[str, str]

NEGLIGIBLE = 1e-3  # of the mean background efficiency


def looks(keys: Sequence) -> dict[object, Look]:
    """Return a colour and a kind of line for each key, all different."""
    colours = len(style.PALETTE)
    return {
        key: (style.PALETTE[n % colours], LINES[n // colours % len(LINES)])
        for n, key in enumerate(keys)
    }


def present(table: pd.DataFrame, key: str, labels: Mapping[object, str]) -> dict[object, str]:
    """Return the labels of those points that a table has; others come last, by their own name."""
    there = list(dict.fromkeys(table[key])) if key in table else []
    known = {name: text for name, text in labels.items() if name in there}
    return known | {name: str(name) for name in there if name not in known}


def roc(
    ax: Axes,
    table: pd.DataFrame,
    key: str,
    labels: Mapping[object, str],
    look: Mapping[object, Look] | None = None,
    lowest: float = LOWEST,
) -> None:
    """Draw 1/ε_B against ε_S, one line for each point and a band over its trials.

    Parameters
    ----------
    ax
        Where to draw.
    table
        As `relearn.studies.tagging.roc_table` returns it.
    key, labels
        Column of the points; their texts in the legend.
    look
        Colour and line of each; by default `looks`.
    lowest
        Signal efficiency at which the axis begins.
    """
    labels = present(table, key, labels)
    look = look or looks(list(labels))
    shown = table[table["signal_efficiency"].between(lowest, 1)] if labels else table
    for name, text in labels.items():
        part = shown[(shown[key] == name) & (shown["background_efficiency"] > 0)]
        colour, line = look[name]
        x = part["signal_efficiency"]
        # a spread as large as the mean leaves 0, or its rounding: a band without an end
        low, mean = part["background_low"], part["background_efficiency"]
        best = low.where(low > NEGLIGIBLE * mean)
        ax.fill_between(x, 1 / part["background_high"], 1 / best, color=colour, alpha=0.15, lw=0)
        ax.plot(x, 1 / part["background_efficiency"], line, color=colour, label=text)
    ax.set_xlim(lowest, 1)
    panels.plain_log("y", ax)
    ax.set_ylim(bottom=1)
    ax.set_xlabel(r"signal efficiency $\epsilon_S$")
    ax.set_ylabel(r"background rejection $1/\epsilon_B$")


def by_name(
    ax: Axes,
    runs: pd.DataFrame,
    points: pd.DataFrame,
    key: str,
    labels: Mapping[object, str],
    value: str = "auc",
    look: Mapping[object, Look] | None = None,
) -> None:
    """Draw a number of each point on a line of its own: trials, their mean and its error.

    Parameters
    ----------
    ax
        Where to draw; points go down the axis y.
    runs, points
        One row for each tagger, and one for each point (`relearn.studies.tagging.summary`).
    key, labels
        Column of the points, in both tables; their texts on the axis.
    value
        ``auc``, ``rejection30`` or ``rejection50``.
    look
        Colours.
    """
    labels = present(points, key, labels)
    if not labels:
        panels.nothing(ax)
        return
    look = look or looks(list(labels))
    for place, name in enumerate(labels):
        mine, point = runs[runs[key] == name], points[points[key] == name].iloc[0]
        colour = look[name][0]
        values = mine[value][np.isfinite(mine[value])]
        ax.plot(values, np.full(len(values), place), "o", color=colour, alpha=0.45, mew=0)
        if np.isfinite(point[value]):
            error = _whiskers([point[value]], np.nan_to_num([point[f"{value}_error"]]), value)
            ax.errorbar(point[value], place, xerr=error, fmt="|", ms=11, color=colour, **WHISKERS)
        lost = {"diverged": int(point["diverged"]), "infinite": int(np.isinf(mine[value]).sum())}
        if text := ", ".join(f"{number} {how}" for how, number in lost.items() if number):
            ax.text(
                0.02,
                place,
                f"× {text}",
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=8,
            )
    ax.set_yticks(range(len(labels)), list(labels.values()))
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def over(
    ax: Axes,
    runs: pd.DataFrame,
    points: pd.DataFrame,
    x: str,
    value: str = "auc",
    label: str = "",
    colour: str = style.BLUE,
    linestyle: str = "-",
    marker: str = "o",
) -> None:
    """Draw a number against another: each trial, a band over them, their means with errors.

    Parameters
    ----------
    ax
        Where to draw.
    runs, points
        One row for each tagger, and one for each point.
    x, value
        Columns of numbers, in both tables.
    label, colour, linestyle, marker
        Of the line.
    """
    look = {"centre": "mean", "marker": marker, "linestyle": linestyle}
    style.band(ax, runs, x, value, label, colour, **look)
    if "status" in runs:
        style.diverged(ax, runs, x, colour, edge="bottom")
    for place, number in runs.loc[np.isinf(runs[value]), x].value_counts().items():
        look = {"transform": ax.get_xaxis_transform(), "ha": "center", "fontsize": 8}
        ax.text(place, 0.98, f"{number} infinite", color=colour, va="top", **look)
    good = points[np.isfinite(points[f"{value}_error"]) & np.isfinite(points[value])]
    if len(good):
        error = _whiskers(good[value], good[f"{value}_error"], value)
        ax.errorbar(good[x], good[value], yerr=error, fmt="none", ecolor=colour, **WHISKERS)


def _whiskers(values: ArrayLike, errors: ArrayLike, name: str) -> np.ndarray:
    """Return how far errors reach down and up, (2, n): an AUC has no more than 1."""
    low = high = np.asarray(errors, dtype=float)
    if name == "auc":
        high = np.minimum(high, 1 - np.asarray(values, dtype=float))
    return np.stack([low, high])


def bars(
    ax: Axes,
    pairs: pd.DataFrame,
    key: str,
    labels: Mapping[object, str],
    value: str = "difference",
    unit: float = 1.0,
    look: Mapping[object, Look] | None = None,
) -> None:
    """Draw differences to a reference as bars, with their error and its number of deviations.

    Parameters
    ----------
    ax
        Where to draw; points go down the axis y.
    pairs
        As `relearn.studies.tagging.compare` returns it.
    key, labels
        Column of the points; their texts on the axis.
    value
        ``difference`` or ``relative``, %.
    unit
        What values and errors are multiplied by.
    look
        Colours.
    """
    labels = present(pairs, key, labels)
    if not labels:
        panels.nothing(ax, "nothing to compare")
        return
    look = look or looks(list(labels))
    for place, name in enumerate(labels):
        row = pairs[pairs[key] == name].iloc[0]
        error = row[f"{value}_error"] * unit
        width, known = row[value] * unit, np.isfinite(error)
        ax.barh(place, width, color=look[name][0], alpha=0.6, height=0.6)
        if known:
            ax.errorbar(width, place, xerr=error, fmt="none", ecolor=style.BLACK, **WHISKERS)
        far = error if known else 0.0
        text = f"{round(row['sigmas'], 1) + 0.0:+.1f} σ".replace("-", "−") if known else "one trial"
        side = 1 if width >= 0 else -1
        ax.annotate(
            text,
            (width + side * far, place),
            (5 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=8,
        )
    ax.axvline(0, color=style.BLACK, linewidth=1)
    ax.margins(x=0.35)  # for the numbers beside the bars
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_yticks(range(len(labels)), list(labels.values()))
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def percent_change(ax: Axes) -> None:
    """Make x an axis of relative changes, %."""
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g} %" if value else "0"))
