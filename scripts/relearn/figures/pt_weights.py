"""First-layer weights of the pT networks: do they look at px and py of the pair (talk 000)?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import panels, style

COMPONENTS = ("E", "px", "py", "pz")
SYMBOLS = {"E": "$E$", "px": "$p_x$", "py": "$p_y$", "pz": "$p_z$"}
SIGNS = {"minus": "−", "plus": "+"}
SUMMARY = ("weight_E", "weight_pz", "symmetry_difference_px", "symmetry_difference_py")
MARKERS = "osD^vPX<>*"  # of trials; more are not told apart
SMALL = 16  # units up to which the cells have room for their numbers


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw one network's weights, those of all trials μ− against μ+, and the size of each kind.

    Parameters
    ----------
    tables
        As `relearn.studies.pt_weights.measure` returns them.
    options
        None are known.
    """
    table, matrix = panels.with_columns(tables[""], SUMMARY), tables["matrix"]
    fig = Figure(figsize=(12.5, 12.0))
    top, middle, bottom = fig.subfigures(3, 1, height_ratios=(4.2, 3.7, 3.7))
    left, right = top.subplots(1, 2, width_ratios=(1.55, 1))
    if matrix.empty:
        for ax in (left, right, *middle.subplots(1, 3)):
            panels.nothing(ax)
    else:
        chosen = matrix[matrix["representative"]]
        _matrix(left, chosen)
        _directions(right, chosen)
        scatter = middle.subplots(1, 3)
        for ax, component, letter in zip(scatter[:2], ("px", "py"), "cd", strict=True):
            _both_muons(ax, matrix, component)
            panels.title(ax, letter, f"{SYMBOLS[component]} of both muons, all trials")
        if scatter[0].get_legend_handles_labels()[0]:
            scatter[0].legend(loc="upper left", fontsize=8)
        _other_components(scatter[2], matrix)
        panels.title(scatter[2], "e", "$E$ and $p_z$ of both muons, all trials")
    _against_nodes(bottom.subplots(1, 3), table)
    handles = panels.conventions(table)
    bottom.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=10)
    return fig


def _pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the weights of one network: a row per unit, columns component and muon."""
    wide = frame.pivot_table(index="unit", columns=["component", "muon"], values="weight")
    return wide.reindex(columns=pd.MultiIndex.from_product([COMPONENTS, SIGNS]))


def _matrix(ax: Axes, chosen: pd.DataFrame) -> None:
    """Draw units × 8 inputs, the same input of both muons side by side, units by direction."""
    weights = _pairs(chosen)
    direction = np.arctan2(
        weights["py"].mean(axis=1).to_numpy(), weights["px"].mean(axis=1).to_numpy()
    )
    values = weights.to_numpy()[np.argsort(direction, kind="stable")]
    largest = np.abs(values).max() or 1.0
    image = ax.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto")
    ax.figure.colorbar(image, ax=ax, pad=0.02)
    if len(values) <= SMALL:
        for (row, column), value in np.ndenumerate(values):
            pale = abs(value) < 0.6 * largest
            text = f"{1000 * value:.0f}".replace("-", "−").replace("−0", "0")
            ax.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=8,
                color=style.BLACK if pale else "white",
            )
    names = [f"{SYMBOLS[c]}\n$\\mu^{SIGNS[m]}$" for c, m in weights.columns]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(values)), range(1, len(values) + 1))
    for edge in (1.5, 3.5, 5.5):
        ax.axvline(edge, color="white", linewidth=3)
    ax.grid(False)
    ax.set_ylabel("hidden unit, by direction")
    numbers = ", numbers 1/TeV" if len(values) <= SMALL else ""
    panels.title(ax, "a", f"Weights of the first layer (colours 1/GeV{numbers})")


def _directions(ax: Axes, chosen: pd.DataFrame) -> None:
    """Draw each unit's weights of (px, py), the mean of both muons, as an arrow."""
    weights = _pairs(chosen)
    x, y = (weights[name].mean(axis=1).to_numpy() for name in ("px", "py"))
    largest = 1.15 * (np.hypot(x, y).max() or 1.0)
    ax.quiver(
        np.zeros(len(x)),
        np.zeros(len(x)),
        x,
        y,
        angles="xy",
        scale_units="xy",
        scale=1,
        color=style.BLUE,
        width=0.008,
    )
    ax.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal")
    ax.set(xlabel="weight of $p_x$ [1/GeV]", ylabel="weight of $p_y$ [1/GeV]")
    panels.title(ax, "b", "Where each unit looks")


def _both_muons(ax: Axes, matrix: pd.DataFrame, component: str) -> None:
    """Draw the weight of μ+ against that of μ−: on the diagonal the unit sees their sum."""
    wide = _wide(matrix, component)
    limit = 1.1 * np.abs(wide.to_numpy()).max() or 1.0
    ax.plot([-limit, limit], [-limit, limit], "--", color=style.GREY, linewidth=1)
    trials = wide.groupby("trial")
    told_apart = len(trials) <= len(MARKERS)
    for number, (trial, points) in enumerate(trials):
        ax.plot(
            points["minus"],
            points["plus"],
            MARKERS[number] if told_apart else "o",
            color=style.BLUE,
            alpha=0.6 if told_apart else 0.4,
            mew=0,
            markersize=5,
            label=f"trial {trial}" if told_apart else "_nolegend_",
        )
    _square(ax, limit)


def _other_components(ax: Axes, matrix: pd.DataFrame) -> None:
    """Draw E and pz as `_both_muons`, on the scale of px and py: near the middle is near 0."""
    transverse = pd.concat([_wide(matrix, name) for name in ("px", "py")])
    limit = 1.1 * np.abs(transverse.to_numpy()).max() or 1.0
    kinds = (
        ("$p_x$, $p_y$", transverse, style.GREY, 0.25),
        (SYMBOLS["E"], _wide(matrix, "E"), style.RED, 0.8),
        (SYMBOLS["pz"], _wide(matrix, "pz"), style.GREEN, 0.8),
    )
    for label, weights, colour, alpha in kinds:
        wide = weights.clip(-limit, limit)  # what lies beyond is drawn on the edge
        ax.plot(
            wide["minus"],
            wide["plus"],
            "o",
            color=colour,
            alpha=alpha,
            mew=0,
            label=label,
        )
    ax.legend(loc="upper left", fontsize=8)
    _square(ax, limit)


def _wide(matrix: pd.DataFrame, component: str) -> pd.DataFrame:
    part = matrix[matrix["component"] == component]
    return part.pivot_table(index=["trial", "unit"], columns="muon", values="weight")


def _square(ax: Axes, limit: float) -> None:
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set(xlabel=r"weight of $\mu^-$ [1/GeV]", ylabel=r"weight of $\mu^+$ [1/GeV]")


def _against_nodes(axes: np.ndarray, table: pd.DataFrame) -> None:
    """Draw the sizes and the symmetry against the nodes, for both conventions."""
    frame = table.assign(
        transverse=np.hypot(table["symmetry_difference_px"], table["symmetry_difference_py"])
        / np.sqrt(2)
    )
    panels_ = (
        ("weight_E", "f", "Size of the $E$ weights", "rms, relative to $p_x$, $p_y$"),
        ("weight_pz", "g", "Size of the $p_z$ weights", "rms, relative to $p_x$, $p_y$"),
        ("transverse", "h", r"$p_x$, $p_y$: $\mu^-$ against $\mu^+$", "rms difference, relative"),
    )
    for ax, (column, letter, text, label) in zip(axes, panels_, strict=True):
        for convention, part in frame.groupby("convention", sort=False):
            colour = style.CONVENTION_COLOURS[convention]
            style.band(ax, part, "nodes", column, colour=colour)
            style.diverged(ax, part, "nodes", colour)
        panels.whole_numbers(ax)
        ax.set(xlabel="nodes in the hidden layer", ylabel=label)
        panels.title(ax, letter, text)
    panels.plain_log("y", *axes)
