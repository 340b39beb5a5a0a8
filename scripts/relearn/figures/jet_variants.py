"""The same jets through other detectors and selections, beside the reference."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from relearn.figures import jets, panels, style

# quantity: label of x, name
PANELS = {
    "pt": (r"$p_\mathrm{T}$ [GeV]", r"$p_\mathrm{T}$"),
    "mass": (r"$m$ [GeV]", r"$m$"),
    "sd_mass": (r"$m_\mathrm{SD}$ [GeV]", r"$m_\mathrm{SD}$"),
    "tau32": (r"$\tau_3/\tau_2$", r"$\tau_3/\tau_2$"),
    "tau21": (r"$\tau_2/\tau_1$", r"$\tau_2/\tau_1$"),
    "multiplicity": ("constituents", "number"),
    "response": (r"$p_\mathrm{T}$ / true $p_\mathrm{T}$", "response"),
}
SHARES = {
    "shared": "selected both ways, of either",
    "passes": "the other kind's jet passes too",
    "merged": r"b, q, q within $R$",
    "loses": "reclustering loses some",
}
COLOURS = (style.GREEN, style.ORANGE, style.PURPLE, style.SKY, style.YELLOW)
MARKERS = {"signal": "o", "background": "s"}
RATIO = (0.4, 1.6)
RATIOS = 12  # bins of a ratio, at most
WORST = 0.5  # error of a ratio that is still drawn
P_MIN = 1e-4  # as in `relearn.studies.agreement`
HEIGHT, LAST = 2.8, 2.6  # inches, of the row of a class and kind, and of the last one


def height(tests: pd.DataFrame, reference: str) -> float:
    """Return the height, inches, that `draw` needs for a reference."""
    return HEIGHT * len(_places(tests[tests["reference"] == reference])) + LAST + 0.4


def draw(fig: SubFigure, tables: Mapping[str, pd.DataFrame], reference: str, letter: str) -> str:
    """Draw distributions of a reference and its variants, their ratios, mean values, shares.

    Parameters
    ----------
    fig
        Where to draw: a row for each class and kind of jets, and one below.
    tables
        As `relearn.studies.jet_validation.measure` returns them.
    reference
        Name of the dataset that others are compared with.
    letter
        Of the first row.

    Returns
    -------
    str
        The next letter.
    """
    tests = tables["tests"][tables["tests"]["reference"] == reference]
    variants = dict(zip(dict.fromkeys(tests["dataset"]), COLOURS * len(tests), strict=False))
    colours = {reference: style.BLACK} | variants
    places = _places(tests)
    grid = fig.add_gridspec(len(places) + 1, 1, height_ratios=[HEIGHT] * len(places) + [LAST])
    for spec, (side, kind) in zip(grid, places, strict=False):
        mine = [
            table[(table["class"] == side) & (table["kind"] == kind)]
            for table in (tables["histograms"], tests)
        ]
        first = _row(fig, spec, *mine, colours)
        panels.title(first, letter, f"{jets.CLASS_LABELS[side]}, {jets.KIND_LABELS[kind]}")
        letter = panels.after(letter)
    last = grid[len(places)].subgridspec(1, 2)
    panels.title(ax := fig.add_subplot(last[0]), letter, "Shares of jets")
    _shares(ax, tables[""], colours)
    ax = fig.add_subplot(last[1])
    ax.set_axis_off()
    ax.legend(handles=_handles(tests, reference, variants), loc="center", fontsize=10)
    fig.suptitle(f"{reference} and its variants", x=0.01, ha="left", fontweight="bold")
    return panels.after(letter)


def _places(tests: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the classes and kinds that there are, in the order of the legend."""
    there = set(zip(tests["class"], tests["kind"], strict=True))
    pairs = ((side, kind) for side in jets.CLASS_LABELS for kind in jets.KIND_LABELS)
    return [pair for pair in pairs if pair in there]


def _row(
    fig: SubFigure,
    spec: SubplotSpec,
    histograms: pd.DataFrame,
    tests: pd.DataFrame,
    colours: Mapping[str, str],
) -> Axes:
    """Draw all quantities of one class and kind; return the first panel."""
    shown = [name for name in PANELS if (histograms["quantity"] == name).any()]
    ratios = [1.0] * len(shown) + [1.5]
    cells = spec.subgridspec(2, len(shown) + 1, height_ratios=[2, 1], width_ratios=ratios)
    first = None
    for column, quantity in enumerate(shown):
        above = fig.add_subplot(cells[0, column])
        below = fig.add_subplot(cells[1, column], sharex=above)
        first = first or above
        _distributions(above, below, histograms[histograms["quantity"] == quantity], colours)
        _p_values(above, tests[tests["quantity"] == quantity], colours)
        above.tick_params(labelbottom=False, labelleft=False)
        below.set(xlabel=PANELS[quantity][0], ylim=RATIO)
        if column:
            below.tick_params(labelleft=False)
        else:
            above.set_ylabel("density")
            below.set_ylabel("ratio")
    _means(fig.add_subplot(cells[:, -1]), tests, shown, colours)
    return first


def _distributions(
    above: Axes, below: Axes, histograms: pd.DataFrame, colours: Mapping[str, str]
) -> None:
    """Draw densities, with the reference filled, and below them what they are of the reference."""
    reference = next(iter(colours))
    expected = histograms[histograms["dataset"] == reference]
    edges = np.append(expected["low"], expected["high"].iloc[-1])
    grey = {"fill": True, "color": style.GREY, "alpha": 0.25, "linewidth": 0}
    above.stairs(expected["density"], edges, **grey)
    wide, base, error = _wider(expected)
    known = error < 1
    band = np.where(known, error, np.nan)
    below.stairs(1 + band, wide, baseline=1 - band, **grey)
    below.axhline(1, color=style.BLACK, linewidth=1)
    for dataset, colour in colours.items():
        one = histograms[histograms["dataset"] == dataset]
        if one.empty:
            continue
        above.stairs(one["density"], edges, color=colour, linewidth=1.4)
        if dataset != reference:
            _, density, own = _wider(one)
            good = known & (own < WORST)
            ratio = density[good] / base[good]
            look = {"fmt": "o", "ms": 3, "lw": 1.2, "color": colour}
            place = (wide[1:] + wide[:-1])[good] / 2
            below.errorbar(place, ratio, ratio * own[good], **look)
    above.set_ylim(0, 1.5 * above.get_ylim()[1])  # room for p


def _wider(histogram: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges, densities and their relative errors of bins put together for a ratio."""
    starts = np.arange(0, len(histogram), -(-len(histogram) // RATIOS))
    edges = np.append(histogram["low"].to_numpy()[starts], histogram["high"].iloc[-1])
    share = histogram["density"] * (histogram["high"] - histogram["low"])
    density = np.add.reduceat(share.to_numpy(), starts) / np.diff(edges)
    jets_in = np.add.reduceat(histogram["jets"].to_numpy(), starts)
    error = np.full(len(density), np.inf)
    return edges, density, np.divide(1, np.sqrt(jets_in), out=error, where=jets_in > 0)


def _p_values(ax: Axes, tests: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Write p of Kolmogorov and Smirnov; bold and with a cross where it should be larger."""
    rows = tests[tests["test"] == "Kolmogorov–Smirnov"]
    for place, (_, row) in enumerate(rows.iterrows()):
        failed = row["expected"] and not row["pass"]
        text = f"p = {row['p']:.2g}" if row["p"] >= P_MIN else f"p < {P_MIN:g}"
        look = {"color": colours[row["dataset"]], "fontsize": 7.5}
        look |= {"weight": "bold" if failed else "normal"}
        cross = "✗ " if failed else ""
        place = 0.98 - 0.095 * place
        ax.text(0.98, place, cross + text, transform=ax.transAxes, ha="right", va="top", **look)


def _means(ax: Axes, tests: pd.DataFrame, shown: list[str], colours: Mapping[str, str]) -> None:
    """Draw how far each mean is from the reference's, in per cent of it, with its error."""
    rows = tests[tests["test"] == "means"]
    datasets = list(colours)[1:]
    for k, dataset in enumerate(datasets):
        mine = rows[(rows["dataset"] == dataset) & rows["quantity"].isin(shown)]
        place = np.array([shown.index(name) for name in mine["quantity"]], dtype=float)
        place += (k - (len(datasets) - 1) / 2) * 0.2
        shift = 100 * (mine["value"] / mine["of_reference"] - 1)
        error = 100 * mine["error"] / mine["of_reference"].abs()
        ax.errorbar(shift, place, xerr=error, fmt="o", ms=3.5, lw=1.2, color=colours[dataset])
        failed = (mine["expected"] & ~mine["pass"].astype(bool)).to_numpy(dtype=bool)
        ring = {"mfc": "none", "color": style.RED, "ms": 9, "mew": 1.5}
        ax.plot(shift[failed], place[failed], "o", **ring)
    ax.axvline(0, color=style.BLACK, linewidth=1)
    ax.set_yticks(range(len(shown)), [PANELS[name][1] for name in shown])
    ax.set(ylim=(len(shown) - 0.5, -0.5), xlabel="mean / reference − 1 [%]")


def _shares(ax: Axes, table: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw shares of jets with their errors."""
    kinds = {"merged": ("truth",), "shared": ("both",), "loses": ("eflow",)}
    rows = {}
    for name in SHARES:
        mine = table[(table["quantity"] == name) & table["dataset"].isin(colours)]
        if name == "passes":  # of the kind that was not selected on: some do not
            mine = mine[mine["mean"] < 1]
        else:
            mine = mine[mine["kind"].isin(kinds[name])]
        if len(mine):
            rows[name] = mine
    order = [(dataset, side) for side in MARKERS for dataset in colours]
    for place, mine in enumerate(rows.values()):
        for _, row in mine.iterrows():
            dataset, side = row["dataset"], row["class"]
            shift = order.index((dataset, side)) - (len(order) - 1) / 2
            look = {"fmt": MARKERS[side], "ms": 4, "lw": 1.2, "color": colours[dataset]}
            height = place + 0.8 * shift / len(order)
            ax.errorbar(row["mean"], height, xerr=row["error"], **look)
    ax.set_yticks(range(len(rows)), [SHARES[name] for name in rows])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5))
    ax.xaxis.set_major_formatter(panels.PercentFormatter(1, symbol=" %"))


def _handles(
    tests: pd.DataFrame, reference: str, variants: Mapping[str, str]
) -> list[Line2D | Patch]:
    """Return the entries of the legend."""
    words = tests.drop_duplicates("dataset").set_index("dataset")
    found: list[Line2D | Patch] = [
        Patch(fc="#dddddd", ec=style.BLACK, label=f"{reference}: the reference")
    ]
    for dataset, colour in variants.items():
        has_to = ", has to agree" if words.loc[dataset, "expected"] else ""
        label = f"{dataset}: {words.loc[dataset, 'variant']}{has_to}"
        found.append(Line2D([], [], color=colour, linewidth=2.5, label=label))
    return found + [
        Line2D([], [], color=style.GREY, marker=mark, linestyle="", label=jets.CLASS_LABELS[side])
        for side, mark in MARKERS.items()
    ]
