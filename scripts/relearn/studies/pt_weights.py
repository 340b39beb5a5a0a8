"""First-layer weights of the pT networks, per GeV: what they look at (talk 000)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies.evaluate import evaluate, median_runs
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import correlation

COMPONENTS = ("E", "px", "py", "pz")
MUONS = ("minus", "plus")
PANEL_NODES = 10
FEWEST_NODES = 8  # a smaller network has not learnt pT, and its weights say little


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, with the weights' sizes and symmetry, and a `matrix` of weights.

    Further columns: see `summarise_weights`. The matrix has all trials of the Keras networks
    with `PANEL_NODES` nodes (or the next size that the scan has): run, trial, representative
    (the trial of median r), unit, bias, muon, component, weight (1/GeV).
    """

    def look(
        _row: Mapping[str, Any], network: torch.nn.Module, _true: np.ndarray, _said: np.ndarray
    ) -> dict[str, float]:
        return summarise_weights(weights_per_gev(network))

    table = evaluate(inputs, look)
    table["representative"] = (table["convention"] == "keras") & (table["nodes"] >= FEWEST_NODES)
    return {"": table, "matrix": matrix(inputs, table)}


def weights_per_gev(network: torch.nn.Module) -> np.ndarray:
    """Return the first layer's weights for inputs in GeV, shape (unit, muon, component).

    The network standardises its inputs, so a weight per GeV is the trained weight divided by
    the input's standard deviation. Muons are μ−, μ+; components E, px, py, pz.
    """
    weight = network.layers[0].weight.detach().double().numpy()
    scale = network.input_std.detach().double().numpy()
    return (weight / scale).reshape(len(weight), len(MUONS), len(COMPONENTS))


def summarise_weights(weights: np.ndarray) -> dict[str, float]:
    """Return the size of each component's weights, and how alike those of both muons are.

    Parameters
    ----------
    weights
        Shape (unit, muon, component), 1/GeV.

    Returns
    -------
    dict
        `weight_E` … `weight_pz`: rms over units and muons, relative to the rms of all px and
        py weights. `symmetry_px`, `symmetry_py`: Pearson's r over the units of the μ− and the
        μ+ weight. `symmetry_difference_px`, `_py`: rms of their difference, relative to the
        rms of the weights; 0 if equal, √2 if unrelated.
    """
    size = np.sqrt(np.mean(weights**2, axis=(0, 1)))
    transverse = np.sqrt(np.mean(size[1:3] ** 2))
    numbers = {f"weight_{c}": float(s / transverse) for c, s in zip(COMPONENTS, size, strict=True)}
    for i in (1, 2):
        minus, plus = weights[:, 0, i], weights[:, 1, i]
        difference = np.sqrt(np.mean((minus - plus) ** 2))
        numbers[f"symmetry_{COMPONENTS[i]}"] = correlation(minus, plus)
        numbers[f"symmetry_difference_{COMPONENTS[i]}"] = float(difference / size[i])
    return numbers


def matrix(inputs: StudyInputs, table: pd.DataFrame) -> pd.DataFrame:
    """Return the weights of one size of network, a row for each weight."""
    good = table[(table["convention"] == table["convention"].iloc[0]) & table["r"].notna()]
    if good.empty:
        return pd.DataFrame()
    nodes = min(good["nodes"], key=lambda n: (abs(n - PANEL_NODES), -n))
    same = good[good["nodes"] == nodes]
    middle = set(median_runs(same, ["hidden"])["run"])
    rows = []
    for row in inputs.runs.to_dict("records"):
        if row["run"] not in set(same["run"]):
            continue
        network = inputs.network(row)
        weights = weights_per_gev(network)
        bias = network.layers[0].bias.detach().double().numpy()
        for unit, muon, component in np.ndindex(weights.shape):
            rows.append(
                {
                    "run": row["run"],
                    "nodes": nodes,
                    "trial": row["trial"],
                    "representative": row["run"] in middle,
                    "unit": unit,
                    "bias": bias[unit],
                    "muon": MUONS[muon],
                    "component": COMPONENTS[component],
                    "weight": weights[unit, muon, component],
                }
            )
    return pd.DataFrame(rows)
