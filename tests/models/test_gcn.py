"""Message passing: adjacency, updates by plain formulas, sizes, symmetry, padding."""

import numpy as np
import pytest
import torch
from helpers_sets import made_up, of, overfitted, padded, parameters
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.models import gcn

KINDS = st.sampled_from(gcn.ADJACENCIES), st.sampled_from(gcn.UPDATES)


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {"adjacency": "fixed"}, 4_514),
        ("small", {}, 5_026),
        ("small", {"update": "simple"}, 2_274),
        ("medium", {"adjacency": "fixed"}, 17_218),
        ("medium", {}, 19_266),
        ("paper", {"adjacency": "fixed"}, 67_202),
        ("paper", {}, 75_394),
    ],
)
def test_parameters(size, options, count):
    network = gcn.build(size, **options)
    assert parameters(network) == count
    h, learned = gcn.SIZES[size]["hidden"], options.get("adjacency") != "fixed"
    message = (2 * h + 1) * h if "update" in options else (h + 1) * h + 6 * h * (h + 1)
    assert count == 8 * h + 2 * (message + learned * h * h) + 2 * (h + 1) * h + (h + 1) * 2


def test_the_fixed_adjacency_is_the_closeness():
    jets = made_up(4, 7)
    network = gcn.build("small", adjacency="fixed", sigma=0.4, iterations=3)
    found = network.adjacency(*network.prepare(jets))
    assert len(found) == 3 and torch.equal(found[0], found[2])
    pt, z = torch.hypot(jets.p4[..., 1], jets.p4[..., 2]), jets.p4[..., 3]
    for jet, (matrix, n) in enumerate(zip(found[0], jets.mask.sum(dim=1), strict=True)):
        eta = torch.asinh(z[jet, :n] / pt[jet, :n]).double()
        phi = torch.atan2(jets.p4[jet, :n, 2], jets.p4[jet, :n, 1]).double()
        turn = np.pi - ((phi[:, None] - phi).abs() - np.pi).abs()
        weight = torch.exp(-((eta[:, None] - eta) ** 2 + turn**2) / 0.4**2)
        expected = weight / weight.sum(dim=1, keepdim=True)
        torch.testing.assert_close(matrix[:n, :n].double(), expected, rtol=1e-3, atol=1e-5)


@examples(max_examples=6)
@given(*KINDS, st.integers(0, 3))
def test_rows_of_the_adjacency_add_up_to_one(adjacency, update, iterations):
    network = gcn.build("small", adjacency=adjacency, update=update, iterations=iterations)
    jets = made_up(5, 9)
    found = network.adjacency(*network.prepare(jets))
    assert len(found) == iterations
    for matrix in found:
        torch.testing.assert_close(matrix.sum(dim=2), jets.mask.float())
        assert (matrix >= 0).all() and not matrix.mT[~jets.mask].any()


def test_the_learned_adjacency_is_drawn_from_the_nodes_of_each_iteration():
    network, jets = gcn.build("small"), made_up(6, 9, least=9)
    values, mask = network.prepare(jets)
    first, second = network.adjacency(values, mask)
    nodes = torch.relu(network.embedding(network.scale(values)))
    form = network.forms[0].weight  # h_iᵀ B h_j with B its transpose
    scores = torch.einsum("bia,ca,bjc->bij", nodes, form, nodes) / 4
    torch.testing.assert_close(first, scores.softmax(dim=2), rtol=1e-4, atol=1e-6)
    assert (first - second).abs().max() > 1e-3
    network(values, mask).sum().backward()
    assert all(form.weight.grad.abs().sum() > 0 for form in network.forms)


@pytest.mark.parametrize("update", gcn.UPDATES)
def test_updates_are_their_formulas(update):
    network, jets = gcn.build("small", update=update, adjacency="fixed"), made_up(3, 6, least=6)
    values, mask = network.prepare(jets)
    matrix = network.adjacency(values, mask)[0]
    nodes = torch.relu(network.embedding(network.scale(values)))
    for layer in network.updates:
        new = []
        for jet, a in zip(nodes, matrix, strict=True):
            if update == "simple":
                own, taken = layer.linear.weight.chunk(2, dim=1)
                new.append(torch.relu(jet @ own.T + a @ jet @ taken.T + layer.linear.bias))
            else:
                new.append(layer.cell(a @ torch.relu(layer.message(jet)), jet))
        nodes = torch.stack(new)
    total = torch.relu(network.readout(nodes)).sum(dim=1) / 32
    torch.testing.assert_close(network(values, mask), network.dense(total), rtol=1e-4, atol=1e-5)


@examples(max_examples=6)
@given(*KINDS, st.integers(1, 15), st.integers(0, 2))
def test_padding_has_no_effect(adjacency, update, more, features):
    network = gcn.build("small", adjacency=adjacency, update=update, features=features)
    jets = made_up(5, 10, features)
    before, after = (network(*network.prepare(j)) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


@examples(max_examples=6)
@given(*KINDS, st.permutations(range(11)))
def test_the_order_of_constituents_has_no_effect(adjacency, update, order):
    network, jets = gcn.build("small", adjacency=adjacency, update=update), made_up(5, 11)
    shuffled = of(jets.p4[:, list(order)])
    before, after = (network(*network.prepare(j)) for j in (jets, shuffled))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)
    before, after = (network.adjacency(*network.prepare(j))[1] for j in (jets, shuffled))
    expected = before[:, list(order)][:, :, list(order)]
    torch.testing.assert_close(expected, after, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("adjacency", gcn.ADJACENCIES)
@pytest.mark.parametrize("update", gcn.UPDATES)
def test_it_overfits_a_few_jets(adjacency, update):
    torch.manual_seed(0)
    network = gcn.build("small", adjacency=adjacency, update=update)
    assert overfitted(network, made_up(12, 10), 250, 1e-2) < 0.05


def test_a_jet_without_constituents_has_a_finite_output():
    jets = of(torch.cat([made_up(2, 5).p4, torch.zeros(1, 5, 4)]))
    network = gcn.build("small")
    found = network(*network.prepare(jets))
    found.sum().backward()
    assert found.isfinite().all()
    assert all(p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(
    "options", [{"adjacency": "near"}, {"update": "lstm"}, {"sigma": 0.0}, {"width": 3}]
)
def test_wrong_options_are_refused(options):
    with pytest.raises(UserError, match="gcn"):
        gcn.build("small", **options)
