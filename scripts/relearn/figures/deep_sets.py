"""EFN and PFN: AUC against the size of the latent space, and the EFN's filters around the axis."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Circle

from relearn.figures import empty, panels, style, tagging

LOOKS = {"pfn": (style.BLUE, "-", "o"), "efn": (style.RED, "--", "s")}
HALF = 0.5  # of a filter's maximum


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw AUC against the latent space, ROC curves, the filters and their sizes.

    Parameters
    ----------
    tables
        As `relearn.studies.deep_sets.measure` returns them.
    options
        None are known.
    """
    table = tables[""]
    if (fig := empty.all_diverged(table)) is not None:
        return fig
    fig = Figure(figsize=(13.5, 9.6))
    top, bottom = fig.subfigures(2, 1, height_ratios=(4.3, 5.3))
    _performance(top, tables)
    _filters(bottom, tables["filters"], tables["sizes"])
    return fig


def _performance(fig: SubFigure, tables: Mapping[str, pd.DataFrame]) -> None:
    auc, rejection, roc = fig.subplots(1, 3)
    runs, points, curves = tables[""], tables["points"], tables["roc"]
    for name, (colour, line, marker) in LOOKS.items():
        mine = [one[one["architecture"] == name] for one in (runs, points)]
        if len(mine[0]):
            label = tagging.ARCHITECTURES[name]
            tagging.over(auc, *mine, "latent", "auc", label, colour, line, marker)
            tagging.over(rejection, *mine, "latent", "rejection30", label, colour, line, marker)
    panels.log_sizes(auc, runs["latent"])
    panels.log_sizes(rejection, runs["latent"])
    for ax, text in ((auc, "AUC"), (rejection, r"$1/\epsilon_B$ at $\epsilon_S$ = 0.3")):
        ax.set_xlabel(r"size of the latent space $\ell$")
        ax.set_ylabel(text)
    auc.legend()
    largest = curves[curves["latent"] == curves["latent"].max()]
    look = {name: (colour, line) for name, (colour, line, _) in LOOKS.items()}
    labels = {
        name: f"{tagging.ARCHITECTURES[name]}, $\\ell$ = {runs['latent'].max()}" for name in look
    }
    tagging.roc(roc, largest, "architecture", labels, look)
    roc.legend()
    texts = ("Area under the curve", "Background rejection", "ROC curves")
    for ax, letter, text in zip((auc, rejection, roc), "abc", texts, strict=True):
        panels.title(ax, letter, text)


def _filters(fig: SubFigure, filters: pd.DataFrame, sizes: pd.DataFrame) -> None:
    latents = list(dict.fromkeys(filters["latent"]))
    axes = np.ravel(fig.subplots(1, len(latents) + 1, squeeze=False))
    if not latents:
        panels.nothing(axes[0], "no EFN to show")
        return
    reach = float(filters["y"].abs().max())
    norm, cmap = Normalize(0, reach), matplotlib.colormaps["viridis"]
    letter = "d"
    for ax, latent in zip(axes[:-1], latents, strict=True):
        mine, size = (one[one["latent"] == latent] for one in (filters, sizes))
        _contours(ax, mine, size, norm, cmap)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        ax.set_xlabel(r"rapidity $y$ from the axis")
        dead = int(size["dead"].sum())
        panels.title(
            ax, letter, f"Filters, $\\ell$ = {latent}" + (f", {dead} dead" if dead else "")
        )
        letter = panels.after(letter)
    axes[0].set_ylabel(r"azimuth $\phi$ from the axis [rad]")
    _sizes(axes[-1], sizes)
    panels.title(axes[-1], letter, "How much a filter sees")
    label = "distance of the maximum from the axis"
    fig.colorbar(ScalarMappable(norm, cmap), ax=axes[:-1], label=label, pad=0.01, aspect=30)


def _contours(
    ax: Axes, filters: pd.DataFrame, sizes: pd.DataFrame, norm: Normalize, cmap: Any
) -> None:
    """Draw where each filter has half of its maximum, coloured by where the maximum is."""
    y, phi = (np.sort(filters[name].unique()) for name in ("y", "phi"))
    for row in sizes[~sizes["dead"]].sort_values("distance", ascending=False).itertuples():
        place = {"index": "phi", "columns": "y", "values": f"filter_{row.filter}"}
        values = filters.pivot(**place).to_numpy()
        if np.nanmin(values) < HALF:
            colour = [cmap(norm(row.distance))]
            ax.contour(y, phi, values, levels=[HALF], colors=colour, linewidths=1.0, alpha=0.8)
    ax.add_patch(Circle((0, 0), norm.vmax, fill=False, color=style.GREY, linestyle=":"))
    ax.plot(0, 0, "+", color=style.RED, markersize=9, mew=1.5)


def _sizes(ax: Axes, sizes: pd.DataFrame) -> None:
    """Draw the area inside the contour against the distance of the maximum."""
    for latent, colour in panels.sequence(sorted(set(sizes["latent"]))).items():
        mine = sizes[(sizes["latent"] == latent) & ~sizes["dead"]]
        for inside, face in ((True, colour), (False, "none")):
            part = mine[mine["inside"] == inside]
            label = f"$\\ell$ = {latent}" + ("" if inside else ", reaches the edge")
            look = {"markeredgecolor": colour, "markerfacecolor": face, "alpha": 0.8}
            if len(part):
                ax.plot(part["distance"], part["area"], "o", markersize=5, label=label, **look)
    panels.plain_log("y", ax)
    ax.set_xlabel("distance of the maximum from the axis")
    ax.set_ylabel("area above half of the maximum")
    ax.legend()
