"""EFN and PFN: sizes, permutations, infrared and collinear safety, filters."""

import math

import pytest
import torch
from helpers_sets import made_up, of, overfitted, padded, parameters
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch.nn import functional

from relearn.errors import UserError
from relearn.models import deepsets

KINDS = ("pfn", "efn")
MOMENTA = {"inputs": "momenta", "sums": "standardised"}


def outputs(network, jets):
    with torch.no_grad():
        return network.eval()(*network.prepare(jets))


def split(jets, which, share):
    """The jets with one constituent cut into two collinear ones."""
    part = share * jets.p4[:, which : which + 1]
    rest = jets.p4.clone()
    rest[:, which] *= 1 - share
    return of(torch.cat([rest, part], dim=1))


def with_soft(jets, energy, eta, phi):
    """The jets with one more massless constituent."""
    p = (1, math.cos(phi) / math.cosh(eta), math.sin(phi) / math.cosh(eta), math.tanh(eta))
    soft = energy * torch.tensor(p).expand(len(jets), 1, 4)
    return of(torch.cat([jets.p4, soft], dim=1))


@pytest.mark.parametrize(
    ("size", "kind", "options", "count"),
    [
        # the paper's and the public comparison's 82k
        ("paper", "pfn", {}, 82_458),
        ("paper", "efn", {}, 82_358),
        ("paper", "pfn", {"features": 3}, 82_758),
        ("paper", "pfn", {"latent": 128, "outputs": 1}, 56_629),
        ("medium", "pfn", {}, 29_442),
        ("medium", "efn", {}, 29_378),
        ("small", "pfn", {}, 4_418),
        ("small", "efn", {}, 4_386),
    ],
)
def test_parameters(size, kind, options, count):
    assert parameters(deepsets.build(size, kind=kind, **options)) == count


def test_initial_weights_are_kerass_he_uniform():
    network = deepsets.build("paper")
    for layer in (*network.phi[::2], *network.f[::2]):
        limit = math.sqrt(6 / layer.in_features)
        assert 0.9 * limit < layer.weight.abs().max() <= limit * (1 + 1e-6)
        assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.2)
        assert not layer.bias.any()


def test_inputs_are_those_of_the_paper():
    jets = made_up(6, 9)
    (values,) = deepsets.build("small").prepare(jets)
    p4 = jets.p4.double()
    pt = torch.hypot(p4[..., 1], p4[..., 2])
    torch.testing.assert_close(values[..., 0].double(), pt / pt.sum(1, keepdim=True))
    total = p4.sum(dim=1, keepdim=True)
    y = 0.5 * torch.log((total[..., 0] + total[..., 3]) / (total[..., 0] - total[..., 3]))
    own = 0.5 * torch.log((p4[..., 0] + p4[..., 3]) / (p4[..., 0] - p4[..., 3]))
    there = jets.mask
    found = values[..., 1][there].double()
    torch.testing.assert_close(found, (own - y)[there], rtol=1e-3, atol=1e-4)
    turned = torch.polar(torch.ones(()).double(), values[..., 2].double())  # e^{i(φ − φ_jet)}
    axis = torch.complex(total[..., 1], total[..., 2])
    back = turned * axis / axis.abs()
    here = torch.complex(p4[..., 1], p4[..., 2])[there]
    torch.testing.assert_close(back[there], here / here.abs(), rtol=1e-5, atol=1e-6)
    assert values[..., 2].abs().max() <= math.pi


@pytest.mark.parametrize("kind", KINDS)
def test_momenta_are_not_divided_by_the_jet(kind):
    jets = made_up(40, 9, features=2, least=2)
    jets = jets if kind == "pfn" else of(jets.p4)
    network = deepsets.build("small", kind=kind, features=jets.extra.shape[2], **MOMENTA)
    (values,), (relative,) = (
        one.prepare(jets)
        for one in (network, deepsets.build("small", kind=kind, features=network.features))
    )
    there, p4 = jets.mask, jets.p4.double()
    torch.testing.assert_close(values[..., 0], p4[..., 1:3].norm(dim=2).float() / 100)
    rapidity = torch.atanh(p4[..., 3] / p4[..., 0])[there]
    torch.testing.assert_close(values[..., 1][there], rapidity.float(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(values[..., 2:], relative[..., 2:])
    assert not values[~there].any()
    network.fit_scaling(values)
    seen = network.scale(network._seen(values))[there]
    for found, expected in ((seen.mean(0), 0.0), (seen.std(0, correction=0), 1.0)):
        torch.testing.assert_close(found, torch.full_like(found, expected), rtol=1e-4, atol=1e-4)
    total = network.sums(network.packed_sum(values))
    for found, expected in ((total.mean(0), 0.0), (total.std(0, correction=0), 1.0)):
        torch.testing.assert_close(found, torch.full_like(found, expected), rtol=1e-3, atol=1e-3)
    assert (network.packed_sum(values) < 0).any(), "Φ has no ReLU at its end"


@pytest.mark.parametrize("options", [{}, MOMENTA])
@pytest.mark.parametrize("kind", KINDS)
@examples(max_examples=6)
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_constituents_is_of_no_matter(kind, options, random):
    network, jets = deepsets.build("small", kind=kind, **options), made_up(5, 12)
    order = random.sample(range(12), 12)
    before, after = outputs(network, jets), outputs(network, of(jets.p4[:, order]))
    torch.testing.assert_close(before, after, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", [{}, MOMENTA])
@pytest.mark.parametrize("kind", KINDS)
@examples(max_examples=6)
@given(more=st.integers(1, 30), features=st.integers(0, 2))
def test_padding_has_no_effect(kind, options, more, features):
    features *= kind == "pfn"
    network = deepsets.build("small", kind=kind, features=features, **options)
    jets = made_up(5, 10, features)
    network.fit_scaling(*network.prepare(jets))
    before, after = (outputs(network, j) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


@pytest.mark.parametrize("options", [{}, MOMENTA])
@examples(max_examples=10)
@given(which=st.integers(0, 5), share=st.floats(0.05, 0.95))
def test_an_efn_is_blind_to_collinear_splittings(options, which, share):
    network, jets = deepsets.build("paper", kind="efn", **options), made_up(6, 10, least=8)
    cut = split(jets, which, share)
    torch.testing.assert_close(outputs(network, jets), outputs(network, cut), rtol=0, atol=2e-5)
    particle = deepsets.build("paper", kind="pfn")
    assert (outputs(particle, jets) - outputs(particle, cut)).abs().max() > 1e-3


@examples(max_examples=10)
@given(eta=st.floats(-2, 2), phi=st.floats(-3, 3))
def test_an_efn_is_blind_to_soft_particles(eta, phi):
    network, jets = deepsets.build("paper", kind="efn"), made_up(6, 10)
    before = outputs(network, jets)
    change = [
        (outputs(network, with_soft(jets, energy, eta, phi)) - before).abs().max().item()
        for energy in (1e-2, 1e-4)
    ]
    assert change[1] < 1e-4 and change[1] <= change[0] + 1e-6
    particle = deepsets.build("paper", kind="pfn")
    soft = with_soft(jets, 1e-4, eta, phi)
    assert (outputs(particle, jets) - outputs(particle, soft)).abs().max() > 1e-3


@pytest.mark.parametrize("options", [{}, MOMENTA])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("jets_at_a_time", [1, 7, 100])
def test_both_sums_are_the_same(jets_at_a_time, kind, options, monkeypatch):
    monkeypatch.setattr(deepsets, "CACHE", jets_at_a_time * 32 * 10)  # 32 nodes, 10 places
    jets = made_up(30, 10, features=2 * (kind == "pfn"))
    jets.p4[4] = 0  # none in this one
    network = deepsets.build("small", kind=kind, features=jets.extra.shape[2], **options)
    (values,) = network.prepare(jets)
    network.fit_scaling(values)
    packed, plain = network.packed_sum(values), network.padded_sum(values)
    torch.testing.assert_close(packed, plain, rtol=1e-5, atol=1e-5)
    gradients = [
        torch.autograd.grad(x.square().mean(), list(network.phi.parameters()))
        for x in (packed, plain)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_filters_are_phi_on_the_plane():
    network, jets = deepsets.build("small", kind="efn"), made_up(4, 6, least=6)
    (values,) = network.prepare(jets)
    filters = network.filters(values[..., 1:])
    assert filters.shape == (4, 6, 32)
    found = (values[..., :1] * filters).sum(dim=1)
    torch.testing.assert_close(found, network.packed_sum(values))
    grid = torch.stack(torch.meshgrid(torch.arange(3.0), torch.arange(5.0), indexing="ij"), dim=2)
    network = deepsets.build("small", kind="pfn", features=2)
    network.scale.mean.copy_(torch.tensor([5.0, -3.0]))
    asked = torch.tensor([0.1, 1.0, 2.0, 5.0, -3.0])
    torch.testing.assert_close(network.filters(grid)[1, 2], network._phi(asked))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", deepsets.SIZES)
def test_it_overfits_a_few_jets(size, kind):
    torch.manual_seed(0)
    jets = made_up(16, 20, least=3)  # those of one constituent are all alike: z = 1, y = φ = 0
    assert overfitted(deepsets.build(size, kind=kind), jets, steps=120) < 0.05


def test_a_latent_space_of_one_counts_constituents():
    torch.manual_seed(2)
    network = deepsets.build("small", latent=1, outputs=1)
    (values,) = network.prepare(made_up(300, 20))
    target = (values[..., :1] > 0).sum(dim=1) / 20
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(300):
        optimiser.zero_grad()
        loss = functional.mse_loss(network(values), target)
        loss.backward()
        optimiser.step()
    assert loss < 0.02 * target.var()


def test_only_the_hardest_are_read():
    jets = made_up(5, 12, least=12)
    few = deepsets.build("small", constituents=4)
    (values,) = few.prepare(jets)
    assert values.shape == (5, 4, 3)
    torch.testing.assert_close(values[..., 0].sum(dim=1), torch.ones(5))
    (every,) = deepsets.build("small").prepare(jets)
    torch.testing.assert_close(values[..., 1:], every[:, :4, 1:])  # the axis is the jet's


def test_jets_without_constituents_and_single_ones_are_no_fault():
    jets = made_up(3, 4)
    jets.p4[0] = 0
    jets.p4[1, 1:] = 0
    for kind in KINDS:
        assert outputs(deepsets.build("small", kind=kind), jets).isfinite().all()


@pytest.mark.parametrize(
    "options",
    [
        *({"kind": "sfn"}, {"kind": "efn", "features": 1}, {"hidden": 3}),
        *({"inputs": "angles"}, {"sums": "plane"}),
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(UserError):
        deepsets.build("small", **options)


def test_a_wrong_number_of_extra_columns_is_refused():
    with pytest.raises(UserError, match="these jets have 2"):
        deepsets.build("small", features=1).prepare(made_up(2, 4, features=2))
