"""Fully connected networks: initial weights, sizes, and whether they learn at all.

The family claims no symmetry: nothing in it knows a rotation, a boost or an exchange of muons.
"""

import math

import numpy as np
import pytest
import torch
from helpers_training import ACTIVATIONS, ROOT_SEED, events, network, sequential, settings, trained
from scipy import stats
from torch import nn

from relearn import models
from relearn.errors import UserError
from relearn.models import mlp

LEAST = 1e-3  # p-value; the seed is fixed
FAN_IN, FAN_OUT = 120, 200


def weights(initialiser, sizes=(FAN_IN, FAN_OUT)):
    generator = torch.Generator().manual_seed(ROOT_SEED)
    ((weight, bias),) = mlp.initial_layers(sizes, initialiser, generator)
    return weight.double().numpy(), bias.double().numpy()


VARIANCE = {"glorot": 2 / (FAN_IN + FAN_OUT), "he": 2 / FAN_IN}


@pytest.mark.parametrize("family", VARIANCE)
def test_uniform_weights_have_kerass_limits(family):
    weight, bias = weights(f"{family}_uniform")
    limit = math.sqrt(3 * VARIANCE[family])
    assert stats.kstest(weight.ravel(), stats.uniform(-limit, 2 * limit).cdf).pvalue > LEAST
    assert weight.shape == (FAN_OUT, FAN_IN) and not bias.any()


@pytest.mark.parametrize("family", VARIANCE)
def test_normal_weights_are_cut_at_two_widths_and_widened(family):
    weight, bias = weights(f"{family}_normal")
    width = math.sqrt(VARIANCE[family]) / stats.truncnorm(-2, 2).std()
    expected = stats.truncnorm(-2, 2, scale=width)
    assert stats.kstest(weight.ravel(), expected.cdf).pvalue > LEAST
    assert np.abs(weight).max() <= 2 * width * (1 + 1e-6)
    error = VARIANCE[family] * math.sqrt(2 / weight.size)
    assert weight.var() == pytest.approx(VARIANCE[family], abs=4 * error)
    assert not bias.any()


def test_pytorchs_weights_are_those_of_linear():
    weight, bias = weights("pytorch")
    torch.manual_seed(1)
    theirs = nn.Linear(FAN_IN, FAN_OUT)
    limit = stats.uniform(-1 / math.sqrt(FAN_IN), 2 / math.sqrt(FAN_IN))
    for ours, other in ((weight, theirs.weight), (bias, theirs.bias)):
        assert stats.kstest(ours.ravel(), limit.cdf).pvalue > LEAST
        assert stats.kstest(other.detach().numpy().ravel(), limit.cdf).pvalue > LEAST
        assert ours.shape == tuple(other.shape)


def test_weights_depend_on_the_seed_and_on_no_global_state():
    torch.manual_seed(1)
    first = weights("he_normal")[0]
    torch.manual_seed(2)
    assert np.array_equal(first, weights("he_normal")[0])
    other = torch.Generator().manual_seed(ROOT_SEED + 1)
    ((again, _),) = mlp.initial_layers((FAN_IN, FAN_OUT), "he_normal", other)
    assert not np.array_equal(first, again.numpy())


@pytest.mark.parametrize(
    ("size", "hidden"), [("paper", (10,)), ("large", (100, 100)), ((7, 2), (7, 2)), ((), ())]
)
def test_build_by_name_or_by_nodes(size, hidden):
    built = models.build("mlp", size, n_inputs=3, n_outputs=2, activation="tanh")
    sizes = (3, *hidden, 2)
    found = [(layer.out_features, layer.in_features) for layer in built.layers]
    assert found == [(b, a) for a, b in zip(sizes, sizes[1:], strict=False)]
    x = torch.randn(5, 3)
    assert built(x).shape == (5, 2)
    assert [tuple(values.shape) for values in built.hidden(x)] == [(5, n) for n in hidden]


def test_unknown_names_list_those_there_are():
    with pytest.raises(UserError, match="no architecture 'lolla'; there are mlp, .*lola"):
        models.build("lolla")
    with pytest.raises(UserError, match="no size 'huge'; it has paper, small, large"):
        models.build("mlp", "huge")


@pytest.mark.parametrize("convention", ["keras", "pytorch"])
def test_module_is_the_plain_network_between_natural_units(convention):
    run = network((6, 4), "leaky_relu", convention=convention)
    built = mlp.MLP(run.sizes, run.activation, convention)
    generator = torch.Generator().manual_seed(1)
    for side in ("input", "target"):
        getattr(built, f"{side}_mean").normal_(generator=generator).mul_(50)
        getattr(built, f"{side}_std").uniform_(10, 100, generator=generator)
    plain = sequential(run, [(layer.weight, layer.bias) for layer in built.layers])
    x = 100 * torch.randn(20, 8, generator=generator)
    standardised = (x - built.input_mean) / built.input_std
    expected = plain(standardised) * built.target_std + built.target_mean
    assert torch.allclose(built(x), expected, rtol=1e-5)
    values = built.hidden(x)
    assert torch.allclose(values[0], plain[:2](standardised), rtol=1e-5, atol=1e-6)
    assert torch.allclose(values[1], plain[:4](standardised), rtol=1e-5, atol=1e-6)


def test_buffers_are_no_parameters():
    built = models.build("mlp", (4,))
    assert sum(p.numel() for p in built.parameters()) == 9 * 4 + 5
    assert {name for name, _ in built.named_buffers()} == {
        f"{side}_{what}" for side in ("input", "target") for what in ("mean", "std")
    }


@pytest.mark.parametrize("hidden", [(40,), (20, 20)], ids=["one layer", "two layers"])
def test_overfits_a_tiny_batch(hidden):
    """Sixteen events and more weights than that: what remains is a mistake in the gradient."""
    names = [name for name in ACTIVATIONS if name != "linear"]
    rows = [[network(hidden, name, initialiser="he_normal") for name in names]]
    training = settings(epochs=1500, batch_size=16, learning_rate=0.01, validate_every=1500)
    found = trained(rows, events("pt", train=16, validation=16), training)
    for name, one in found.items():
        losses = [loss for _, loss, _ in one.curve]
        assert losses[0] > 0.1 and min(losses) < 1e-4, name


def test_a_linear_network_finds_the_least_squares_solution():
    """Without hidden layers the best network is known in closed form."""
    run = network((), target="square")
    tables = events("square", train=64, validation=64)
    training = settings(epochs=1500, batch_size=64, learning_rate=0.02, validate_every=1500)
    found = trained([[run]], tables, training)[run.name]
    ((weight, bias),) = found.layers
    expected = np.linalg.lstsq(tables.inputs.numpy(), tables.targets.numpy(), rcond=None)[0]
    np.testing.assert_allclose(weight.numpy(), expected[:-1].T, atol=1e-3)
    np.testing.assert_allclose(bias.numpy(), expected[-1], atol=1e-3)
