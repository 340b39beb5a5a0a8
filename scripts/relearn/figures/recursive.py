"""Recursive nets: the tree that they follow, and gates."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, tagging

TREES = {"kt": r"$k_\mathrm{T}$", "ca": "C/A", "antikt": r"anti-$k_\mathrm{T}$"}
GATES = {"no": "plain", "yes": "gated"}
CHANGED = {
    "tree": (r"Against the $k_\mathrm{T}$ tree", r"AUC $-$ AUC with the $k_\mathrm{T}$ tree"),
    "gated": ("Gates against none", r"AUC $-$ AUC of the plain net"),
}
PAPER = r"1702.00748, W against QCD: $k_\mathrm{T}$ 0.9185, $k_\mathrm{T}$ gated 0.921"


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, ROC curves, and differences between trees and by gates.

    Parameters
    ----------
    tables
        As `relearn.studies.recursive.measure` returns them.
    options
        None are known.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    tables, labels = points.named(tables, {"tree": TREES, "gated": GATES})
    look = tagging.looks(list(labels))
    fig = Figure(figsize=(12.5, 6.6 + 0.4 * len(labels)))
    (auc, roc), bars = fig.subplots(2, 2, height_ratios=(3, 2))
    points.areas(auc, tables, labels, look)
    auc.set_xlabel(f"AUC, tops against QCD\n({PAPER})")
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend()
    for ax, (changed, (_, label)) in zip(bars, CHANGED.items(), strict=True):
        pairs = tables["pairs"]
        points.differences(ax, pairs[pairs["changed"] == changed], labels, look, label)
    texts = ("Trees and gates", "ROC curves", *(text for text, _ in CHANGED.values()))
    for ax, letter, text in zip((auc, roc, *bars), "abcd", texts, strict=True):
        panels.title(ax, letter, text)
    return fig
