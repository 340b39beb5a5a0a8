"""LoLa without some of its rows, in random order, or with other rows: AUC and its change."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, style, tagging

ABLATIONS = {
    "full": "all rows",
    "order=random": "random order",
    "rows=mass": "only mass",
    "rows=first_three": "only first three rows",
    "rows=last": "only last row, 2 sums, 2 minima",
    "rows=last+sums=1+minima=0": "only last row, 1 sum",
    "variant=talk002": "rows of talk 002",
}
TALK = {  # %
    "order=random": -0.5,
    "rows=mass": -24.0,
    "rows=first_three": -1.6,
    "rows=last": -0.3,
    "rows=last+sums=1+minima=0": -1.2,
}
TICKS = (-20, -5, -1, -0.5, 0, 0.5, 1, 5, 20)  # %
TALK_LOOK = {"color": style.BLACK, "mfc": "white", "ms": 6, "ls": "", "zorder": 4}
BELOW = 0.4  # the bar, where the talk's number stands
LINEAR = 1.0  # %, up to which the axis is linear


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the AUC of each network, and its relative change beside the talk's.

    Parameters
    ----------
    tables
        As `relearn.studies.lola_ablation.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    tables, labels = points.named(tables, {"ablation": ABLATIONS})
    look = tagging.looks(list(labels))
    fig = Figure(figsize=(12.5, 2.2 + 0.42 * len(labels)))
    auc, change = fig.subplots(1, 2)
    points.areas(auc, tables, labels, look)
    if tables["pairs"].empty:
        panels.nothing(change, "nothing to compare with")
    else:
        tagging.bars(change, tables["pairs"], points.KEY, labels, "relative", look=look)
        _talk(change, tables["pairs"], labels)
    for ax, letter, text in zip((auc, change), "ab", ("AUC", "Relative change"), strict=True):
        panels.title(ax, letter, text)
    return fig


def _talk(ax: Axes, pairs: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Add the talk's numbers to the bars, and an axis for large and for small ones."""
    there = tagging.present(pairs, points.KEY, labels)
    stated = pairs.drop_duplicates(points.KEY).set_index(points.KEY)["ablation"].map(TALK)
    for place, name in enumerate(there):
        ax.plot(stated[name], place + BELOW, "D", **TALK_LOOK)
    ax.plot([], [], "D", label="the talk", **TALK_LOOK)
    ax.set_xscale("symlog", linthresh=LINEAR)
    low = min(-40.0, 2 * float(pairs["relative"].min()))
    ax.set_xlim(low, max(1.0, 3 * float(pairs["relative"].max())))
    ax.set_xticks([tick for tick in TICKS if low <= tick <= ax.get_xlim()[1]])
    tagging.percent_change(ax)
    ax.minorticks_off()
    ax.set_xlabel("relative change of the AUC")
    ax.set_ylim(len(there) - 0.4, -0.5)
    ax.legend(loc="center right")
