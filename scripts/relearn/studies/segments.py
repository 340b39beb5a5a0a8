"""Straight pieces of a network along one input, and where they cut a parabola. Exact."""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]

PIECEWISE_LINEAR = ("relu", "leaky_relu", "linear")
SAME = 1e-9  # of the range: two bends that are nearer are one


def is_piecewise_linear(network: torch.nn.Module) -> bool:
    """Whether every hidden layer's activation is made of straight lines."""
    return all(name in PIECEWISE_LINEAR for name in network.activations)


def on_axis(x: Array, component: int, n_inputs: int) -> torch.Tensor:
    """Return inputs (n, n_inputs), float64: `x` in one column, 0 in the others."""
    inputs = torch.zeros((len(x), n_inputs), dtype=torch.float64)
    inputs[:, component] = torch.from_numpy(np.asarray(x, dtype=np.float64))
    return inputs


def along(network: torch.nn.Module, component: int, x: Array) -> Array:
    """Return the output `component` (n,) for inputs that are 0 but for that component.

    Parameters
    ----------
    network
        Natural units in and out, as many outputs as inputs.
    component
        Which input and output.
    x
        Values of the input (n,), natural units.
    """
    network = deepcopy(network).double()
    with torch.inference_mode():
        return network(on_axis(x, component, len(network.input_mean)))[:, component].numpy()


def breaks(network: torch.nn.Module, component: int, limits: tuple[float, float]) -> Array:
    """Return the ends of the straight pieces along one input, the others being 0.

    Between two breaks every layer so far is linear, and so is what goes into each unit of the
    next: its zero follows from the values at both ends. The answer is exact at any depth.

    Parameters
    ----------
    network
        Of activations that are `PIECEWISE_LINEAR`.
    component
        Which input.
    limits
        Range of that input, natural units.

    Returns
    -------
    array (m,)
        Rising; the limits are the first and the last.

    Raises
    ------
    ValueError
        If an activation is not made of straight lines.
    """
    if not is_piecewise_linear(network):
        raise ValueError(f"{', '.join(network.activations)}: not all are piecewise linear")
    network = deepcopy(network).double()
    x = np.array(limits, dtype=np.float64)
    for depth, (layer, name) in enumerate(
        zip(network.layers[:-1], network.activations, strict=True)
    ):
        if name == "linear":
            continue
        with torch.inference_mode():
            inputs = on_axis(x, component, len(network.input_mean))
            before = (
                network.hidden(inputs)[depth - 1]
                if depth
                else (inputs - network.input_mean) / network.input_std
            )
            z = layer(before).numpy()
        left, right = z[:-1], z[1:]
        piece, unit = np.nonzero(left * right < 0)
        share = left[piece, unit] / (left[piece, unit] - right[piece, unit])
        x = np.sort(np.concatenate([x, x[piece] + share * np.diff(x)[piece]]))
        far = np.diff(x) > SAME * (x[-1] - x[0])
        # Of breaks that are one, keep the first; but always the upper limit.
        x = np.concatenate([x[:-1][far], x[-1:]])
    return x


def bends(x: Array, y: Array) -> Array:
    """Return the change of slope at each inner break of a piecewise linear function.

    Parameters
    ----------
    x, y
        Breaks and values there (m,).

    Returns
    -------
    array (m − 2,)
    """
    return np.diff(np.diff(y) / np.diff(x))


def parabola_crossings(x: Array, y: Array) -> Array:
    """Return where a piecewise linear function crosses x².

    Parameters
    ----------
    x, y
        Breaks and values there (m,).

    Returns
    -------
    array (k,)
        Rising: at most two in each piece, the roots of a quadratic. Where a piece only touches
        the parabola there is no crossing.
    """
    slope = np.diff(y) / np.diff(x)
    middle = slope / 2
    inside = middle**2 + y[:-1] - slope * x[:-1]  # of the root; below 0 the piece stays below x²
    cut = inside > 0
    roots = middle[cut, None] + np.sqrt(inside[cut])[:, None] * np.array([-1.0, 1.0])
    here = (roots >= x[:-1][cut, None]) & (roots < x[1:][cut, None])
    return np.sort(roots[here])


def grid_crossings(x: Array, residual: Array) -> Array:
    """Return where a residual that is given on a fine grid (n,) changes its sign."""
    left, right = residual[:-1], residual[1:]
    here = left * right < 0
    share = left[here] / (left[here] - right[here])
    return x[:-1][here] + share * np.diff(x)[here]
