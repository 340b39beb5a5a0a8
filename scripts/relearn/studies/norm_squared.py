"""V → |V|²: a network built as one would think of it, against others of its size (talk 004)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.optimize import linear_sum_assignment

from relearn.studies.dead_units import dead_units
from relearn.studies.evaluate import evaluate
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import correlation
from relearn.studies.units import dedicated_share


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, with the strategy of each network, and the `history` of the cost.

    Further columns: `strategy`, see `strategy`; `intuitive`; `relative_rmse`, rmse over the
    standard deviation of |V|²; `dedicated_share`, of the first layer's units
    (`relearn.studies.units`); `dead_units`; and for intuitive networks `node_match` and
    `node_span`, see `summation_nodes`: did they find V² by component?

    The history has, for each run and epoch: strategy, hidden, trial, train_loss,
    validation_loss, of the standardised |V|².
    """

    def look(
        row: Mapping[str, Any], network: torch.nn.Module, true: np.ndarray, said: np.ndarray
    ) -> dict[str, Any]:
        events = inputs.test_inputs(row["dataset"])
        numbers = {
            "relative_rmse": float(np.sqrt(np.mean((said - true) ** 2)) / true.std()),
            "dedicated_share": dedicated_share(network),
            "dead_units": sum(dead_units(network, events)),
        }
        if is_intuitive(row):
            with torch.inference_mode():
                nodes = network.hidden(events)[-1].double().numpy()
            # In float64 from the float64 events: the sum of these is the truth.
            numbers |= summation_nodes(nodes, inputs.data(row["dataset"]).inputs ** 2)
        return numbers

    table = evaluate(inputs, look)
    records = table.to_dict("records")
    table["strategy"] = [strategy(row) for row in records]
    table["intuitive"] = [is_intuitive(row) for row in records]
    for column in ("node_match", "node_span"):
        if column not in table:
            table[column] = np.nan
    keys = ["scan", "run", "strategy", "hidden", "trial"]
    return {"": table, "history": inputs.history().merge(table[keys], on=["scan", "run"])}


def is_intuitive(row: Mapping[str, Any]) -> bool:
    """Whether a network ends with a linear layer of summation nodes."""
    return row["activation"].endswith("+linear")


def strategy(row: Mapping[str, Any]) -> str:
    """Return ``intuitive-scratch``, ``-pretrained``, ``-frozen``, or ``alternative-1-layer`` …."""
    if is_intuitive(row):
        return f"intuitive-{row['start']}"
    return f"alternative-{row['layers']}-layer" + ("s" if row["layers"] > 1 else "")


def summation_nodes(nodes: np.ndarray, squares: np.ndarray) -> dict[str, float]:
    """Return how much the nodes that are summed are the squares of the components.

    Parameters
    ----------
    nodes
        What they say (n, k).
    squares
        V² by component (n, c).

    Returns
    -------
    dict
        `node_match`: mean over the components of the squared correlation of V_i² with the node
        that is meant for it, at the best assignment of nodes to components. 1 is the intuitive
        solution, up to order and scale; nodes that all say |V|² have 1/c. NaN where there are
        fewer nodes than components. `node_span`: mean share of the variance of V_i² that the
        best linear combination of all nodes explains. 1 is the intuitive solution up to any
        linear mixture; 1/c again where only the sum is known.
    """
    r2 = np.array([[correlation(node, square) ** 2 for node in nodes.T] for square in squares.T])
    matched = linear_sum_assignment(r2, maximize=True)
    enough = nodes.shape[1] >= squares.shape[1]
    x, y = nodes - nodes.mean(axis=0), squares - squares.mean(axis=0)
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return {
        "node_match": float(r2[matched].mean()) if enough else float("nan"),
        "node_span": float(np.mean(1 - np.mean(left**2, axis=0) / np.mean(y**2, axis=0))),
    }
