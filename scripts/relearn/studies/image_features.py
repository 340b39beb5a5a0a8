"""Intermediate feature maps of an image tagger, layer by layer (talks 001 and 003)."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.data.tagfile import LABELS
from relearn.studies import feature_maps, shown, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import metrics

JETS = 20_000  # test jets at most
MEAN, JET = "mean", "jet"
Array = NDArray[np.float64]


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, numbers of their `layers`, and the feature `maps` of one network.

    Options: ``jets``, how many test jets at most (20 000), and ``jet``, 1 for another jet than
    that of each class that shows most, and so on (0, as in `relearn.studies.image_steps`).

    `layers` has a row for each network and layer, ``image`` the first: ``maps``, how many (nodes
    of a dense layer are maps of one pixel), and ``side``, pixels; ``dead`` of them, dark in all
    jets; ``lit_signal`` and ``lit_background``, the share of values above 0; ``auc``, how well the
    sum of one map tells the classes, of the map that does best, whichever side is higher;
    ``auc_median`` over the maps that live. `maps` is of the network with the median AUC: ``class``;
    ``shown``, ``mean`` of all jets or one ``jet``; layer, map, row, column and ``value``, in GeV in
    the image; zeros are left out.
    """
    runs = feature_maps.good(inputs)
    rows, maps = [], []
    median = feature_maps.median(runs)["run"] if len(runs) else None
    for _, run in runs.iterrows():
        point = {name: run[name] for name in ("run", *AXES, "trial")}
        layers, means = _of(inputs, run)
        rows += [point | {"layer": layer} | numbers for layer, numbers in layers.items()]
        if run["run"] == median:
            maps = [_table(side, MEAN, layers) for side, layers in means.items()]
            maps += [_table(side, JET, layers) for side, layers in _jets(inputs, run).items()]
    return {
        "": inputs.runs.drop(columns="folder"),
        "layers": pd.DataFrame(rows, columns=["run", *AXES, "trial", "layer", *NUMBERS]),
        "maps": pd.concat(maps, ignore_index=True) if maps else pd.DataFrame(columns=COLUMNS),
    }


NUMBERS = ("maps", "side", "dead", "lit_signal", "lit_background", "auc", "auc_median")
COLUMNS = ("class", "shown", "layer", "map", "row", "column", "value")
Layers = dict[str, NDArray]


def _of(inputs: StudyInputs, run: pd.Series) -> tuple[dict[str, dict[str, Any]], dict[str, Layers]]:
    """Return the numbers of each layer, and of each class the mean maps of each layer."""
    network = feature_maps.network(inputs, run)
    jets = testjets.read(inputs, run, inputs.options.get("jets", JETS))
    label, weight = jets.label.numpy(), jets.weight.numpy().astype(np.float64)
    # of each class all weight, with all others 0: what the sums over jets are made of
    shares = {side: np.where(label == of, weight, 0) for side, of in LABELS.items()}
    shares = {side: one / one.sum() for side, one in shares.items()}
    means: dict[str, Layers] = {side: {} for side in LABELS}
    lit: dict[str, dict[str, float]] = {side: {} for side in LABELS}
    sums: dict[str, list[NDArray]] = {}
    sides = {}
    for rows, values in feature_maps.walk(network, jets):
        for name, x in values.items():
            sides[name] = x.shape[2]
            sums.setdefault(name, []).append(x.sum(axis=(2, 3), dtype=np.float64))
            bright = np.count_nonzero(x, axis=(1, 2, 3)) / x[0].size
            for side, share in shares.items():
                mean = np.tensordot(share[rows], x, axes=1)
                means[side][name] = means[side].get(name, 0.0) + mean
                lit[side][name] = lit[side].get(name, 0.0) + share[rows] @ bright
    numbers = {}
    for name, parts in sums.items():
        of_jets = np.concatenate(parts)
        found = {"maps": of_jets.shape[1], "side": sides[name]}
        found["dead"] = int((of_jets == 0).all(axis=0).sum())
        found |= {f"lit_{side}": lit[side][name] for side in LABELS}
        numbers[name] = found | _separation(of_jets, label, weight)
    return numbers, means


def _separation(sums: Array, label: NDArray, weight: Array) -> dict[str, float]:
    """Return how well sums over maps (B, maps) tell the classes: the best, and the median."""
    living = sums[:, (sums != 0).any(axis=0)]
    areas = [metrics.auc(one, label, weight) for one in living.T]
    areas = [max(area, 1 - area) for area in areas] or [np.nan]
    return {"auc": max(areas), "auc_median": float(np.median(areas))}


def _jets(inputs: StudyInputs, run: pd.Series) -> dict[str, Layers]:
    """Return the maps of one jet of each class."""
    network = feature_maps.network(inputs, run)
    path, number = inputs.datasets[run["dataset"]], inputs.options.get("jet", 0)
    found = {}
    for side, row in shown.find(path, run["kind"], number).items():
        one = testjets.read(inputs, run, row + 1).rows([row])
        found[side] = {name: x[0] for name, x in feature_maps.layers(network, one).items()}
    return found


def _table(side: str, shown: str, layers: Layers) -> pd.DataFrame:
    tables = []
    for layer, values in layers.items():
        columns = {"class": side, "shown": shown, "layer": layer}
        columns |= feature_maps.places(values.shape) | {"value": feature_maps.short(values)}
        table = pd.DataFrame(columns)
        tables.append(table[table["value"] != 0])
    return pd.concat(tables, ignore_index=True)
