"""LoLa against the number of constituents, beside the talk's table."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import empty, panels, style, tagging

# Talk 003, low pT: kind → constituents → AUC and its error.
TALK = {
    "eflow": {
        10: (0.9193, 0.0002),
        20: (0.9303, 0.0005),
        30: (0.9307, 0.0035),
        40: (0.9340, 0.0001),
        50: (0.9342, 0.0004),
        60: (0.9336, 0.0005),
    },
    "tower": {
        10: (0.9254, 0.0014),
        20: (0.9303, 0.0006),
        30: (0.9312, 0.0003),
        40: (0.9321, 0.0002),
        50: (0.9310, 0.0004),
        60: (0.9316, 0.0005),
    },
}
REFERENCE = 40
LOOKS = {"eflow": (style.BLUE, "o", "-"), "tower": (style.RED, "s", "--")}
BOTH = (style.PURPLE, "D", "-")  # of differences between the kinds
TALK_LOOK = {"color": style.GREY, "mfc": "white", "capsize": 2, "lw": 1, "zorder": 2}
SHIFT = 0.7  # constituents, so that error bars do not hide each other


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC against constituents, ours and the talk's, and the differences of both.

    Parameters
    ----------
    tables
        As `relearn.studies.lola_constituents.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    fig = Figure(figsize=(11, 8.4))
    (ours, talk), (forty, kinds) = fig.subplots(2, 2)
    _ours(ours, tables[""], tables["points"])
    for kind, values in TALK.items():
        _talk(talk, values, tagging.KINDS[kind], kind)
    talk.set_ylim(*_alike(ours, talk))
    pairs = tables["pairs"]
    _against_forty(forty, pairs[pairs["against"] == "forty"])
    _between_kinds(kinds, pairs[pairs["against"] == "tower"])
    ours.set_ylabel("AUC")
    talk.set_ylabel("AUC")
    forty.set_ylabel(f"AUC $-$ AUC with {REFERENCE}")
    kinds.set_ylabel("AUC of energy flow $-$ of calorimeter")
    texts = (
        "Here",
        "In the talk, on other jets",
        f"Against {REFERENCE} constituents",
        "Energy flow against calorimeter",
    )
    for ax, letter, text in zip((ours, talk, forty, kinds), "abcd", texts, strict=True):
        panels.title(ax, letter, text)
        panels.whole_numbers(ax)
        ax.set_xlim(5, 65)
        ax.set_xlabel("constituents, the hardest")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="best")
    return fig


def _ours(ax: Axes, runs: pd.DataFrame, points: pd.DataFrame) -> None:
    for side, (kind, (colour, marker, line)) in zip((-1, 1), LOOKS.items(), strict=True):
        mine = [table[table["kind"] == kind] for table in (runs, points)]
        mine = [one.assign(constituents=one["constituents"] + side * SHIFT / 2) for one in mine]
        if len(mine[0]):
            tagging.over(
                ax,
                *mine,
                "constituents",
                label=tagging.KINDS[kind],
                colour=colour,
                linestyle=line,
                marker=marker,
            )


def _talk(ax: Axes, values: Mapping[int, tuple[float, float]], label: str, kind: str) -> None:
    """Draw numbers of the talk with their errors: open markers."""
    number, error = zip(*values.values(), strict=True)
    _, marker, line = LOOKS.get(kind, BOTH)
    ax.errorbar(list(values), number, error, fmt=f"{marker}{line}", label=label, **TALK_LOOK)


def _alike(ours: Axes, talk: Axes) -> tuple[float, float]:
    """Return limits of the talk's axis that span as much as ours, so that slopes compare."""
    ends = talk.get_ylim()
    span = max(ours.get_ylim()[1] - ours.get_ylim()[0], ends[1] - ends[0])
    middle = sum(ends) / 2
    ours.set_ylim(sum(ours.get_ylim()) / 2 - span / 2, sum(ours.get_ylim()) / 2 + span / 2)
    return middle - span / 2, middle + span / 2


def _against_forty(ax: Axes, pairs: pd.DataFrame) -> None:
    for side, (kind, values) in zip((-1, 1), TALK.items(), strict=True):
        mine = pairs[pairs["kind"] == kind]
        if len(mine):
            _bars(ax, mine, side * SHIFT / 2, tagging.KINDS[kind], LOOKS[kind])
        best, own = values[REFERENCE]
        others = {
            n + side * SHIFT: (value - best, math.hypot(error, own))
            for n, (value, error) in values.items()
            if n != REFERENCE
        }
        _talk(ax, others, f"{tagging.KINDS[kind]}, talk", kind)
    ax.axhline(0, color=style.BLACK, linewidth=1)


def _between_kinds(ax: Axes, pairs: pd.DataFrame) -> None:
    if len(pairs):
        _bars(ax, pairs, 0, "here", BOTH)
    flow, tower = TALK.values()
    both = {
        n + SHIFT: (flow[n][0] - tower[n][0], math.hypot(flow[n][1], tower[n][1])) for n in flow
    }
    _talk(ax, both, "talk", "")
    ax.axhline(0, color=style.BLACK, linewidth=1)


def _bars(
    ax: Axes, pairs: pd.DataFrame, shift: float, label: str, look: tuple[str, str, str]
) -> None:
    pairs = pairs.sort_values("constituents")
    colour, marker, line = look
    ax.errorbar(
        pairs["constituents"] + shift,
        pairs["difference"],
        pairs["difference_error"].fillna(0),
        fmt=f"{marker}{line}",
        color=colour,
        label=label,
        capsize=3,
        zorder=3,
    )
