"""Units of a first layer: which component they look at, and did their initial weights say so."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from relearn.models import mlp

COMPONENTS = ("px", "py", "pz")
DEDICATED = 0.9  # of a unit's squared weights: it works for one component


def unevenness(counts: np.ndarray) -> float:
    """Return (most − fewest) / mean: 0 where all have the same."""
    mean = np.mean(counts)
    return float(np.ptp(counts) / mean) if mean else float("nan")


def dominant_inputs(weights: np.ndarray) -> np.ndarray:
    """Return which input each unit (row of `weights`, standardised inputs) looks at most."""
    return np.abs(weights).argmax(axis=1)


def dedicated_share(network: torch.nn.Module) -> float:
    """Return the share of first-layer units with `DEDICATED` of their weights on one input.

    Of the squared weights of standardised inputs. Directions that are random in three
    dimensions give 3 (1 − √0.9) = 0.15.
    """
    squared = network.layers[0].weight.detach().double().numpy() ** 2
    total = squared.sum(axis=1)
    return float(np.mean(squared.max(axis=1) > DEDICATED * total))


def share_of_units(network: torch.nn.Module) -> dict[str, float]:
    """Return the first-layer units by the component that they look at most.

    Returns
    -------
    dict
        `units_px` …; `units_unevenness`, (most − fewest) / mean; `dedicated_share`.
    """
    dominant = dominant_inputs(network.layers[0].weight.detach().double().numpy())
    counts = np.bincount(dominant, minlength=len(COMPONENTS))
    return {
        **{f"units_{c}": int(n) for c, n in zip(COMPONENTS, counts, strict=True)},
        "units_unevenness": unevenness(counts),
        "dedicated_share": dedicated_share(network),
    }


def initial_weights(row: Mapping[str, Any], network: torch.nn.Module) -> dict[str, float]:
    """Return what the initial weights, drawn again from the run's seed, already decided.

    Returns
    -------
    dict
        `kept_input`: share of the first layer's units that look most at the same component as
        before the training (chance: 1/3); `initial_unevenness`: the `units_unevenness` then.
        Empty for a network that did not start from random weights.
    """
    if row["start"] != "scratch":
        return {}
    shapes = [layer.weight.shape for layer in network.layers]
    sizes = [shapes[0][1], *(shape[0] for shape in shapes)]
    generator = torch.Generator().manual_seed(int(row["seed"]))
    initial = mlp.initial_layers(sizes, row["initialiser"], generator)[0][0].numpy()
    before = dominant_inputs(initial)
    after = dominant_inputs(network.layers[0].weight.detach().numpy())
    return {
        "kept_input": float(np.mean(before == after)),
        "initial_unevenness": unevenness(np.bincount(before, minlength=len(COMPONENTS))),
    }
