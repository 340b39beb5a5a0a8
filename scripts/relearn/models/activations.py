"""Activation functions, and the constants that Keras and PyTorch choose differently."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

# Keras: LeakyReLU slope 0.3, Adam's epsilon 1e-7; PyTorch: 0.01 and 1e-8.
LEAKY_SLOPE = {"keras": 0.3, "pytorch": 0.01}
ADAM_EPSILON = {"keras": 1e-7, "pytorch": 1e-8}


def identity(x: Tensor) -> Tensor:
    """Return `x`."""
    return x


def function(name: str, convention: str) -> Callable[[Tensor], Tensor]:
    """Return an activation function.

    Parameters
    ----------
    name
        relu, leaky_relu, elu, softplus, tanh, sigmoid or linear.
    convention
        ``keras`` or ``pytorch``: whose LeakyReLU slope.
    """
    if name == "leaky_relu":
        return partial(functional.leaky_relu, negative_slope=LEAKY_SLOPE[convention])
    return {
        "relu": torch.relu,
        "elu": functional.elu,
        "softplus": functional.softplus,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "linear": identity,
    }[name]


def backward(name: str, convention: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the gradient of an activation: (gradient, z, a) → gradient times da/dz.

    `z` is the value before, `a` after the activation. PyTorch's own fused kernels, one pass
    over memory each.
    """
    aten = torch.ops.aten
    slope = LEAKY_SLOPE[convention]
    return {
        "relu": lambda g, z, a: aten.threshold_backward(g, a, 0),
        "leaky_relu": lambda g, z, a: aten.leaky_relu_backward(g, z, slope, False),
        "elu": lambda g, z, a: aten.elu_backward(g, 1, 1, 1, True, a),
        "softplus": lambda g, z, a: aten.softplus_backward(g, z, 1, 20),
        "tanh": lambda g, z, a: aten.tanh_backward(g, a),
        "sigmoid": lambda g, z, a: aten.sigmoid_backward(g, a),
        "linear": lambda g, z, a: g,
    }[name]
