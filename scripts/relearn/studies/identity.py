"""V → V: is the product of the layers 1, and how far from the sparsest solution (talk 004)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies.dead_units import dead_units
from relearn.studies.evaluate import evaluate, median_runs
from relearn.studies.inputs import StudyInputs

NEGLIGIBLE = 0.01  # of the largest weight of its layer: a smaller one counts as zero
JACOBIAN_EVENTS = 2000


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, and a `matrix` of weights of the median trials.

    Further columns: `product_deviation`, rms of the elements of (product of the weight
    matrices − 1); `jacobian_deviation`, the same of the derivatives of the outputs by the
    inputs, over test events. For a linear network both are one and the same; a ReLU network is
    right where the second is 0, for only its units that are on count in an event. `offset`,
    rms of the outputs at V = 0, GeV. `nonzero_weights` (those that are not `NEGLIGIBLE`),
    `fewest_weights` (each component has to go through each layer), `sparsity`, their ratio: 1
    is the sparsest network. `dead_units`.

    The matrix has, for each activation and size, the weights of every layer (between
    standardised inputs and outputs), their product and the mean Jacobian (GeV per GeV): run,
    hidden, activation, trial, layer (1, 2 …, ``product``, ``jacobian``), row, column, weight.
    """

    def look(
        row: Mapping[str, Any], network: torch.nn.Module, _true: np.ndarray, _said: np.ndarray
    ) -> dict[str, Any]:
        events = inputs.test_inputs(row["dataset"])
        derivatives = jacobian(network, events)
        with torch.inference_mode():
            at_zero = network(torch.zeros_like(events[:1])).double().numpy()
        return {
            "product_deviation": deviation(product(network)),
            "jacobian_deviation": deviation(derivatives),
            "offset": float(np.sqrt(np.mean(at_zero**2))),
            **count_weights(network),
            "dead_units": sum(dead_units(network, events)),
        }

    table = evaluate(inputs, look)
    return {"": table, "matrix": matrix(inputs, table)}


def layer_weights(network: torch.nn.Module) -> list[np.ndarray]:
    """Return the weights (out, in) of every layer, between standardised inputs and outputs."""
    return [layer.weight.detach().double().numpy() for layer in network.layers]


def product(network: torch.nn.Module) -> np.ndarray:
    """Return the product of all weight matrices (outputs, inputs), natural units.

    The product and the standardisation are the whole of a linear network's derivative.
    """
    total = layer_weights(network)[0]
    for weight in layer_weights(network)[1:]:
        total = weight @ total
    into, out = (getattr(network, f"{side}_std").double().numpy() for side in ("input", "target"))
    return out[:, None] * total / into


def jacobian(network: torch.nn.Module, events: torch.Tensor) -> np.ndarray:
    """Return the derivatives (n, outputs, inputs), natural units, at the first test events."""
    x = events[:JACOBIAN_EVENTS].clone().requires_grad_()
    outputs = network(x)
    # An event's outputs depend on its own inputs alone: one backward pass for each output.
    rows = [torch.autograd.grad(y.sum(), x, retain_graph=True)[0] for y in outputs.T]
    return torch.stack(rows, dim=1).double().numpy()


def deviation(matrices: np.ndarray) -> float:
    """Return the rms of the elements of matrices (…, k, k) minus the unit matrix."""
    return float(np.sqrt(np.mean((matrices - np.eye(matrices.shape[-1])) ** 2)))


def count_weights(network: torch.nn.Module) -> dict[str, float]:
    """Return `nonzero_weights`, `fewest_weights` and `sparsity`, as of `measure`."""
    weights = layer_weights(network)
    nonzero = sum(int((np.abs(w) > NEGLIGIBLE * np.abs(w).max()).sum()) for w in weights)
    # Each output needs a weight, and so does each input, whatever the nodes between them.
    fewest = len(weights[-1]) * len(weights)
    return {
        "nonzero_weights": nonzero,
        "fewest_weights": fewest,
        "sparsity": fewest / nonzero if nonzero else float("nan"),
    }


def matrix(inputs: StudyInputs, table: pd.DataFrame) -> pd.DataFrame:
    """Return the weights of the median trial of each size and activation, a row for each."""
    median = median_runs(table, ["hidden", "activation"])
    chosen = set(zip(median["scan"], median["run"], strict=True))
    rows = []
    for row in inputs.runs.to_dict("records"):
        if (row["scan"], row["run"]) not in chosen:
            continue
        network = inputs.network(row)
        named = {str(i): weight for i, weight in enumerate(layer_weights(network), start=1)}
        named["product"] = product(network)
        named["jacobian"] = jacobian(network, inputs.test_inputs(row["dataset"])).mean(axis=0)
        place = {key: row[key] for key in ("run", "hidden", "activation", "trial")}
        for layer, values in named.items():
            for i, j in np.ndindex(values.shape):
                rows.append(place | {"layer": layer, "row": i, "column": j, "weight": values[i, j]})
    return pd.DataFrame(rows)
