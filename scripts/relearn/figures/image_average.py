"""Average jet images of tops and of QCD, and what differs, after each step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, SymLogNorm
from matplotlib.figure import Figure, SubFigure

from relearn.figures import jets, panels

TITLES = {
    "raw": "before the steps",
    "centre": "centred",
    "rotate": "and rotated",
    "flip": "and flipped: after all steps",
}
DECADES = 4  # of ET that the colours span
DIFFERENCES = 2.5


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the average images: rows are tops, QCD and their difference, columns the steps.

    Parameters
    ----------
    tables
        As `relearn.studies.image_average.measure` returns them.
    options
        Of the study; they change the tables only.
    """
    table, pixels = tables[""], tables["pixels"]
    datasets = list(dict.fromkeys(table["dataset"]))
    steps = [step for step in TITLES if (table["step"] == step).any()]
    fig = Figure(figsize=(3.1 * len(steps) + 1.4, 8.6 * len(datasets)))
    letter = "a"
    parts = np.ravel(fig.subfigures(len(datasets), 1, squeeze=False))
    for part, dataset in zip(parts, datasets, strict=True):
        mine = [one[one["dataset"] == dataset] for one in (table, pixels)]
        if len(datasets) > 1:
            part.suptitle(dataset, fontweight="bold", x=0.02, ha="left")
        letter = _dataset(part, *mine, steps, letter)
    return fig


def _dataset(
    fig: SubFigure, table: pd.DataFrame, pixels: pd.DataFrame, steps: list[str], letter: str
) -> str:
    """Draw all images of a dataset; return the next letter."""
    sides = jets.classes(table)
    axes = fig.subplots(3, len(steps), squeeze=False)
    brightest = float(pixels["et"].max())
    norm = LogNorm(brightest / 10**DECADES, brightest)
    grids = {
        (side, step): pixels[(pixels["class"] == side) & (pixels["step"] == step)]
        for side in sides
        for step in steps
    }
    differences = {step: _difference(*(grids[side, step] for side in sides)) for step in steps}
    largest = max(float(one["et"].abs().max()) for one in differences.values()) or 1.0
    both = SymLogNorm(largest / 10**DIFFERENCES, vmin=-largest, vmax=largest)
    for n, row in enumerate(axes):
        for step, ax in zip(steps, row, strict=True):
            if n < len(sides):
                mesh = jets.image(ax, grids[sides[n], step], "et", norm)
            else:
                last = jets.image(ax, differences[step], "et", both, cmap="RdBu_r")
            panels.title(ax, letter, TITLES[step] if n == 0 else "")
            letter = panels.after(letter)
            ax.set_xticks(np.arange(-2, 3))
            ax.set_yticks(np.arange(-1, 2))
            if n == 2:
                ax.set_xlabel(r"$\Delta\eta$")
        name = "tops $-$ QCD"
        if n < len(sides):
            count = table[table["class"] == sides[n]]["jets"].iloc[0]
            name = f"{count} {jets.CLASS_LABELS[sides[n]]}"
        row[0].set_ylabel(f"{name}\n" + r"$\Delta\phi$ [rad]")
    label = r"mean $E_\mathrm{T}$ of a pixel [GeV]"
    fig.colorbar(mesh, ax=axes[:2], label=label, pad=0.01, aspect=35, extend="min")
    bar = fig.colorbar(last, ax=axes[2:], label="difference [GeV]", pad=0.01, aspect=17)
    decades = 10.0 ** np.arange(*np.ceil(np.log10([both.linthresh, largest * 1.01])))
    bar.set_ticks([*-decades[::-1], 0, *decades])
    bar.minorticks_off()
    return letter


def _difference(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    place = ["eta", "phi"]
    first, second = (image.set_index(place)["et"] for image in (one, other))
    return first.sub(second, fill_value=0.0).rename("et").reset_index()
