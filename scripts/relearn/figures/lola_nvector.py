"""LoLa with charge and impact parameters: AUC, ROC curves, differences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, tagging

FEATURES = {
    "none": "four-vectors",
    "charge": "+ charge",
    "d0+z0": "+ true $d_0$, $z_0$",
    "d0_smeared+z0_smeared": "+ measured $d_0$, $z_0$",
}
AGAINST = {
    "momenta": ("Against four-vectors alone", "AUC $-$ AUC of four-vectors"),
    "truth": ("Against true impact parameters", "AUC $-$ AUC with true $d_0$, $z_0$"),
}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, ROC curves, and differences to four-vectors and to true impact parameters.

    Parameters
    ----------
    tables
        As `relearn.studies.lola_nvector.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    tables, labels = points.named(tables, {"features": FEATURES})
    look = tagging.looks(list(labels))
    fig = Figure(figsize=(12.5, 6.6 + 0.3 * len(labels)))
    (auc, roc), bars = fig.subplots(2, 2, height_ratios=(3, 2))
    points.areas(auc, tables, labels, look)
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend()
    pairs = tables["pairs"]
    for ax, (against, (_, label)) in zip(bars, AGAINST.items(), strict=True):
        points.differences(ax, pairs[pairs["against"] == against], labels, look, label)
    texts = ("What each constituent has", "ROC curves", *(text for text, _ in AGAINST.values()))
    for ax, letter, text in zip((auc, roc, *bars), "abcd", texts, strict=True):
        panels.title(ax, letter, text)
    return fig
