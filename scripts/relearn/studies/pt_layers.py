"""pT with a second hidden layer: the dip at one node, the units that died, dropout (talk 000)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies.dead_units import dead_units
from relearn.studies.evaluate import evaluate_in_bins
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import PT_EDGES


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, with dead units, and the accuracy in `bins` of pT.

    Further columns are `second_layer`, its nodes (0: there is none), the counts `dead_units`,
    `dead_units_layer1`, `dead_units_layer2`, and `output_weight`, the output's weight of the
    second layer's node where it has only one (else NaN). A negative one caps what ReLU and
    softplus can say: the output is largest, and flat, where the node is silent.
    """

    def look(
        row: Mapping[str, Any], network: torch.nn.Module, _true: np.ndarray, _said: np.ndarray
    ) -> dict[str, Any]:
        counts = dead_units(network, inputs.test_inputs(row["dataset"]))
        layers = {f"dead_units_layer{i}": count for i, count in enumerate(counts, start=1)}
        last = network.layers[-1].weight
        alone = len(counts) > 1 and last.numel() == 1
        return {
            "dead_units": sum(counts),
            **layers,
            "output_weight": last.item() if alone else np.nan,
        }

    keys = ("dataset", "hidden", "activation", "dropout")
    table, bins = evaluate_in_bins(inputs, {"pt": PT_EDGES}, keys, look)
    table["second_layer"] = [_second(hidden) for hidden in table["hidden"]]
    for column in ("dead_units_layer1", "dead_units_layer2"):
        if column not in table:
            table[column] = np.nan
    return {"": table, "bins": bins}


def _second(hidden: str) -> int:
    sizes = hidden.split("x")
    return int(sizes[1]) if len(sizes) > 1 else 0
