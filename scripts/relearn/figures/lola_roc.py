"""LoLa against DeepTop and trees: ROC curves, AUC, differences, for each range of pT."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure, SubFigure

from relearn.figures import empty, panels, points, tagging

TAGGERS = {
    "lola": "LoLa",
    "deeptop": "DeepTop",
    **{f"bdt {name}": f"BDT, {text}" for name, text in tagging.INPUTS.items()},
}
DATASETS = {"tops_low": r"low $p_\mathrm{T}$", "tops_high": r"high $p_\mathrm{T}$"}
AGAINST = {"eflow": "Against LoLa on energy flow", "tower": "Against LoLa on the calorimeter"}
HEIGHT = 8.0  # inches, of a dataset


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw ROC curves, AUC, and differences to LoLa on either kind of jets, dataset by dataset.

    Parameters
    ----------
    tables
        As `relearn.studies.lola_roc.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    tables, labels = points.named(tables, {"tagger": TAGGERS, "kind": tagging.KINDS})
    look = tagging.looks(list(labels))
    datasets = tagging.present(tables["points"], "dataset", DATASETS)
    fig = Figure(figsize=(12.5, HEIGHT * len(datasets)))
    letter = "a"
    parts = fig.subfigures(len(datasets), 1, squeeze=False)[:, 0]
    for part, (dataset, text) in zip(parts, datasets.items(), strict=True):
        mine = {name: table[table["dataset"] == dataset] for name, table in tables.items()}
        part.suptitle(text, fontweight="bold", x=0.02, ha="left")
        letter = _dataset(part, mine, labels, look, letter)
    return fig


def _dataset(
    fig: SubFigure,
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
    look: Mapping[str, tagging.Look],
    letter: str,
) -> str:
    """Draw the four panels of a dataset; return the next letter."""
    (roc, auc), bars = fig.subplots(2, 2)
    labels = {key: text for key, text in labels.items() if key in set(tables[""][points.KEY])}
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend(fontsize=8)
    points.areas(auc, tables, labels, look)
    for ax, kind in zip(bars, AGAINST, strict=True):
        pairs = tables["pairs"]
        text = "AUC $-$ AUC of LoLa"
        points.differences(ax, pairs[pairs["against"] == kind], labels, look, text)
    texts = ("ROC curves", "Area under the curve", *AGAINST.values())
    for ax, text in zip((roc, auc, *bars), texts, strict=True):
        panels.title(ax, letter, text)
        letter = panels.after(letter)
    return letter
