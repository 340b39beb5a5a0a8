"""The hybrid: a deep set with variables beside its sums."""

from dataclasses import replace

import pytest
import torch
from helpers_sets import made_up, overfitted, padded, parameters
from helpers_tagging import NAMES
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.models import deepsets, hybrid


def jets_with_variables(count, constituents, features=0, seed=0):
    """Jets with made-up observables, each on a scale of its own."""
    drawn = made_up(count, constituents, features, seed=seed)
    draw = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-2, 2, len(NAMES))
    table = scale * torch.rand(count, len(NAMES), generator=draw)
    return replace(drawn, observables=table, observable_names=tuple(NAMES))


def outputs(network, jets):
    return network(*network.prepare(jets))


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 5_122),
        ("medium", {}, 30_850),
        ("paper", {}, 84_658),
        ("paper", {"bodies": 6, "outputs": 1}, 83_957),
    ],
)
def test_parameters(size, options, count):
    network = hybrid.build(size, **options)
    assert parameters(network) == count
    alone = deepsets.build(size, outputs=options.get("outputs", 2))
    more = len(network.needs) * hybrid.SIZES[size]["f"][0]
    assert count == parameters(alone) + more, "the first layer of F is wider"


def test_it_is_the_deep_set_where_variables_have_no_weight():
    network, jets = hybrid.build("small"), jets_with_variables(7, 12)
    alone = deepsets.build("small")
    alone.phi.load_state_dict(network.phi.state_dict())
    state = network.f.state_dict()
    latent = network.phi[-2].out_features
    with torch.no_grad():
        network.f[0].weight[:, latent:] = 0
        alone.f.load_state_dict({**state, "0.weight": network.f[0].weight[:, :latent]})
    torch.testing.assert_close(outputs(network, jets), alone(*alone.prepare(jets)))


def test_every_variable_is_seen_in_its_own_unit():
    network, jets = hybrid.build("small"), jets_with_variables(40, 8)
    network.fit_scaling(*network.prepare(jets))
    seen = network.units(network.prepare(jets)[1])
    torch.testing.assert_close(seen.mean(dim=0), torch.zeros(seen.shape[1]), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.std(dim=0, correction=0), torch.ones(seen.shape[1]))
    before = outputs(network, jets)
    for name in network.needs:
        table = jets.observables.clone()
        table[:, NAMES.index(name)] *= 1.5
        after = outputs(network, replace(jets, observables=table))
        assert not torch.allclose(before, after), name


@examples(max_examples=5)
@given(more=st.integers(1, 30), features=st.integers(0, 2), order=st.permutations(range(11)))
def test_neither_padding_nor_order_has_an_effect(more, features, order):
    jets = jets_with_variables(6, 11, features)
    network = hybrid.build("small", features=features)
    network.fit_scaling(*network.prepare(jets))
    expected = outputs(network, jets)
    turned = replace(jets, p4=jets.p4[:, list(order)], extra=jets.extra[:, list(order)])
    told = {"observables": jets.observables, "observable_names": jets.observable_names}
    for changed in (replace(padded(jets, more), **told), turned):
        torch.testing.assert_close(outputs(network, changed), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", hybrid.SIZES)
def test_it_overfits_a_few_jets(size):
    torch.manual_seed(0)
    assert overfitted(hybrid.build(size), jets_with_variables(16, 10), steps=100) < 0.05


def test_mistakes_are_told():
    with pytest.raises(UserError, match="hybrid: bodies: 12 is not one of 2 … 9"):
        hybrid.build("small", bodies=12)
    with pytest.raises(UserError, match="hybrid"):
        hybrid.build("small", kind="efn")
    lacking = replace(jets_with_variables(3, 5), observables=torch.zeros(3, 0), observable_names=())
    with pytest.raises(UserError, match="hybrid needs the observables tau1_b05"):
        hybrid.build("small").prepare(lacking)
