"""Recursive nets: trees against fastjet, levels against plain recursion, sizes, padding."""

import sys

import numpy as np
import pytest
import torch
from helpers_jets import ALGORITHMS
from helpers_sets import made_up, of, overfitted, padded, parameters
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.models import recnn, trees

sys.path.insert(0, str(ROOT / "benchmarks"))
from peers import recnn_plain  # noqa: E402


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        # the paper's numbers, with its one output
        ("paper", {"outputs": 1}, 8_481),
        ("paper", {"outputs": 1, "gated": True}, 48_761),
        ("paper", {}, 8_522),
        ("paper", {"gated": True}, 48_802),
        ("medium", {}, 3_194),
        ("medium", {"gated": True}, 17_762),
        ("small", {}, 1_490),
        ("small", {"gated": True}, 8_002),
    ],
)
def test_parameters(size, options, count):
    assert parameters(recnn.build(size, **options)) == count


@pytest.mark.parametrize("tree", trees.ALGORITHMS)
def test_trees_are_those_of_fastjet(tree):
    import fastjet

    jets = made_up(6, 14, massive=True)
    p4, _, code = trees.grow(jets.p4, jets.extra, tree)
    algorithm = ALGORITHMS[trees.ALGORITHMS[tree]]
    definition = fastjet.JetDefinition(algorithm, fastjet.JetDefinition.max_allowable_R)
    for jet, nodes, codes in zip(jets.p4, p4, code.numpy(), strict=True):
        real = jet[jet[:, 0] > 0].double().tolist()
        particles = [fastjet.PseudoJet(*v[1:], v[0]) for v in real]
        sequence = fastjet.ClusterSequence(particles, definition)
        (root,) = sequence.inclusive_jets()
        children = trees.children_of(codes)

        def check(place, found, nodes=nodes, children=children):
            expected = [found.E(), found.px(), found.py(), found.pz()]
            np.testing.assert_allclose(nodes[place].numpy(), expected, rtol=1e-4, atol=1e-3)
            a, b = fastjet.PseudoJet(), fastjet.PseudoJet()
            if not found.has_parents(a, b):
                assert children[place].tolist() == [-1, -1]
                return 1
            pair = sorted((a, b), key=lambda j: -j.pt())
            return 1 + sum(map(check, children[place], pair))

        assert check(0, root) == (codes != trees.NO_NODE).sum() == 2 * len(real) - 1


def test_merged_nodes_have_the_mean_of_their_extra_columns():
    jets = made_up(4, 9, features=2)
    p4, extra, _ = trees.grow(jets.p4, jets.extra, "ca")
    weight = torch.hypot(jets.p4[..., 1], jets.p4[..., 2])[..., None]
    mean = (weight * jets.extra).sum(dim=1) / weight.sum(dim=1)
    torch.testing.assert_close(extra[:, 0], mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(p4[:, 0], jets.p4.sum(dim=1), rtol=1e-5, atol=1e-3)


def test_features_of_the_root_are_those_of_a_jet_at_the_origin():
    jets = made_up(5, 8, massive=True)
    values, code = recnn.build("small").prepare(jets)
    total = jets.p4.double().sum(dim=1)
    pt = torch.hypot(total[:, 1], total[:, 2])
    # at y = 0 the energy is the transverse mass, and η = 0, θ = π/2
    energy = ((total[:, 0] - total[:, 3]) * (total[:, 0] + total[:, 3])).sqrt()
    one, zero = torch.ones(5).double(), torch.zeros(5).double()
    expected = torch.stack([pt, zero, zero, energy, one, pt, one * np.pi / 2], dim=1)
    torch.testing.assert_close(values[:, 0].double(), expected, rtol=1e-5, atol=1e-5)
    assert not values[code == trees.NO_NODE].any()


@pytest.mark.parametrize("tree", trees.ALGORITHMS)
@pytest.mark.parametrize("gated", [False, True])
def test_levels_give_what_plain_recursion_gives(tree, gated):
    torch.manual_seed(1)
    network, jets = recnn.build("medium", tree=tree, gated=gated), made_up(9, 25)
    prepared = network.prepare(jets)
    network.fit_scaling(*prepared)
    gradients = []
    for forward in (network, lambda *p: recnn_plain.forward(network, *p)):
        network.zero_grad()
        outputs = forward(*prepared)
        torch.nn.functional.cross_entropy(outputs, jets.label.long()).backward()
        gradients.append([outputs.detach(), *(p.grad.clone() for p in network.parameters())])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_jet_has_the_same_output_alone_and_among_others():
    network, jets = recnn.build("small", gated=True), made_up(7, 12)
    together = network(*network.prepare(jets))
    for k in range(7):
        alone = network(*network.prepare(jets.rows(slice(k, k + 1))))
        torch.testing.assert_close(alone[0], together[k], rtol=0, atol=1e-5)


def test_gates_share_out_what_there_is():
    gated = recnn.Gated(3)
    torch.nn.init.zeros_(gated.update.weight)
    torch.nn.init.zeros_(gated.update.bias)  # all four shares are a quarter
    children, u = torch.randn(5, 6), torch.randn(5, 3)
    left, right = children.chunk(2, dim=1)
    reset = torch.sigmoid(gated.reset(torch.cat([children, u], dim=1)))
    new = torch.relu(gated.linear(reset * torch.cat([children, u], dim=1)))
    torch.testing.assert_close(gated(children, u), (new + left + right + u) / 4)


@examples(max_examples=6)
@given(st.integers(1, 15), st.sampled_from(tuple(trees.ALGORITHMS)), st.booleans())
def test_padding_has_no_effect(more, tree, gated):
    network, jets = recnn.build("small", tree=tree, gated=gated, features=1), made_up(5, 10, 1)
    before, after = (network(*network.prepare(j)) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-6)


@examples(max_examples=6)
@given(st.permutations(range(11)), st.floats(-1, 1), st.floats(-3, 3))
def test_neither_order_nor_boost_nor_turn_has_an_effect(order, rapidity, angle):
    network, jets = recnn.build("small"), made_up(5, 11)
    e, x, y, z = jets.p4[:, list(order)].double().unbind(dim=-1)
    cosh, sinh, cos, sin = np.cosh(rapidity), np.sinh(rapidity), np.cos(angle), np.sin(angle)
    moved = [e * cosh + z * sinh, x * cos - y * sin, x * sin + y * cos, z * cosh + e * sinh]
    before, after = (network(*network.prepare(j)) for j in (jets, of(torch.stack(moved, dim=-1))))
    torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("gated", [False, True])
def test_it_overfits_a_few_jets(gated):
    torch.manual_seed(0)
    assert overfitted(recnn.build("small", gated=gated), made_up(12, 10), 200, 1e-2) < 0.05


@pytest.mark.parametrize("least", [0, 1])
def test_jets_of_one_and_of_no_constituent(least):
    network, jets = recnn.build("small"), made_up(3, 6)
    few = jets.p4.clone()
    few[0, least:] = 0
    found = network(*network.prepare(of(few)))
    assert found.isfinite().all()
    others = network(*network.prepare(jets))[1:]
    torch.testing.assert_close(found[1:], others, rtol=0, atol=1e-6)
    nothing = network(*network.prepare(of(torch.zeros(2, 6, 4))))
    torch.testing.assert_close(nothing, network.dense(torch.zeros(2, 16)))


@pytest.mark.parametrize("options", [{"tree": "oak"}, {"depth": 3}])
def test_wrong_options_are_refused(options):
    with pytest.raises(UserError, match="recnn"):
        recnn.build("small", **options)
