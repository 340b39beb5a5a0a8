"""Angles and boost of the muon pair: the talk's outlook (talk 000)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn.studies import metrics
from relearn.studies.evaluate import evaluate, median_runs, predictions_of
from relearn.studies.inputs import StudyInputs


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, a row per network, and `predictions` of each target's best size.

    `resolution` is relative everywhere and means little for a target that crosses zero, such
    as the signed cos θ*. `absolute_resolution`, half the 16–84 % width of predicted − true,
    and `spread`, the same of the truth, are there to compare targets.
    """

    def look(
        _row: Mapping[str, Any], _network: torch.nn.Module, true: np.ndarray, said: np.ndarray
    ) -> dict[str, float]:
        return {
            "absolute_resolution": metrics.half_width(said - true),
            "spread": metrics.half_width(true),
        }

    table = evaluate(inputs, look)
    median = median_runs(table, ["dataset", "target", "hidden"])
    best = median.sort_values("r").groupby("target", sort=False).tail(1)
    order = list(dict.fromkeys(table["target"]))
    best = best.sort_values("target", key=lambda names: names.map(order.index))
    keys = ("dataset", "target", "hidden")
    return {"": table, "predictions": predictions_of(inputs, best, keys)}
