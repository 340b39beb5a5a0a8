"""Networks on images under a shifted energy scale, trained as it is and with smeared jets."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter

from relearn.figures import empty, jets, panels, style

COLOURS = (style.BLUE, style.RED, style.GREEN)
LINES = ("-", "--", ":")


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, its change, and the change of the output, against the shift.

    Parameters
    ----------
    tables
        As `relearn.studies.jes_image.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    shifts = tables["shifts"]
    fig = Figure(figsize=(12.5, 8.2))
    axes = fig.subplots(2, 2)
    area, change, output, sides = axes.ravel()
    handles = []
    for n, (smear, part) in enumerate(shifts.groupby("jes_smear")):
        look = {"colour": COLOURS[n % 3], "linestyle": LINES[n % 3], "centre": "mean"}
        for ax, column in ((area, "auc"), (change, "auc_change"), (output, "output_change")):
            style.band(ax, part, "shift", column, **look)
        for side, marker in (("signal", "^"), ("background", "v")):
            colour = jets.CLASS_COLOURS[side]
            style.band(
                sides,
                part,
                "shift",
                f"output_{side}",
                marker=marker,
                **look | {"colour": colour},
            )
        text = f"energies smeared by {100 * smear:g} %" if smear else "default training"
        line = {"color": look["colour"], "linestyle": look["linestyle"]}
        handles.append(Line2D([], [], marker="o", label=text, **line))
    fig.legend(handles=handles, loc="outside upper center", ncols=3, fontsize=10)
    _classes(sides, handles)
    area.set_ylabel("AUC")
    change.set_ylabel("AUC $-$ AUC without shift")
    output.set_ylabel("mean |change| of the output")
    sides.set_ylabel("mean change of the output")
    texts = (
        "Area under the curve",
        "Its change",
        "Change of the signal's probability",
        "The same, with its sign",
    )
    for ax, letter, text in zip(axes.ravel(), "abcd", texts, strict=True):
        ax.xaxis.set_major_locator(FixedLocator(sorted(shifts["shift"].unique())))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda shift, _: _percent(shift)))
        ax.set_xlabel("shift of the jet energy scale in the test [%]")
        panels.title(ax, letter, text)
    return fig


def _percent(shift: float) -> str:
    return f"{100 * shift:+g}".replace("-", "−") if shift else "0"


def _classes(ax: Axes, trainings: list[Line2D]) -> None:
    """Put a legend of classes and kinds of line where colours are classes."""
    handles = [
        Line2D([], [], color=colour, marker=marker, label=jets.CLASS_LABELS[side])
        for (side, colour), marker in zip(jets.CLASS_COLOURS.items(), "^v", strict=True)
    ]
    handles += [
        Line2D([], [], color=style.GREY, linestyle=one.get_linestyle(), label=one.get_label())
        for one in trainings
    ]
    ax.legend(handles=handles, fontsize=8)
