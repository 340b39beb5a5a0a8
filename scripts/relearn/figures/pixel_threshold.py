"""AUC against the threshold of pixels, with networks trained anew and not, and what is left."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from relearn.figures import empty, panels, style, tagging

NEW = {"label": "trained and tested with it", "colour": style.BLUE}
OLD = {"label": "trained without, tested with it", "colour": style.RED}
LINEAR = 1.0  # GeV; below, the axis is not logarithmic, for there is a 0


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC and its change against the threshold, and the share of ET and of pixels left.

    Parameters
    ----------
    tables
        As `relearn.studies.pixel_threshold.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    tested, pairs = tables["tested"], tables["pairs"]
    fig = Figure(figsize=(12.5, 4.4))
    area, change, left = axes = fig.subplots(1, 3)
    tagging.over(area, tables[""], tables["points"], "threshold", **NEW)
    area.plot(tested["threshold"], tested["auc"], "s--", color=OLD["colour"], label=OLD["label"])
    area.set_ylabel("AUC")
    area.legend(fontsize=8)
    _changes(change, pairs, "difference", NEW["colour"], "o-")
    _changes(change, tested[tested["threshold"] > 0], "change", OLD["colour"], "s--")
    change.axhline(0, color=style.BLACK, linewidth=1)
    change.set_ylabel("AUC $-$ AUC without threshold")
    before = tested["lit"].max()
    left.plot(tested["threshold"], tested["et"], "o-", color=style.GREEN, label="of $E_T$")
    left.plot(tested["threshold"], tested["lit"] / before, "s--", color=style.ORANGE)
    left.lines[-1].set_label("of lit pixels" + (f" ({before:.0f} a jet)" if len(tested) else ""))
    left.legend(fontsize=8)
    panels.percent(left)
    left.set_ylabel("share that is left in test jets")
    values = np.unique([*tables["points"]["threshold"], *tested["threshold"]])
    texts = ("Area under the curve", "On the same test jets", "What is left")
    for ax, letter, text in zip(axes, "abc", texts, strict=True):
        _thresholds(ax, values)
        panels.title(ax, letter, text)
    return fig


def _changes(ax: Axes, table: pd.DataFrame, value: str, colour: str, line: str) -> None:
    table = table.sort_values("threshold")
    ax.plot(table["threshold"], table[value], line, color=colour)
    known = table[np.isfinite(table[f"{value}_error"])]
    errors = known[f"{value}_error"]
    ax.errorbar(
        known["threshold"],
        known[value],
        yerr=errors,
        fmt="none",
        ecolor=colour,
        **tagging.WHISKERS,
    )


def _thresholds(ax: Axes, values: np.ndarray) -> None:
    """Make x an axis of thresholds: 0, and logarithmic from 1 GeV on."""
    ax.set_xscale("symlog", linthresh=LINEAR, linscale=0.6)
    ax.xaxis.set_major_locator(FixedLocator(values))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlim(-0.15, values.max() * 1.3 if len(values) else 1)
    ax.set_xlabel("threshold of a pixel [GeV]")
