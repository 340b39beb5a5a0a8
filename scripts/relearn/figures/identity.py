"""V → V: the weight matrices that were found, and their product (talk 004)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from relearn.figures import panels, style
from relearn.figures.empty import all_diverged

COLUMN_WIDTH, ROW_HEIGHT = 2.9, 2.4  # inches
COMPONENTS = (r"$p_x$", r"$p_y$", r"$p_z$")
OUTCOMES = {
    "product_deviation": "product of the matrices − 1",
    "jacobian_deviation": "derivatives of the network − 1",
}
MOST_NUMBERS = 36  # in a matrix; more could not be read
MOST_LEVEL = 9  # names beside each other; more are turned
FLOOR = 1e-8  # float32 can be no better


def draw(tables: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> Figure:
    """Draw the matrices of some networks, and below how right and how sparse all trials are.

    Parameters
    ----------
    tables
        As `relearn.studies.identity.measure` returns them.
    options
        None are known.
    """
    if nothing := all_diverged(tables[""]):
        return nothing
    table, matrix = tables[""], tables["matrix"]
    runs = _shown(matrix)
    depth = max((len(_layers(matrix, run)) for run in runs), default=2)
    columns = depth + 2
    fig = Figure(figsize=(COLUMN_WIDTH * columns + 1.2, ROW_HEIGHT * max(len(runs), 1) + 4.2))
    fig.get_layout_engine().set(w_pad=0.08)
    top, bottom = fig.subfigures(2, 1, height_ratios=(ROW_HEIGHT * max(len(runs), 1), 4.2))
    letter = "a"
    if runs:
        grid = top.subplots(len(runs), columns, squeeze=False)
        for row, run in zip(grid, runs, strict=True):
            letter = _network(row, matrix[matrix["run"] == run], letter)
    else:
        panels.nothing(top.subplots())
    left, right = bottom.subplots(1, 2, width_ratios=(1.6, 1))
    _correctness(left, table)
    panels.title(left, letter, "Is it correct? 0 is V → V, exactly")
    _sparsity(right, table)
    panels.title(right, panels.after(letter), "Is it sparse?")
    return fig


def _shown(matrix: pd.DataFrame) -> list[str]:
    """Return the networks to draw: each activation's smallest, then the largest of the second.

    With nodes to spare, units that are off in half of the events are no hindrance.
    """
    if matrix.empty:
        return []
    found = matrix[matrix["layer"] == "1"].groupby("run", sort=False)
    nodes = found["row"].max()
    activation = found["activation"].first()
    names = list(dict.fromkeys(activation))
    runs = [nodes[activation == name].idxmin() for name in names]
    spare = nodes[activation == names[min(1, len(names) - 1)]].idxmax()
    return list(dict.fromkeys([*runs, spare]))


def _layers(matrix: pd.DataFrame, run: str) -> list[str]:
    names = matrix.loc[matrix["run"] == run, "layer"].unique()
    return [name for name in names if name not in ("product", "jacobian")]


def _network(axes: np.ndarray, matrix: pd.DataFrame, letter: str) -> str:
    """Draw a row: the layers' matrices, their product, the mean Jacobian."""
    run = matrix.iloc[0]
    layers = _layers(matrix, run["run"])
    for ax in axes:
        ax.set_axis_off()
    places = [*axes[: len(layers)], *axes[-2:]]
    for ax, name in zip(places, [*layers, "product", "jacobian"], strict=True):
        ax.set_axis_on()
        part = matrix[matrix["layer"] == name]
        values = part.pivot(index="row", columns="column", values="weight").to_numpy()
        first, last = name == "1", name == layers[-1] if layers else False
        whole = name in ("product", "jacobian")
        _heat(ax, values)
        _name_ticks(ax.yaxis, len(values), last or whole)
        _name_ticks(ax.xaxis, values.shape[1], first or whole)
        ax.set_xlabel("input" if first or whole else "node")
        ax.set_ylabel("output" if last or whole else "node")
    activation = style.ACTIVATION_LABELS[run["activation"]]
    size = panels.sizes_label(run["hidden"])
    panels.title(places[0], letter, f"{activation}, {size} nodes: layer 1")
    for ax, name in zip(places[1 : len(layers)], layers[1:], strict=True):
        ax.set_title(f"layer {name}", loc="left")
    places[-2].set_title("product of the layers", loc="left")
    places[-1].set_title("mean derivative", loc="left")
    return panels.after(letter)


def _name_ticks(axis: Axis, count: int, components: bool) -> None:
    """Name rows or columns: the components, or the nodes from 1, every so many."""
    if components:
        axis.set_ticks(range(count), COMPONENTS)
    else:
        nodes = range(0, count, max(1, count // 6))
        axis.set_ticks(nodes, [str(node + 1) for node in nodes])


def _heat(ax: Axes, values: np.ndarray) -> None:
    """Draw a matrix with its numbers; white is 0."""
    limit = max(1.0, float(np.abs(values).max()))
    ax.imshow(values, cmap="RdBu_r", vmin=-1.3 * limit, vmax=1.3 * limit, aspect="auto")
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    if values.size > MOST_NUMBERS:
        return
    size = 9 if values.size <= 18 else 7
    for (i, j), value in np.ndenumerate(values):
        text = f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
        ax.text(j, i, text, ha="center", va="center", fontsize=size)


def _groups(table: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Return the name of each network's point, and all names in order."""
    labels = [
        f"{style.ACTIVATION_LABELS[a]}\n{panels.sizes_label(h)}"
        for a, h in zip(table["activation"], table["hidden"], strict=True)
    ]
    order = dict.fromkeys(table["activation"])
    rank = {style.ACTIVATION_LABELS[a]: i for i, a in enumerate(order)}
    names = sorted(dict.fromkeys(labels), key=lambda name: rank[name.split("\n")[0]])
    return pd.Series(labels, index=table.index, name="point"), names


def _room_for_names(ax: Axes, names: list[str]) -> None:
    """Turn the names of the points where there are many."""
    if len(names) > MOST_LEVEL:
        ax.set_xticks(range(len(names)), [name.replace("\n", " ") for name in names], rotation=90)


def _correctness(ax: Axes, table: pd.DataFrame) -> None:
    point, names = _groups(table)
    looks = (style.ORANGE, "s", -0.12), (style.BLUE, "o", 0.12)
    for (column, label), (colour, marker, offset) in zip(OUTCOMES.items(), looks, strict=True):
        if column in table:
            frame = table.assign(point=point, shown=table[column].clip(lower=FLOOR))
            look = {"categories": names, "offset": offset, "marker": marker, "bars": True}
            style.band(ax, frame, "point", "shown", label, colour, linestyle=" ", **look)
    style.diverged(ax, table.assign(point=point), "point", categories=names)
    ax.set(yscale="log", ylabel="rms deviation from the unit matrix")
    _room_for_names(ax, names)
    low, high = ax.get_ylim()
    ax.set_ylim(low / 2, 30 * high)  # room for the legend
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.legend(loc="upper left", ncols=2)


def _sparsity(ax: Axes, table: pd.DataFrame) -> None:
    if "nonzero_weights" not in table:
        panels.nothing(ax)
        return
    point, names = _groups(table)
    frame = table.assign(point=point)
    style.band(
        ax, frame, "point", "nonzero_weights", "found", categories=names, linestyle=" ", bars=True
    )
    fewest = frame.groupby("point")["fewest_weights"].first()
    ax.plot(
        [names.index(name) for name in fewest.index],
        fewest,
        "_",
        color=style.RED,
        markersize=22,
        mew=2,
        label="fewest possible",
    )
    top = 1.3 * max(frame["nonzero_weights"].max(), fewest.max())
    ax.set(ylabel="weights that are not 0", ylim=(0, top), xlim=(-0.5, len(names) - 0.5))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.tick_params(axis="x", labelsize=8)
    _room_for_names(ax, names)
    ax.legend(loc="upper left", ncols=2)
