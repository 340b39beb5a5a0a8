"""V → |V|²: error and cost of each strategy, and what the summation nodes say (talk 004)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import panels, style
from relearn.figures.empty import all_diverged

COLOURS = {
    "alternative-1-layer": style.BLUE,
    "alternative-2-layers": style.SKY,
    "alternative-3-layers": style.PURPLE,
    "intuitive-scratch": style.RED,
    "intuitive-pretrained": style.ORANGE,
    "intuitive-frozen": style.GREEN,
}
ONLY_THE_SUM = 1 / 3  # `node_match` and `node_span` of nodes that all say |V|²
LOG_EPOCHS = 1000  # longer trainings are drawn over the logarithm of the epoch


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw error and cost of each strategy; did the intuitive networks find V² by themselves?

    Parameters
    ----------
    tables
        As `relearn.studies.norm_squared.measure` returns them.
    options
        None are known.
    """
    if nothing := all_diverged(tables[""]):
        return nothing
    table = tables[""].assign(point=lambda t: _names(t))
    order = _order(table)
    table = table.assign(at=table["point"].map({name: i for i, name in enumerate(order)}))
    fig = Figure(figsize=(13.0, 8.6))
    fig.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    axes = fig.subplots(2, 2, width_ratios=(1.15, 1))
    _strategies(axes[0, 0], table, order, "relative_rmse")
    axes[0, 0].set(ylabel="rms error / standard deviation of $|V|^2$", yscale="log")
    panels.plain_log("y", axes[0, 0])
    panels.title(axes[0, 0], "a", "Error: which strategy is better?")
    _cost(axes[0, 1], tables["history"], table)
    panels.title(axes[0, 1], "b", "Cost against epoch")
    _units(axes[1, 0], table, order)
    panels.title(axes[1, 0], "c", "First layer: units for one component alone")
    _nodes(axes[1, 1], table)
    panels.title(axes[1, 1], "d", "Is the intuitive solution found?")
    return fig


def _names(table: pd.DataFrame) -> list[str]:
    """Return the name of each network's point of the scans, as it is read on the axis."""
    return [
        f"{strategy.replace('-', chr(10), 1).replace('-', ' ')}\n{panels.sizes_label(hidden)}"
        for strategy, hidden in zip(table["strategy"], table["hidden"], strict=True)
    ]


def _order(table: pd.DataFrame) -> list[str]:
    """Return all points: the alternatives by depth, then the intuitive ones."""
    rank = {name: i for i, name in enumerate(COLOURS)}
    found = table.drop_duplicates("point").assign(
        rank=lambda t: t["strategy"].map(lambda name: rank.get(name, len(rank)))
    )
    return list(found.sort_values(["intuitive", "rank"], kind="stable")["point"])


def _strategies(ax: Axes, table: pd.DataFrame, order: list[str], column: str) -> None:
    """Draw a number of every network, in columns of strategies."""
    for strategy, part in table.groupby("strategy", sort=False):
        colour = COLOURS.get(strategy, style.BLACK)
        if column in part:
            style.band(
                ax, part, "point", column, "", colour, categories=order, linestyle=" ", bars=True
            )
            good = part.dropna(subset=column)
            # Trials beside each other, so that each is seen.
            # within half the way to the next name, however many trials
            apart = 0.15 + 0.3 * good["trial"] / max(1, good["trial"].max())
            ax.plot(good["at"] + apart, good[column], "o", color=colour, markersize=3.5, mew=0)
        style.diverged(ax, part, "point", colour, categories=order)
    ax.set_xlim(-0.5, len(order) - 0.2)
    ax.xaxis.grid(False)
    ax.tick_params(axis="x", labelsize=9)


def _cost(ax: Axes, history: pd.DataFrame, table: pd.DataFrame) -> None:
    """Draw the validation cost: every trial, and the median of each point."""
    if history.empty:
        panels.nothing(ax)
        return
    points = table.drop_duplicates("point").sort_values("at")
    for strategy, hidden in zip(points["strategy"], points["hidden"], strict=True):
        chosen = (history["strategy"] == strategy) & (history["hidden"] == hidden)
        part = history[chosen].dropna(subset="validation_loss")
        colour = COLOURS.get(strategy, style.BLACK)
        for _, trial in part.groupby("run"):
            ax.plot(trial["epoch"], trial["validation_loss"], color=colour, alpha=0.25, lw=0.7)
        median = part.groupby("epoch")["validation_loss"].median()
        label = f"{strategy.replace('-', ', ', 1).replace('-', ' ')}"
        ax.plot(median.index, median, color=colour, label=label)
    ax.set(xlabel="epoch", ylabel="cost (mean squared error, standardised)", yscale="log")
    if history["epoch"].max() > LOG_EPOCHS:
        ax.set_xscale("log")
    ax.legend(loc="upper right")


def _units(ax: Axes, table: pd.DataFrame, order: list[str]) -> None:
    """Draw how many units of the first layer look at one component alone."""
    _strategies(ax, table, order, "dedicated_share")
    panels.percent(ax)
    ax.set_ylabel("share of the units")
    style.reference_line(ax, 3 * (1 - np.sqrt(0.9)), "random directions")


def _nodes(ax: Axes, table: pd.DataFrame) -> None:
    """Draw whether the summation nodes are V² by component, or span it."""
    part = table[table["intuitive"]]
    if part.empty or part["node_span"].isna().all():
        panels.nothing(ax, "no intuitive network")
        return
    order = _order(part)
    looks = {
        "node_match": ("one node for each $V_i^2$", style.BLUE, "o", -0.12),
        "node_span": ("$V_i^2$ as a mixture of the nodes", style.ORANGE, "s", 0.12),
    }
    for column, (label, colour, marker, offset) in looks.items():
        look = {"categories": order, "offset": offset, "marker": marker, "bars": True}
        style.band(ax, part, "point", column, label, colour, linestyle=" ", **look)
    style.diverged(ax, part, "point", categories=order)
    style.reference_line(ax, ONLY_THE_SUM, "all nodes say $|V|^2$")
    style.reference_line(ax, 1, "the intuitive solution")
    ax.set(ylim=(0, 1.35), xlim=(-0.5, len(order) - 0.2))
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.set_ylabel("$r^2$, mean over the components")
    ax.legend(loc="upper left", ncols=2)
