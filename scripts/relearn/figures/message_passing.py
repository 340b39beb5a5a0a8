"""Message passing: fixed against learned adjacency, and who takes from whom in two jets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure

from relearn.figures import empty, jets, panels, points, style, tagging

ADJACENCY = {"fixed": "fixed", "learned": "learned", "none": ""}
MEASURES = {
    "closeness": r"mean $\Delta R$ / equal weights",
    "hardness": r"mean $p_\mathrm{T}$ / equal weights",
}
WEIGHTS = (1.0, 10.0)  # of an edge, in units of equal weights: from here on, up to here
TICKS = (1, 2, 5, 10)
AREA = 260.0  # points², of the hardest constituent
ROOM = 1.08  # of the axes, beyond the outermost constituent


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, ROC curves, differences, what messages are like, and the graphs of two jets.

    Parameters
    ----------
    tables
        As `relearn.studies.message_passing.measure` returns them.
    options
        Of the study; they change the tables only.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    # graph nets first: a key that comes again keeps its place
    names = {"gcn": "", **tagging.ARCHITECTURES}
    columns = {"architecture": names, "adjacency": ADJACENCY}
    tables, labels = points.named(tables, columns)
    fig = Figure(figsize=(13.5, 16.5))
    top, bottom = fig.subfigures(2, 1, height_ratios=(7.3, 9.2))
    _performance(top, tables, labels)
    if len(tables["edges"]):
        _graphs(bottom, tables["nodes"], tables["edges"])
    else:
        panels.nothing(bottom.subplots(), "no graph net to show")
    return fig


def _performance(
    fig: SubFigure, tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str]
) -> None:
    axes = (auc, roc, pairs), (*measures, last) = fig.subplots(2, 3)
    last.remove()
    look = tagging.looks(list(labels))
    points.areas(auc, tables, labels, look)
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend()
    text = r"AUC $-$ AUC with the learned adjacency"
    points.differences(pairs, tables["pairs"], labels, look, text)
    for ax, (column, label) in zip(measures, MEASURES.items(), strict=True):
        _messages(ax, tables["messages"], column, labels)
        ax.set_ylabel(label)
    texts = ("Area under the curve", "ROC curves", "Against the learned adjacency")
    texts += ("How near the givers are", "How hard the givers are")
    for ax, letter, text in zip((*axes[0], *measures), "abcde", texts, strict=True):
        panels.title(ax, letter, text)
    if len(tables["messages"]):
        fig.legend(*measures[0].get_legend_handles_labels(), loc=(0.7, 0.2), fontsize=10)


def _messages(ax: Axes, table: pd.DataFrame, column: str, labels: Mapping[str, str]) -> None:
    """Draw a number of each adjacency and class against the iteration; 1 is equal weights."""
    if table.empty:
        panels.nothing(ax)
        return
    for n, (key, part) in enumerate(table.groupby(points.KEY, sort=False)):
        for side, colour in jets.CLASS_COLOURS.items():
            mine, line = part[part["class"] == side], tagging.LINES[n % len(tagging.LINES)]
            label = f"{labels[key]}, {jets.CLASS_LABELS[side]}"
            style.band(ax, mine, "iteration", column, label, colour, linestyle=line)
    ax.axhline(1, color=style.GREY, linewidth=1)
    panels.whole_numbers(ax)
    ax.set_xlabel("iteration")


def _graphs(fig: SubFigure, nodes: pd.DataFrame, edges: pd.DataFrame) -> None:
    """Draw a panel for each class, adjacency and iteration."""
    shown = edges.groupby(["adjacency", "iteration"]).size().index
    sides, norm, letter = jets.classes(nodes), LogNorm(*WEIGHTS), "f"
    axes = fig.subplots(len(sides), len(shown), squeeze=False)
    reach = ROOM * float(nodes[["deta", "dphi"]].abs().to_numpy().max())
    for row, side in zip(axes, sides, strict=True):
        for ax, (adjacency, iteration) in zip(row, shown, strict=True):
            mine, some = (
                part[part["class"].eq(side) & part["adjacency"].eq(adjacency)]
                for part in (nodes, edges)
            )
            some = some[some["iteration"] == iteration]
            lines = _graph(ax, mine, some, norm, jets.CLASS_COLOURS[side])
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
            words = "" if adjacency == "fixed" else f", iteration {iteration}"
            panels.title(ax, letter, f"{jets.CLASS_LABELS[side][:-1]}: {adjacency}{words}")
            letter = panels.after(letter)
            ax.set_xlabel(r"$\Delta\eta$")
        row[0].set_ylabel(r"$\Delta\phi$ [rad]")
    label = "weight of an edge (mean of both ways) / equal weight"
    bar = fig.colorbar(lines, ax=axes, label=label, extend="max", pad=0.01, aspect=40)
    bar.set_ticks(TICKS, labels=[f"{tick:g}" for tick in TICKS])
    bar.minorticks_off()


def _graph(
    ax: Axes, nodes: pd.DataFrame, edges: pd.DataFrame, norm: LogNorm, colour: str
) -> LineCollection:
    """Draw constituents with areas as their pT, and edges that weigh more than equal ones."""
    count = len(nodes)
    weight = np.zeros((count, count))
    weight[edges["taker"], edges["giver"]] = edges["weight"] * count
    weight = (weight + weight.T) / 2
    one, other = np.triu_indices(count, 1)
    heavy = weight[one, other] > WEIGHTS[0]
    one, other = one[heavy], other[heavy]
    order = np.argsort(weight[one, other], kind="stable")  # the heaviest on top
    one, other = one[order], other[order]
    place = nodes[["deta", "dphi"]].to_numpy()
    lines = LineCollection(
        np.stack([place[one], place[other]], axis=1), norm=norm, cmap="viridis_r"
    )
    lines.set(array=weight[one, other], linewidth=0.8, alpha=0.7, rasterized=True)
    ax.add_collection(lines)
    area = AREA * nodes["pt"] / nodes["pt"].max()
    ax.scatter(*place.T, s=area, color=colour, edgecolors="white", linewidths=0.5, zorder=3)
    return lines
