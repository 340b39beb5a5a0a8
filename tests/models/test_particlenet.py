"""ParticleNet: EdgeConv by its formula, neighbours, sizes, symmetry, padding, the fused edges."""

import copy
import sys

import pytest
import torch
from helpers_sets import after_a_step, made_up, of, overfitted, padded, parameters
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from relearn.errors import UserError
from relearn.models import edges, gcn, particlenet, recnn
from relearn.training import modes
from relearn.training.tagger_settings import TaggerTraining

sys.path.insert(0, str(ROOT / "benchmarks"))
from peers import particlenet_weaver  # noqa: E402


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 4_576),
        ("medium", {}, 26_416),
        ("lite", {}, 26_416),
        ("paper", {}, 366_160),  # the paper's 366k
        ("paper", {"features": 3}, 366_160 + 3 * (3 * 64 + 2)),
    ],
)
def test_parameters(size, options, count):
    assert parameters(particlenet.build(size, **options)) == count


def network_and(jets, training=True, **options):
    torch.manual_seed(0)
    network = particlenet.build("small", dropout=0.0, **options).train(training)
    for norm in network.modules():
        if isinstance(norm, particlenet.Norm):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
    return network, network.prepare(jets)


def test_neighbours_are_the_nearest_and_never_padding():
    jets = made_up(20, 9)
    values, mask, near = particlenet.build("small", neighbours=3).prepare(jets)
    for jet in range(20):
        n = int(mask[jet].sum())
        at = values[jet, :n, :2].double()
        apart = (at[:, None] - at).square().sum(dim=2).fill_diagonal_(torch.inf)
        expected = apart.argsort(dim=1)[:, : min(3, n - 1)]
        for i in range(n):
            found = near[jet, i]
            assert set(found[found >= 0].tolist()) == set(expected[i].tolist())
        assert (near[jet, n:] == -1).all()


def test_a_block_is_its_formula():
    """One jet after the other, pair by pair, with the batch's statistics taken over all pairs."""
    block, rows, k = particlenet.EdgeConv(5, (6, 8)), 7, 3
    x = torch.randn(rows, 5)
    near = torch.stack([torch.randperm(rows - 1)[:k] for _ in range(rows)])
    near += near >= torch.arange(rows)[:, None]  # never itself
    there = torch.ones(rows, k, dtype=torch.bool)
    there[2, 1:] = there[5] = False
    pairs = [(i, near[i, j]) for i in range(rows) for j in range(k) if there[i, j]]
    h = torch.stack([torch.cat([x[i], x[j] - x[i]]) for i, j in pairs])

    def normalised(h):
        return (h - h.mean(dim=0)) / (h.var(dim=0, correction=0) + 1e-5).sqrt()

    for layer in block.layers:
        h = torch.relu(normalised(h @ layer.weight.T))
    mean = torch.zeros(rows, 8)
    for i in range(rows):
        mine = [a for a, (centre, _) in zip(h, pairs, strict=True) if centre == i]
        mean[i] = torch.stack(mine).mean(dim=0) if mine else 0
    expected = torch.relu(normalised(x @ block.shortcut[0].weight.T) + mean)
    torch.testing.assert_close(block(x, near, there), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("piece", [20, 1 << 16])
def test_fused_edges_are_the_plain_ones(monkeypatch, piece):
    monkeypatch.setattr(edges, "PIECE", piece)
    draw = torch.Generator().manual_seed(1)
    nodes, widths = 9, (4, 4, 5)

    def randn(*shape):
        found = torch.randn(*shape, generator=draw, dtype=torch.float64)
        return found.requires_grad_()

    ends = torch.stack([torch.randint(n, (30,), generator=draw) for n in (nodes - 1, nodes)])
    own, other, weights = randn(nodes, 4), randn(nodes, 4), [randn(4, 4), randn(5, 4)]
    plain_norms = [particlenet.Norm(c).double() for c in widths]
    for norm in plain_norms:
        norm.weight.data, norm.bias.data = randn(len(norm.weight)), randn(len(norm.bias))
        norm.weight.data[0] = -0.3  # a negative one turns ReLU's side
    fused_norms = copy.deepcopy(plain_norms)
    target, found = randn(nodes, 5).detach(), []
    for way, norms in ((edges.plain, plain_norms), (edges.fused, fused_norms)):
        means = way(own, other, ends, norms, weights)
        affine = [x for norm in norms for x in (norm.weight, norm.bias)]
        gradients = torch.autograd.grad((means * target).sum(), [own, other, *weights, *affine])
        found.append([means, *gradients, *(b for norm in norms for b in norm.buffers())])
    assert not found[0][0][-1].any()  # no edges, no mean
    for plain, fused in zip(*found, strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-9, atol=1e-9)
    for norm in plain_norms:
        norm.eval()
    expected = edges.plain(own, other, ends, plain_norms, weights)
    inferred = edges.inferred(own, other, ends, plain_norms, weights)
    torch.testing.assert_close(inferred, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("way", ["plain", "fused"])  # of a GPU, of a CPU
def test_training_in_bfloat16_adds_and_averages_in_single_precision(way, monkeypatch):
    monkeypatch.setattr(particlenet.EdgeConv, "_way", lambda *_: getattr(edges, way))
    found = []
    for half in (False, True):
        network, prepared = network_and(made_up(8, 12, least=6))
        with Added() as added, torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            score = network(*prepared)
        score.float().sum().backward()
        assert all(p.grad.isfinite().all() for p in network.parameters())
        assert added.types == {torch.float32}
        statistics = {name: x for name, x in network.named_buffers() if "running" in name}
        assert {x.dtype for x in statistics.values()} == {torch.float32}
        found.append((score.float(), statistics))
    (exact, there), (rough, here) = found
    torch.testing.assert_close(rough, exact, rtol=0.2, atol=0.2)
    for name, expected in there.items():
        torch.testing.assert_close(here[name], expected, rtol=0.05, atol=0.05)


class Added(TorchDispatchMode):
    """Notes of which types numbers are added one by one."""

    def __init__(self):
        super().__init__()
        self.types = set()

    def __torch_dispatch__(self, function, types, given=(), named=None):
        if function.overloadpacket in (torch.ops.aten.index_add, torch.ops.aten.index_add_):
            self.types |= {given[0].dtype, given[3].dtype}
        return function(*given, **(named or {}))


@examples(max_examples=8)
@given(st.integers(1, 15), st.integers(0, 2), st.booleans())
def test_padding_has_no_effect_in_training_neither(more, features, training):
    found = []
    for jets in (made_up(6, 10, features), padded(made_up(6, 10, features), more)):
        network, prepared = network_and(jets, training, features=features)
        found.append(after_a_step(network, prepared))
    for before, after in zip(*found, strict=True):
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=1e-5)


@examples(max_examples=6)
@given(st.permutations(range(11)), st.booleans())
def test_the_order_of_constituents_has_no_effect(order, training):
    jets = made_up(6, 11)
    shuffled = of(jets.p4[:, list(order)])
    found = []
    for one in (jets, shuffled):
        network, prepared = network_and(one, training)
        found.append(network(*prepared))
    torch.testing.assert_close(*found, rtol=0, atol=1e-4)


def test_gradients_of_a_trained_net_are_those_of_what_it_infers():
    network, prepared = network_and(made_up(6, 12), training=False)
    with torch.no_grad():
        inferred = network(*prepared)
    torch.testing.assert_close(network(*prepared), inferred, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("alone", [False, True])
def test_jets_of_one_and_of_no_constituent(alone):
    p4 = made_up(5, 6).p4
    p4[0, 1:], p4[1] = 0, 0
    if alone:
        p4[:, 1:] = 0
    network, prepared = network_and(of(p4))
    outputs = network(*prepared)
    outputs.sum().backward()
    assert outputs.isfinite().all()
    assert torch.isfinite(network.eval()(*prepared)).all()


@pytest.mark.parametrize("size", ["small", "lite"])
def test_it_overfits_a_few_jets(size):
    torch.manual_seed(0)
    assert overfitted(particlenet.build(size), made_up(12, 10), 80, 1e-2) < 0.05


@pytest.mark.parametrize(("size", "options"), [("tiny", {}), ("small", {"k": 3})])
def test_wrong_sizes_and_options_are_refused(size, options):
    with pytest.raises(UserError, match="particlenet"):
        particlenet.build(size, **options)


def test_nets_of_changing_shapes_are_not_compiled():
    settings = TaggerTraining(compile="on")
    cpu = torch.device("cpu")
    for network in (particlenet.build("small"), recnn.build("small")):
        assert modes.compiled(network, settings, cpu) is network
    network = gcn.build("small")
    assert modes.compiled(network, settings, cpu) is not network


def test_the_peer_takes_our_inputs_and_says_what_it_needs(monkeypatch):
    jets = made_up(3, 6)
    values, mask, near = particlenet.build("paper").prepare(jets)
    points, features, there = particlenet_weaver.inputs(values, mask, near)
    assert torch.equal(points, values[..., :2].mT) and torch.equal(features, values.mT)
    assert torch.equal(there[:, 0] > 0, jets.mask)
    monkeypatch.setitem(sys.modules, "weaver", None)
    with pytest.raises(UserError, match="weaver-core needs weaver.*make bench"):
        particlenet_weaver.network()
