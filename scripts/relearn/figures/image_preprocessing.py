"""Steps of a jet image on and off: AUC, rejection, and differences to all steps."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import empty, panels, tagging

ALL = "centre+rotate+flip+crop"
LABELS = {
    "crop": "none",
    "centre+crop": "centre",
    "centre+flip+crop": "centre, flip",
    "centre+rotate+crop": "centre, rotate",
    ALL: "centre, rotate, flip",
    f"{ALL} subpixel": "all on constituents",
}


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, ROC curves against that of all steps, and the differences.

    Parameters
    ----------
    tables
        As `relearn.studies.image_preprocessing.measure` returns them.
    options
        None are known.
    """
    if lost := empty.all_diverged(tables[""]):
        return lost
    runs, points, pairs, roc = (_named(tables[name]) for name in ("", "points", "pairs", "roc"))
    look = tagging.looks(list(tagging.present(points, "key", LABELS)))
    fig = Figure(figsize=(12.5, 4.2))
    curves, area, differences = fig.subplots(1, 3)
    tagging.roc(curves, roc, "key", LABELS, look)
    curves.legend(fontsize=8)
    tagging.by_name(area, runs, points, "key", LABELS, look=look)
    area.set_xlabel("AUC")
    tagging.bars(differences, pairs, "key", LABELS, look=look)
    differences.set_xlabel("AUC $-$ AUC with all steps on pixels")
    texts = ("ROC curves", "Area under the curve", "On the same test jets")
    for ax, letter, text in zip((curves, area, differences), "abc", texts, strict=True):
        panels.title(ax, letter, text)
    return fig


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column `key`: the steps, and whether they are of constituents."""
    return table.assign(key=table["steps"] + table["subpixel"].map({"no": "", "yes": " subpixel"}))
