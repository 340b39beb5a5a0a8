"""Observables learnt by deep sets: what is left unexplained, and found against true values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from relearn.figures import empty, panels, style

OBSERVABLES = {  # in the order of the talk's table: name, with its unit
    "mass": r"mass [GeV]",
    "multiplicity": r"multiplicity",
    "track_mass": r"track mass [GeV]",
    "track_multiplicity": r"track multiplicity",
    "jet_charge": r"jet charge",
    "eventropy": r"eventropy",
    "momentum_dispersion": r"$p_\mathrm{T}^D$",
    "c_parameter": r"$C$ parameter",
}
FEWER, TALK, MORE, EFN = "fewer", "talk", "more", "efn"
LOOKS = {  # colour, marker, text
    FEWER: (style.SKY, "v", r"PFN, one sum less"),
    TALK: (style.BLUE, "o", r"PFN, as many sums as in the talk"),
    MORE: (style.GREEN, "^", r"PFN, {} sums"),
    EFN: (style.RED, "s", r"EFN, {} sums"),
}
SPREAD = 0.62  # of the networks of one observable along the axis
LOWEST = 1e-4  # unexplained share where the axis begins, unless a network has less


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the unexplained share of the variance, and found against true values.

    Parameters
    ----------
    tables
        As `relearn.studies.observables.measure` returns them.
    options
        None are known.
    """
    table = tables[""]
    if (fig := empty.all_diverged(table)) is not None:
        return fig
    names = [name for name in OBSERVABLES if (table["target"] == name).any()]
    rows = -(-len(names) // 2)
    heights = (4.6, 3.3 * rows)
    fig = Figure(figsize=(13, sum(heights)))
    top, bottom = fig.subfigures(2, 1, height_ratios=heights)
    _unexplained(top.subplots(), tables, names)
    _predicted(bottom, tables, names, rows)
    return fig


def role(table: pd.DataFrame) -> pd.Series:
    """Return what each row of a table of networks or points is: one of `LOOKS`."""
    latent, talk = table["latent"], table["talk"]
    found = pd.Series(np.select([latent < talk, latent == talk], [FEWER, TALK], MORE), table.index)
    return found.where(table["architecture"] == "pfn", EFN)


def _unexplained(ax: Axes, tables: Mapping[str, pd.DataFrame], names: list[str]) -> None:
    runs, points, forms = tables[""], tables["points"], tables["forms"]
    there = [one for one in LOOKS if (role(runs) == one).any()]
    shifts = np.linspace(-SPREAD / 2, SPREAD / 2, len(there)) if len(there) > 1 else [0.0]
    place = {name: n for n, name in enumerate(names)}
    for one, shift in zip(there, shifts, strict=True):
        colour, marker, text = LOOKS[one]
        mine, mean = runs[role(runs) == one], points[role(points) == one]
        at = mine["target"].map(place) + shift
        ax.plot(at, 1 - mine["r2"], marker, color=colour, alpha=0.4, mew=0)
        label = text.format("/".join(map(str, sorted(set(mine["latent"])))))
        at = mean["target"].map(place) + shift
        ax.plot(at, 1 - mean["r2"], marker, color=colour, markersize=7, label=label)
        style.diverged(ax, mine.assign(at=mine["target"].map(place) + shift), "at", colour)
    width, low = (SPREAD + 0.2) / 2, min(LOWEST, 0.7 * np.nanmin(1 - runs["r2"]))
    ends = [forms["target"].map(place) + side * width for side in (-1, 1)]
    ax.hlines(
        np.maximum(1 - forms["r2"], low),
        *ends,
        color=style.BLACK,
        linewidth=2.5,
        label="closed form, of massless particles\n(on the axis: exact, or nearly)",
        clip_on=False,
    )
    ax.axhline(1, linestyle=":", color=style.GREY, linewidth=1.2)
    ax.set_yscale("log")
    ax.set_ylim(low, 2.5)
    texts = []
    for name in names:
        row = runs[runs["target"] == name].iloc[0]
        words = f"{row['talk']:g} sum" + ("s" if row["talk"] > 1 else "")
        name = OBSERVABLES[name].replace(" [GeV]", "")
        texts.append(f"{name}\n{words}\n" + ("safe" if row["safe"] else "not safe"))
    ax.set_xticks(range(len(names)), texts)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.grid(axis="x", visible=False)
    ax.set_ylabel(r"unexplained share of the variance, $1-R^2$")
    panels.title(ax, "a", "Observables learnt as sums over constituents")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _predicted(
    fig: SubFigure, tables: Mapping[str, pd.DataFrame], names: list[str], rows: int
) -> None:
    """Draw two panels for each observable: the PFN of the talk's size, and the EFN."""
    axes = fig.subplots(rows, 4, squeeze=False)
    predictions, letter = tables["predictions"], "b"
    for place, ax in enumerate(np.ravel(axes)):
        number, side = divmod(place, 2)
        if number >= len(names):
            ax.remove()
            continue
        name, by = names[number], ("pfn", "efn")[side]
        mine = predictions[predictions["target"] == name]
        found = mine[mine["architecture"] == by]
        size = f", $\\ell$ = {found['latent'].iloc[0]}" if len(found) else ""
        panels.title(ax, letter, f"{by.upper()}{size}")
        letter = panels.after(letter)
        if found.empty:
            panels.nothing(ax)
            continue
        points = tables["points"]
        here = (points["target"] == name) & (points["architecture"] == by)
        r2 = points[here & (points["latent"] == found["latent"].iloc[0])]["r2"].iloc[0]
        limits = panels.truth_limits(mine["true"])
        panels.predicted_panel(ax, found, f"$R^2$ = {r2:z.3f}", limits)
        ax.set_xlabel(f"true {OBSERVABLES[name]}")
        ax.set_ylabel("predicted")
