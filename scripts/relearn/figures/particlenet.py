"""ParticleNet against the other taggers of the same inputs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import empty, panels, points, tagging


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC, the best first, ROC curves, and differences to ParticleNet.

    Parameters
    ----------
    tables
        As `relearn.studies.particlenet.measure` returns them.
    options
        None are known.
    """
    if (fig := empty.all_diverged(tables[""])) is not None:
        return fig
    tables, labels = points.named(tables, {"architecture": tagging.ARCHITECTURES})
    auc = tables["points"].set_index(points.KEY)["auc"].fillna(-1)
    labels = {key: labels[key] for key in auc.sort_values(ascending=False, kind="stable").index}
    look = tagging.looks(list(labels))
    fig = Figure(figsize=(15, 2.6 + 0.32 * max(len(labels), 8)))
    areas, roc, bars = axes = fig.subplots(1, 3)
    points.areas(areas, tables, labels, look)
    tagging.roc(roc, tables["roc"], points.KEY, labels, look)
    roc.legend(ncols=2, fontsize=8)
    text = r"AUC $-$ AUC of ParticleNet"
    points.differences(bars, tables["pairs"], labels, look, text)
    texts = ("Area under the curve", "ROC curves", "Against ParticleNet")
    for ax, letter, text in zip(axes, "abc", texts, strict=True):
        panels.title(ax, letter, text)
    return fig
