"""Activation functions, and the constants that Keras and PyTorch choose differently."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

# Keras: LeakyReLU slope 0.3, Adam's epsilon 1e-7; PyTorch: 0.01 and 1e-8.
LEAKY_SLOPE = {"keras": 0.3, "pytorch": 0.01}
ADAM_EPSILON = {"keras": 1e-7, "pytorch": 1e-8}
ATEN = torch.ops.aten
# Softplus alone needs its argument to go back; the others need only their value.
NEEDS_ARGUMENT = ("softplus",)


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


def forward_into(name: str, convention: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return an activation as (z, out) → out, which it writes: PyTorch's kernels, one pass.

    `out` may be `z` itself.
    """
    slope = LEAKY_SLOPE[convention]
    return {
        "relu": lambda z, out: ATEN.relu.out(z, out=out),
        "leaky_relu": lambda z, out: ATEN.leaky_relu.out(z, slope, out=out),
        "elu": lambda z, out: ATEN.elu.out(z, out=out),
        "softplus": lambda z, out: ATEN.softplus.out(z, out=out),
        "tanh": lambda z, out: ATEN.tanh.out(z, out=out),
        "sigmoid": lambda z, out: ATEN.sigmoid.out(z, out=out),
        "linear": lambda z, out: z if out is z else out.copy_(z),
    }[name]


def backward_into(name: str, convention: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return (g, z, a) → g, which becomes g times da/dz: z before, a after the activation."""
    slope = LEAKY_SLOPE[convention]
    return {
        "relu": lambda g, z, a: ATEN.threshold_backward.grad_input(g, a, 0, grad_input=g),
        "leaky_relu": lambda g, z, a: ATEN.leaky_relu_backward.grad_input(
            g, a, slope, True, grad_input=g
        ),
        "elu": lambda g, z, a: ATEN.elu_backward.grad_input(g, 1, 1, 1, True, a, grad_input=g),
        "softplus": lambda g, z, a: ATEN.softplus_backward.grad_input(g, z, 1, 20, grad_input=g),
        "tanh": lambda g, z, a: ATEN.tanh_backward.grad_input(g, a, grad_input=g),
        "sigmoid": lambda g, z, a: ATEN.sigmoid_backward.grad_input(g, a, grad_input=g),
        "linear": lambda g, z, a: g,
    }[name]
