"""One jet image of each class, step by step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from relearn.figures import jets, panels, style

TITLES = {
    "raw": "as measured",
    "centre": "centre: 1 in the middle",
    "rotate": "rotate: 2 at 12 o'clock",
    "flip": "flip: 3 to the right",
    "crop": r"crop: 40 $\times$ 40 pixels",
}
SHOWN = (-23.5, 22.5)  # pixels of an image that is not cropped yet
DIMMEST = 0.1  # GeV
MARK = {
    "xytext": (13, 10),
    "textcoords": "offset points",
    "fontsize": 8,
    "ha": "center",
    "va": "center",
    "color": style.RED,
    "arrowprops": {"arrowstyle": "-", "color": style.RED, "linewidth": 0.8, "shrinkB": 1},
    "bbox": {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": style.RED},
}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw a row of images for each dataset and class, a column for each step.

    Parameters
    ----------
    tables
        As `relearn.studies.image_steps.measure` returns them.
    options
        Of the study; they change the tables only.
    """
    table, pixels, maxima = tables[""], tables["pixels"], tables["maxima"]
    steps = [step for step in TITLES if (table["step"] == step).any()]
    lines = table.drop_duplicates(["dataset", "class"])[["dataset", "class"]].to_numpy()
    fig = Figure(figsize=(3.0 * len(steps) + 1.2, 2.7 * len(lines) + 0.5))
    axes = fig.subplots(len(lines), len(steps), squeeze=False)
    norm = LogNorm(DIMMEST, max(float(pixels["et"].max()), 10 * DIMMEST))
    letter = "a"
    for (dataset, side), row in zip(lines, axes, strict=True):
        for step, ax in zip(steps, row, strict=True):
            here = {"dataset": dataset, "class": side, "step": step}
            cropped = step == "crop"
            span = jets.CROPPED if cropped else SHOWN
            mesh = jets.image(ax, _rows(pixels, here), "et", norm, span=span)
            _mark(ax, _rows(maxima, here))
            if step == "flip":
                _frame(ax)
            panels.title(ax, letter, TITLES[step])
            letter = panels.after(letter)
            ax.set_xticks(np.arange(-2, 3))
            ax.set_yticks(np.arange(-1, 2) if cropped else np.arange(-2, 3))
            if ax in axes[-1]:
                ax.set_xlabel(r"$\Delta\eta$")
        name = jets.CLASS_LABELS.get(side, side)
        several = table["dataset"].nunique() > 1
        row[0].set_ylabel(f"{dataset}, {name}\n" * several + f"{name}\n" * (not several) + PHI)
    fig.colorbar(mesh, ax=axes, label=r"$E_\mathrm{T}$ of a pixel [GeV]", pad=0.01, aspect=35)
    return fig


PHI = r"$\Delta\phi$ [rad]"


def _rows(table: pd.DataFrame, wanted: Mapping[str, str]) -> pd.DataFrame:
    chosen = np.logical_and.reduce([table[name] == value for name, value in wanted.items()])
    return table[chosen]


def _mark(ax: Axes, maxima: pd.DataFrame) -> None:
    """Number the maxima, beside them, so that they are seen themselves."""
    for rank, eta, phi in maxima[["rank", "eta", "phi"]].itertuples(index=False):
        ax.annotate(f"{rank:.0f}", (eta, phi), **MARK)


def _frame(ax: Axes) -> None:
    """Show what the crop will keep."""
    (x, end), (y, top) = ((jets.CROPPED[0] * w, jets.CROPPED[1] * w) for w in jets.PIXEL)
    look = {"fill": False, "linestyle": ":", "edgecolor": style.GREY, "linewidth": 1.2}
    ax.add_patch(Rectangle((x, y), end - x, top - y, **look))
