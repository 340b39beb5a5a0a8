"""LSTM and GRU: what the order of a jet's constituents does."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, style, tagging

ORDERS = {"pt": r"$p_\mathrm{T}$", "random": "random", "clustering": "clustering"}
CELLS = {"lstm": "LSTM", "gru": "GRU"}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, ROC curves, differences to the order of pT, and jets read in another order.

    Parameters
    ----------
    tables
        As `relearn.studies.recurrent.measure` returns them.
    options
        None are known.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    tables, labels = points.named(tables, {"architecture": CELLS, "order": ORDERS})
    look = tagging.looks(list(labels))
    height = 3.4 + 0.25 * len(labels)
    fig = Figure(figsize=(12.5, 1.9 * height))
    (auc, roc), (pairs, reread) = fig.subplots(2, 2)
    points.areas(auc, tables, labels, look)
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend()
    text = r"AUC $-$ AUC in the order of $p_\mathrm{T}$"
    otherwise = "no other order to compare with"
    points.differences(pairs, tables["pairs"], labels, look, text, otherwise)
    _reread(reread, tables["reread"], labels)
    texts = (
        "Trained and tested in one order",
        "ROC curves",
        r"Against the order of $p_\mathrm{T}$",
        "The same networks read in another order",
    )
    for ax, letter, text in zip((auc, roc, pairs, reread), "abcd", texts, strict=True):
        panels.title(ax, letter, text)
    return fig


def _reread(ax: Axes, table: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Draw the mean AUC of each point in each order as a field of numbers."""
    grid = table.pivot_table(index=points.KEY, columns="read", values="auc")
    grid = grid.reindex(index=[key for key in labels if key in grid.index], columns=list(ORDERS))
    own = table[table["own"] == "yes"].groupby(points.KEY)["read"].first()
    mesh = ax.pcolormesh(grid.to_numpy(), cmap="viridis", edgecolors="white", linewidth=2)
    middle = (mesh.norm.vmin + mesh.norm.vmax) / 2
    for row, (key, values) in enumerate(grid.iterrows()):
        for column, (read, value) in enumerate(values.items()):
            ax.text(
                column + 0.5,
                row + 0.5,
                f"{value:.3f}",
                ha="center",
                va="center",
                color="white" if value < middle else style.BLACK,
                fontweight="bold" if own[key] == read else "normal",
            )
    ax.set_yticks([row + 0.5 for row in range(len(grid))], [labels[key] for key in grid.index])
    ax.set_xticks([column + 0.5 for column in range(len(ORDERS))], list(ORDERS.values()))
    ax.set_xlabel("order of the test jets (bold: that of the training)")
    ax.invert_yaxis()
    ax.grid(False)
    ax.figure.colorbar(mesh, ax=ax, label="AUC", pad=0.01)
