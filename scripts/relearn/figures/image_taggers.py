"""The line of image taggers and two trees: ROC curves, AUC, rejection, differences to DeepTop."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import empty, panels, tagging

TREES = {f"bdt {name}": f"BDT, {text}" for name, text in tagging.INPUTS.items()}
LINE = ("fisher", "image_dense", "cnn", "deeptop", "deeptop colours", "macaluso_shih", "resnet")
LABELS = {
    name: "DeepTop, colours" if name == "deeptop colours" else tagging.ARCHITECTURES[name]
    for name in LINE
} | TREES
SIZES = ("small", "medium", "paper")
ROW = 0.26  # inches, of a point


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw ROC curves of the largest sizes, and AUC and rejection of all.

    Parameters
    ----------
    tables
        As `relearn.studies.image_taggers.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    points = tables["points"]
    several = points["size"].nunique() > 1
    labels = {
        (name, size): f"{text}, {size}" if several else text
        for name, text in tagging.present(points, "tagger", LABELS).items()
        for size in SIZES
    }
    runs, points, pairs = (_named(tables[name]) for name in ("", "points", "pairs"))
    colours = tagging.looks(list(tagging.present(points, "tagger", LABELS)))
    look = {key: colours[key[0]] for key in labels}
    height = max(4.0, 1.2 + ROW * len(points))
    fig = Figure(figsize=(12.5, 4.4 + height))
    top, bottom = fig.subfigures(2, 1, height_ratios=(4.4, height))
    curves, differences = top.subplots(1, 2)
    roc = tables["roc"]
    tagging.roc(curves, roc[roc["largest"]], "tagger", LABELS, colours)
    curves.legend(fontsize=8)
    largest = pairs[pairs["largest"]]
    tagging.bars(differences, largest, "tagger", LABELS, look=colours)
    differences.set_xlabel("AUC $-$ AUC of DeepTop")
    area, rejection = bottom.subplots(1, 2)
    tagging.by_name(area, runs, points, "key", labels, "auc", look)
    tagging.by_name(rejection, runs, points, "key", labels, "rejection50", look)
    panels.plain_log("x", rejection)
    rejection.tick_params(labelleft=False)
    area.set_xlabel("AUC")
    rejection.set_xlabel(r"$1/\epsilon_B$ at $\epsilon_S = 0.5$")
    texts = ("ROC curves", "On the same test jets", "Area under the curve", "Rejection")
    for ax, letter, text in zip((curves, differences, area, rejection), "abcd", texts, strict=True):
        panels.title(ax, letter, text)
    return fig


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column `key`: tagger and size."""
    return table.assign(key=list(zip(table["tagger"], table["size"], strict=True)))
