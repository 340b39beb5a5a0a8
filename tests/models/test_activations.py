"""Hand-written activations and their derivatives against autograd of PyTorch's modules."""

import pytest
import torch
from helpers_training import ACTIVATIONS, EPSILON, SLOPE, activation_module

from relearn import configscans
from relearn.models import activations

CONVENTIONS = ("keras", "pytorch")
every = pytest.mark.parametrize("convention", CONVENTIONS)
each = pytest.mark.parametrize("name", ACTIVATIONS)


def arguments():
    # around 0, far out on both sides, where softplus becomes linear (20), and 0 itself
    return torch.cat([torch.linspace(-6, 6, 301), torch.tensor([-60.0, -20.5, 0, 19.9, 20.5, 60])])


def test_these_are_those_of_the_config():
    assert set(ACTIVATIONS) == set(configscans.ACTIVATIONS)


@every
@each
def test_function_is_pytorchs(name, convention):
    x = arguments()
    expected = activation_module(name, convention)(x)
    assert torch.equal(activations.function(name, convention)(x), expected)


@every
@pytest.mark.parametrize(
    ("name", "in_place"),
    [
        *((name, False) for name in ACTIVATIONS),
        *((name, True) for name in ACTIVATIONS if name not in activations.NEEDS_ARGUMENT),
    ],
)
def test_value_and_derivative_as_autograd_has_them(name, in_place, convention):
    x = arguments().requires_grad_()
    expected = activation_module(name, convention)(x)
    upstream = torch.linspace(-2, 3, len(x))
    (gradient,) = torch.autograd.grad(expected, x, upstream)

    z = x.detach().clone()
    a = z if in_place else torch.full_like(z, torch.nan)
    activations.forward_into(name, convention)(z, a)
    assert torch.allclose(a, expected, rtol=1e-6, atol=1e-7)
    g = upstream.clone()
    activations.backward_into(name, convention)(g, z, a)
    assert torch.allclose(g, gradient, rtol=1e-5, atol=1e-7)


@each
def test_a_part_of_a_tensor_is_enough(name):
    """Networks that are alike lie beside others in a stack: only theirs is touched."""
    whole = arguments().repeat(4, 1)
    before, out, g = whole.clone(), torch.zeros_like(whole), torch.ones_like(whole)
    activations.forward_into(name, "keras")(whole[1:3], out[1:3])
    activations.backward_into(name, "keras")(g[1:3], whole[1:3], out[1:3])
    assert torch.equal(whole, before)
    for tensor, value in ((out, 0), (g, 1)):
        assert (tensor[[0, 3]] == value).all()
    expected = activation_module(name, "keras")(before[1:3])
    assert torch.allclose(out[1:3], expected, rtol=1e-6, atol=1e-7)


def test_constants_of_the_talks_and_of_pytorch():
    assert activations.LEAKY_SLOPE == SLOPE
    assert activations.ADAM_EPSILON == EPSILON
    assert torch.nn.LeakyReLU().negative_slope == activations.LEAKY_SLOPE["pytorch"]
    assert torch.optim.Adam([torch.zeros(1)]).defaults["eps"] == activations.ADAM_EPSILON["pytorch"]
