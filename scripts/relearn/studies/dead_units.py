"""Dead units: hidden nodes that say the same for every event."""

import torch

DEAD_SPREAD = 1e-3  # of the output over the test sample; live units have about 1 (inputs do)


def dead_units(network: torch.nn.Module, inputs: torch.Tensor) -> list[int]:
    """Count the dead units of each hidden layer.

    A unit is dead when the standard deviation of its output over all events is below
    `DEAD_SPREAD`. That is a ReLU whose output is 0 for all inputs, in the talk's words, and it
    also holds for a softplus far below 0 or a sigmoid that is saturated. Inputs are
    standardised, so that a live unit's output varies by about 1.

    Parameters
    ----------
    network
        With ``hidden(inputs)``, the list of activations (n, nodes) after each hidden layer.
    inputs
        Events (n, d), in natural units.

    Returns
    -------
    list of int
        One count per hidden layer.
    """
    with torch.inference_mode():
        spreads = [layer.double().std(dim=0, correction=0) for layer in network.hidden(inputs)]
    return [int((spread < DEAD_SPREAD).sum()) for spread in spreads]
