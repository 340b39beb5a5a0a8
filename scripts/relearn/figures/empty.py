"""The figure of a study that has no network left."""

import pandas as pd
from matplotlib.figure import Figure

from relearn.figures import panels


def all_diverged(table: pd.DataFrame) -> Figure | None:
    """Return a figure that says so if every network of a main table diverged, else None."""
    if (table["status"] != "diverged").any():
        return None
    fig = Figure(figsize=(7, 3))
    panels.nothing(fig.subplots(), f"no network to show: all {len(table)} diverged")
    return fig
