"""P-CNN: sizes, padding, what its convolutions see."""

import pytest
import torch
from helpers_sets import after_a_step, made_up, of, overfitted, padded, parameters
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch import nn

from relearn.errors import UserError
from relearn.models import pcnn


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 8_866),
        ("medium", {}, 64_706),
        # the public comparison's 348k
        ("paper", {}, 348_098),
        ("paper", {"features": 6}, 348_866),
    ],
)
def test_parameters(size, options, count):
    assert parameters(pcnn.build(size, **options)) == count


def test_the_papers_depth():
    layers = [m for m in pcnn.build("paper").modules() if isinstance(m, nn.Conv1d)]
    wide = [m for m in layers if m.kernel_size == (3,)]
    assert len(wide) == 14
    assert (wide[0].out_channels, wide[-1].out_channels) == (32, 128)


def trained(features=0):
    """A small network whose normalisation has seen jets."""
    network = pcnn.build("small", features=features)
    prepared = network.prepare(made_up(40, 40, features))
    network.fit_scaling(*prepared)
    network(*prepared)
    return network.eval()


@examples(max_examples=8)
@given(length=st.integers(10, 70), features=st.integers(0, 2))
def test_padding_has_no_effect(length, features):
    network, jets = trained(features), made_up(5, 10, features)
    network.constituents = 10
    before = network(*network.prepare(jets))
    network.constituents = length
    there = network.prepare(padded(jets, 60))
    assert there[0].shape == (5, length, 7 + features)
    torch.testing.assert_close(before, network(*there), rtol=0, atol=1e-5)


@examples(max_examples=8)
@given(length=st.integers(11, 70), features=st.integers(0, 2))
def test_padding_has_no_effect_in_training_neither(length, features):
    found = []
    for some in (10, length):
        torch.manual_seed(0)
        network = pcnn.build("small", constituents=some, features=features, dropout=0.0)
        prepared = network.prepare(padded(made_up(6, 10, features), 60))
        network.fit_scaling(*prepared)
        found.append(after_a_step(network, prepared))
    for before, after in zip(*found, strict=True):
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)


def test_normalisation_is_that_of_the_real_constituents():
    torch.manual_seed(0)
    ours, plain = pcnn.Norm(5), nn.BatchNorm1d(5)
    x = 3 * torch.randn(4, 5, 9) + 1
    there = (torch.arange(9) < torch.tensor([3, 9, 5, 1])[:, None])[:, None]
    for norm in (ours, plain):
        nn.init.uniform_(norm.weight, generator=torch.Generator().manual_seed(1))
    real = there[:, 0]
    found, wanted = ours(x, there.float()).mT[real], plain(x.mT[real])
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(ours.running_mean, plain.running_mean)
    torch.testing.assert_close(ours.running_var, plain.running_var)
    torch.testing.assert_close(ours.eval()(x, there.float()), plain.eval()(x))


def test_it_hangs_on_the_order():
    network, jets = trained(), made_up(5, 20, least=20)
    turned = of(jets.p4.flip(1))
    difference = network(*network.prepare(jets)) - network(*network.prepare(turned))
    assert difference.abs().max() > 1e-3


def test_it_overfits_a_few_jets():
    torch.manual_seed(0)
    network = pcnn.build("small", dropout=0.0)
    assert overfitted(network, made_up(16, 20), steps=100, rate=1e-3) < 0.05


def test_the_papers_size_overfits_a_few_jets():
    torch.manual_seed(0)
    network = pcnn.build("paper", constituents=12)
    assert overfitted(network, made_up(12, 12), steps=40) < 0.05


def test_a_judging_network_has_no_chance_in_it():
    network, jets = trained(), made_up(5, 20)
    prepared = network.prepare(jets)
    assert torch.equal(network(*prepared), network(*prepared))


def test_wrong_options_are_refused():
    with pytest.raises(UserError, match="pcnn"):
        pcnn.build("small", kernel=5)
