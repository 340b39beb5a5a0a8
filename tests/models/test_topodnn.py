"""TopoDNN: jets in one position by Lorentz transformations."""

import math

import pytest
import torch
from helpers_sets import made_up, of, overfitted, padded, parameters
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.models import topodnn
from relearn.models.constituents import pt_eta_phi


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 3_594),
        ("medium", {}, 14_854),
        # the public comparison's 59k
        ("paper", {}, 59_330),
        ("paper", {"constituents": 20, "features": 1, "outputs": 1}, 56_323),
    ],
)
def test_parameters(size, options, count):
    network = topodnn.build(size, **options)
    assert parameters(network) == count
    columns = (3 + network.features) * network.constituents
    sizes = (columns, *topodnn.SIZES[size]["hidden"], options.get("outputs", 2))
    assert count == sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))


def products(p4):
    """k_i·k_j of all pairs, (B, N, N)."""
    return (p4 * torch.tensor([1.0, -1.0, -1.0, -1.0])) @ p4.mT


@pytest.mark.parametrize("massive", [False, True])
def test_the_position_is_reached_by_lorentz_transformations(massive):
    p4 = made_up(50, 8, least=3, massive=massive).p4.double()
    moved = topodnn.in_position(p4)
    torch.testing.assert_close(products(moved), products(p4), rtol=1e-9, atol=1e-4)
    pt, eta, phi = pt_eta_phi(moved)
    zero = torch.zeros(50, dtype=torch.float64)
    for angle in (eta[:, 0], phi[:, 0], eta[:, 1]):
        torch.testing.assert_close(angle, zero, rtol=0, atol=1e-6)
    assert (phi[:, 1] < 0).all()
    assert ((pt * eta.sign())[:, 2:].sum(dim=1) >= 0).all()


@examples(max_examples=10)
@given(turn=st.floats(-3, 3), rapidity=st.floats(-1, 1), mirror=st.sampled_from((-1, 1)))
def test_the_position_of_a_jet_is_of_no_matter(turn, rapidity, mirror):
    e, px, py, pz = made_up(10, 12, least=3).p4.double().unbind(dim=2)
    columns = [
        e * math.cosh(rapidity) + pz * math.sinh(rapidity),
        px * math.cos(turn) - py * math.sin(turn),
        px * math.sin(turn) + py * math.cos(turn),
        mirror * (pz * math.cosh(rapidity) + e * math.sinh(rapidity)),
    ]
    before, after = (topodnn.in_position(torch.stack(c, dim=2)) for c in ([e, px, py, pz], columns))
    torch.testing.assert_close(before, after, rtol=1e-5, atol=1e-3)


def test_inputs_are_pt_eta_phi_of_the_hardest():
    jets = made_up(6, 40, least=35)
    (values,) = topodnn.build("small").prepare(jets)
    assert values.shape == (6, 30, 3)
    pt, eta, phi = pt_eta_phi(topodnn.in_position(jets.p4[:, :30].double()))
    expected = torch.stack([pt / 500, eta, phi], dim=2)
    torch.testing.assert_close(values.double(), expected, rtol=1e-4, atol=1e-5)


@examples(max_examples=8)
@given(more=st.integers(1, 30), features=st.integers(0, 2))
def test_arrays_longer_than_the_network_reads_have_no_effect(more, features):
    network = topodnn.build("small", features=features)
    jets = made_up(5, 10, features)
    before, after = (network(*network.prepare(j)) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


def test_extra_columns_are_scaled():
    network, jets = topodnn.build("small", features=1), made_up(8, 30, features=1)
    louder = of(jets.p4, 1000 * jets.extra)
    found = []
    for some in (jets, louder):
        prepared = network.prepare(some)
        network.fit_scaling(*prepared)
        found.append(network(*prepared))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_jets_of_few_constituents_are_no_fault(count):
    jets = made_up(4, 6)
    jets.p4[:, count:] = 0
    network = topodnn.build("small")
    assert network(*network.prepare(jets)).isfinite().all()


@pytest.mark.parametrize("size", topodnn.SIZES)
def test_it_overfits_a_few_jets(size):
    torch.manual_seed(0)
    assert overfitted(topodnn.build(size), made_up(16, 30), steps=300) < 0.05


def test_wrong_options_are_refused():
    with pytest.raises(UserError, match="topodnn"):
        topodnn.build("small", depth=3)
    with pytest.raises(UserError, match="topodnn"):
        topodnn.build("large")
