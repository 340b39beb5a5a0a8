"""What figures of accuracy share: axes of r, panels of predictions, lines over bins, titles."""

import math
from collections.abc import Callable, Iterable, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
)

from relearn.figures import style

SMALLEST = 1e-8  # 1 − r below this is lost in the digits of the tables
TRUTH_SHOWN = (0.0, 0.995)  # quantiles: a few events in the tail would shrink all others
SIZES = (0.0, 0.88)  # part of the colour map for sizes; its yellow end is too pale for lines
MARGIN = 0.05  # of a logarithmic axis, beyond the data on both sides
ROOM = 0.15  # of an axis y, for the crosses of networks that diverged
TALK_LOOK = {"facecolor": style.YELLOW, "alpha": 0.4, "linewidth": 0}


def with_miss(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a column `miss`, 1 − r: what `r_axis` wants to be drawn."""
    return frame.assign(miss=(1 - frame["r"]).clip(lower=SMALLEST))


def r_axis(axes: Axes | Iterable[Axes], label: str = "correlation $r$") -> None:
    """Turn the y axes, on which 1 − r is drawn, into axes of r: better is up.

    They are logarithmic in 1 − r, so that 0.99 and 0.999 are as far apart as 0.9 and 0.99,
    and all get the same limits. Call it when everything is drawn.

    Parameters
    ----------
    axes
        One, or several that are compared.
    label
        Of the first one.
    """
    axes = [axes] if isinstance(axes, Axes) else list(axes)
    for ax in axes:
        ax.set_yscale("log")
    best, worst = _limits("y", axes)
    if worst < 10 * best:  # less than one decade has too few labels
        best, worst = best / 1.5, worst * 1.5
    for ax in axes:
        ax.set_ylim(worst, best)
        _ticks(ax.yaxis, best, worst)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda miss, _: _r_text(miss)))
    axes[0].set_ylabel(label)


def plain_log(which: str, *axes: Axes) -> None:
    """Make the axis ``"x"`` or ``"y"`` logarithmic, with plain numbers: 0.01, 0.1, or 1, 2, 5.

    Several axes get the same limits. Call it when everything is drawn.
    """
    for ax in axes:
        ax.set(**{f"{which}scale": "log"})
    low, high = _limits(which, axes)
    for ax in axes:
        ax.set(**{f"{which}lim": (low, high)})
        axis = getattr(ax, f"{which}axis")
        _ticks(axis, low, high)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _limits(which: str, axes: Iterable[Axes]) -> tuple[float, float]:
    """Return limits around all data above 0, with a margin; 0.1 and 1 where there are none.

    On an axis y the large values are the bad ones, 1 − r or a resolution.
    """
    axes = list(axes)
    boxes = [ax.dataLim for ax in axes]
    low = min(getattr(box, f"minpos{which}") for box in boxes)
    high = max(getattr(box, f"interval{which}")[1] for box in boxes)
    if not (0 < low <= high < np.inf):
        return 0.1, 1.0
    margin = max((high / low) ** MARGIN, 1.05)
    if which == "y" and any(map(_has_crosses, axes)):
        high *= (high / low) ** ROOM
    return float(low / margin), float(high * margin)


def _has_crosses(ax: Axes) -> bool:
    """Whether networks that diverged are marked at the edge, where room is needed."""
    return any(line.get_gid() == style.DIVERGED for line in ax.lines)


def percent(*axes: Axes) -> None:
    """Make y an axis of shares, from 0 to 100 %."""
    for ax in axes:
        ax.set_ylim(-0.03 - ROOM * _has_crosses(ax), 1.03)
        ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _ticks(axis: Axis, low: float, high: float) -> None:
    """Label decades, and more between them the fewer there are, or what there is room for."""
    decades = math.log10(high / low)
    few = decades < (2.1 if axis.axis_name == "x" else 2.8)
    labelled = (1, 2, 5) if few else (1,)
    if axis.axis_name == "y" and decades < 1.2:
        labelled = (1, 1.5, 2, 3, 5, 7)
    axis.set_major_locator(LogLocator(subs=labelled, numticks=20))
    if decades < 0.7:  # 1, 2, 5 would leave one label or none
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axis.set_minor_locator(LogLocator(subs=range(2, 10), numticks=20))
    axis.set_minor_formatter(NullFormatter())


def _r_text(miss: float) -> str:
    if miss > 1.0001:
        return ""
    digits = max(0, math.ceil(-math.log10(miss) - 1e-9))
    if not math.isclose(round(miss, digits), miss, rel_tol=1e-6):
        digits += 1  # 0.85
    return f"{1 - miss:.{digits}f}"


def title(ax: Axes, letter: str, text: str) -> None:
    """Write the title of a panel at its left: the letter that the caption uses, and the text."""
    ax.set_title(rf"$\mathbf{{{letter}}}$  {text}", loc="left")


def after(letter: str) -> str:
    """Return the next letter: a … z, then A … Z."""
    return "A" if letter == "z" else chr(ord(letter) + 1)


def sizes_label(hidden: str) -> str:
    """Return the nodes of the hidden layers as they are read: 10 × 3 for 10x3."""
    return hidden.replace("x", " × ")


def nodes_label(hidden: str) -> str:
    """Return the same for a title: one layer has nodes, of several the product says enough."""
    plural = "" if hidden == "1" else "s"
    return sizes_label(hidden) if "x" in hidden else f"{hidden} node{plural}"


def whole_numbers(ax: Axes) -> None:
    """Put ticks of x at whole numbers only: nodes."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def log_sizes(ax: Axes, sizes: Iterable[int]) -> None:
    """Make x logarithmic, with a tick at each size that there is."""
    ax.set_xscale("log")
    sizes = sorted(set(sizes))
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    if len(sizes) == 1:  # a single size has no range of its own
        ax.set_xlim(sizes[0] / 2, sizes[0] * 2)


def talk_span(ax: Axes, low: float, high: float) -> None:
    """Shade the range of x that a talk names."""
    ax.axvspan(low, high, **TALK_LOOK, zorder=0)


def talk_patch(text: str) -> Patch:
    """Return the entry of a legend for `talk_span`."""
    return Patch(**TALK_LOOK, label=text)


def conventions(table: pd.DataFrame) -> list[Line2D]:
    """Return the entries of a legend for the conventions that a table has."""
    return [
        Line2D([], [], color=style.CONVENTION_COLOURS[name], marker="o", label=label)
        for name, label in style.CONVENTION_LABELS.items()
        if (table["convention"] == name).any()
    ]


def nothing(ax: Axes, text: str = "no network to show") -> None:
    """Say so where a panel has nothing to draw."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=style.GREY)
    ax.set(xticks=[], yticks=[])


def sequence(names: Sequence) -> dict:
    """Return a colour for each size, from dark (small) to light, in the order given."""
    cmap = matplotlib.colormaps["viridis"]
    places = np.linspace(*SIZES, max(len(names), 2))
    return {
        name: matplotlib.colors.to_hex(cmap(place))
        for name, place in zip(names, places, strict=False)
    }


def with_centre(bins: pd.DataFrame) -> pd.DataFrame:
    """Return a table of bins with a column `centre`: the geometric mean of the edges.

    A bin that begins at 0 counts from a quarter of its upper edge.
    """
    if bins.empty:
        return bins
    return bins.assign(centre=np.sqrt(lower_edges(bins) * bins["high"]))


def lower_edges(bins: pd.DataFrame) -> pd.Series:
    """Return the lower edges of bins, for a logarithmic axis: see `with_centre`."""
    return np.maximum(bins["low"], bins["high"] / 4)


def over_bins(
    ax: Axes,
    bins: pd.DataFrame,
    y: str,
    label: str = "",
    colour: str = style.BLUE,
    **look: str,
) -> Line2D | None:
    """Draw a column of `bins` over the binned variable, as `style.band`; see `plain_log`."""
    if bins.empty:
        return None
    return style.band(ax, with_centre(bins), "centre", y, label, colour, **look)


def row_in_bins(
    fig: SubFigure,
    letter: str,
    shown: Sequence[tuple[str, str, str]],
    draw: Callable[[Axes, str, str, bool], None],
) -> None:
    """Draw a row of panels of the accuracy in bins.

    Parameters
    ----------
    fig
        Where to.
    letter
        Of the first panel.
    shown
        For each panel the target that its bins are of, the column, and the title.
    draw
        Called with axes, target, column, and whether the legend is to have what it draws.
    """
    axes = fig.subplots(1, len(shown))
    for place, (ax, (target, column, text)) in enumerate(zip(axes, shown, strict=True)):
        draw(ax, target, column, place == 0)
        ax.set_xlabel(f"true {style.TARGET_LABELS[target]}")
        title(ax, letter, text)
        letter = after(letter)
    for target in {target for target, *_ in shown}:
        plain_log("x", *(ax for ax, one in zip(axes, shown, strict=True) if one[0] == target))
    kinds = {"resolution": [], "share": []}
    for ax, (_, column, _) in zip(axes, shown, strict=True):
        kinds["resolution" if column == "resolution" else "share"].append(ax)
    plain_log("y", *kinds["resolution"])
    percent(*kinds["share"])
    for ax in kinds["resolution"]:
        ax.set_ylabel("relative resolution")
    kinds["share"][0].set_ylabel("share of test events")
    legend(fig, "nodes")


def nearest(sizes: Iterable[int], wanted: int) -> int:
    """Return the size that is nearest to the wanted one, the larger of two."""
    return min(set(sizes), key=lambda size: (abs(size - wanted), -size))


def in_order(datasets: Iterable[str]) -> list[str]:
    """Return the datasets, each once, in the order of `style.SAMPLE_COLOURS`; unknown ones last."""
    found = list(dict.fromkeys(datasets))
    known = [name for name in style.SAMPLE_COLOURS if name in found]
    return known + [name for name in found if name not in known]


def legend(fig: Figure | SubFigure, title: str = "") -> None:
    """Put the legend beside the panels, if anything has been drawn that it can name."""
    if any(ax.get_legend_handles_labels()[0] for ax in fig.axes):
        fig.legend(title=title, loc="outside right upper")


def row_height(width: float, number: int) -> float:
    """Return the height, inches, of a row of square panels with their labels."""
    return min(4.2, 0.82 * width / max(number, 3) + 0.8)


def truth_limits(true: pd.Series) -> tuple[float, float]:
    """Return common limits of predicted-against-true panels, with a margin of 3 %."""
    low, high = true.quantile(TRUTH_SHOWN)
    margin = 0.03 * ((high - low) or 1.0)
    return float(low - margin), float(high + margin)


def predicted_panel(
    ax: Axes,
    events: pd.DataFrame,
    text: str = "",
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw predicted against true of one network.

    Parameters
    ----------
    ax
        Where to draw.
    events
        Columns true and predicted.
    text
        In the upper left corner, which such a plot leaves free.
    limits
        Of both axes; by default `truth_limits` of these events.
    """
    limits = limits or truth_limits(events["true"])
    style.density(ax, events["true"], events["predicted"], limits=limits, bins=45)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    if text:
        white = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5}
        ax.text(0.04, 0.96, text, transform=ax.transAxes, va="top", fontsize=8, bbox=white)


def quality(table: pd.DataFrame, run: str, column: str = "within_10pct") -> str:
    """Return what to write into the panel of a network: r, and one more number.

    Parameters
    ----------
    table
        The main table.
    run
        The network's name.
    column
        ``within_10pct``, written as a share, or the name of a resolution.
    """
    row = table[table["run"] == run].iloc[0]
    digits = 3 if row["r"] < 0.9 else 1 + math.ceil(-math.log10(max(1 - row["r"], SMALLEST)))
    r = f"$r$ = {row['r']:.{digits}f}"  # two digits of 1 − r
    if column == "within_10pct":
        return f"{r}\nwithin 10 %: {100 * row[column]:.0f} %"
    return f"{r}\nresolution: {row[column]:.2g}"


def with_columns(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the table with these columns; NaN where no network lived to be asked for them."""
    return table.assign(**{name: np.nan for name in names if name not in table})
