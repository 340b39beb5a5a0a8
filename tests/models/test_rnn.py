"""LSTM and GRU: sizes, orders, padding."""

import numpy as np
import pytest
import torch
from helpers_sets import made_up, of, overfitted, padded, parameters
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn import models
from relearn.errors import UserError
from relearn.jets.clustering import cluster
from relearn.models import constituents, rnn


@pytest.mark.parametrize(
    ("size", "cell", "count"),
    [
        ("small", "lstm", 5_986),
        ("small", "gru", 4_770),
        ("medium", "lstm", 22_210),
        ("medium", "gru", 17_730),
        ("paper", "lstm", 76_994),
        ("paper", "gru", 59_842),
    ],
)
def test_parameters(size, cell, count):
    network = rnn.build(size, cell=cell)
    assert parameters(network) == count
    gates, h, d = (4 if cell == "lstm" else 3), *rnn.SIZES[size].values()
    assert count == gates * h * (4 + h + 2) + (h + 1) * d + (d + 1) * 2


def test_both_cells_have_names_of_their_own():
    assert isinstance(models.build("lstm", "small").cell, torch.nn.LSTM)
    assert isinstance(models.build("gru", "small").cell, torch.nn.GRU)


def test_features_are_those_of_the_definition():
    jets = made_up(5, 9, features=2)
    values, mask = constituents.relative(jets), jets.mask
    p4 = jets.p4.double().numpy()
    total = p4.sum(axis=1)

    def pt_eta_phi(p):
        pt = np.hypot(p[..., 1], p[..., 2])
        with np.errstate(invalid="ignore", divide="ignore"):
            return pt, np.arctanh(p[..., 3] / np.linalg.norm(p[..., 1:], axis=-1)), p[..., 1:3]

    pt, eta, xy = pt_eta_phi(p4)
    jet_pt, jet_eta, jet_xy = (x[:, None] for x in pt_eta_phi(total))
    turn = np.angle((xy @ [1, 1j]) * np.conj(jet_xy @ [1, 1j]))
    with np.errstate(divide="ignore"):
        expected = [eta - jet_eta, turn, np.log(pt), np.log(p4[..., 0]), np.log(pt / jet_pt)]
        expected += [np.log(p4[..., 0] / total[:, :1]), np.hypot(eta - jet_eta, turn)]
    expected = np.stack(expected, axis=-1)
    there = mask.numpy()
    np.testing.assert_allclose(values[..., :7].numpy()[there], expected[there], atol=2e-5)
    assert torch.equal(values[..., 7:], jets.extra) and not values[~mask].any()


def test_scaling_sees_constituents_only():
    jets = made_up(40, 12, features=1)
    network = rnn.build("small", features=1)
    values, counts = network.prepare(jets)
    network.fit_scaling(values, counts)
    scaled = network.scale(torch.cat([v[:n] for v, n in zip(values, counts, strict=True)]))
    torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.square().mean(dim=0), torch.ones(5))


@examples(max_examples=6)
@given(
    more=st.integers(1, 15),
    cell=st.sampled_from(("lstm", "gru")),
    order=st.sampled_from(rnn.ORDERS),
)
def test_padding_has_no_effect(more, cell, order):
    network, jets = rnn.build("small", cell=cell, order=order), made_up(5, 10)
    before, after = (network(*network.prepare(j)) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-6)


@examples(max_examples=6)
@given(st.permutations(range(11)), st.sampled_from(rnn.ORDERS))
def test_the_order_that_jets_come_in_has_no_effect(order, name):
    network, jets = rnn.build("small", order=name), made_up(5, 11)
    shuffled = of(jets.p4[:, list(order)])
    before, after = (network(*network.prepare(j)) for j in (jets, shuffled))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


def test_the_three_orders_differ_and_hold_the_same_constituents():
    jets = made_up(4, 12, least=12)
    found = [rnn.build("small", order=order).prepare(jets)[0] for order in rnn.ORDERS]
    pt = [values[..., 2] for values in found]
    assert (pt[0].diff(dim=1) <= 0).all()
    for one in pt[1:]:
        assert not torch.equal(one, pt[0])
        assert torch.equal(one.sort(dim=1, descending=True).values, pt[0])
    assert not torch.equal(pt[1], pt[2])


def test_the_clustering_order_keeps_subjets_together():
    # three narrow subjets far apart: read one after the other, the hardest branch first
    axes = torch.tensor([[0.0, 0.0], [0.9, 0.0], [0.0, -0.8]])
    draw = torch.Generator().manual_seed(3)
    subjet = torch.tensor([0, 1, 2] * 4)
    eta, phi = (axes[subjet] + 0.02 * torch.randn(12, 2, generator=draw)).T
    pt = torch.linspace(100, 10, 12)
    p4 = torch.stack([pt * eta.cosh(), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()], dim=1)
    assert len(cluster(p4.numpy()[None], 0.3, "cambridge")[0]) == 3
    values, _ = rnn.build("small", order="clustering").prepare(of(p4[None]))
    found = subjet[(values[0, :, 2, None] - pt.log()).abs().argmin(dim=1)]
    assert len(torch.unique_consecutive(found)) == 3


def test_random_orders_hang_on_the_seed():
    jets = made_up(4, 12, least=12)
    first, again, other = (
        rnn.build("small", order="random", seed=seed).prepare(jets)[0] for seed in (0, 0, 1)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_the_state_is_read_after_the_last_constituent():
    network, jets = rnn.build("small"), made_up(6, 8)
    values, counts = network.prepare(jets)
    for value, n, found in zip(values, counts, network(values, counts), strict=True):
        _, (state, _) = network.cell(network.scale(value[None, :n]))
        torch.testing.assert_close(found, network.dense(state[-1, 0]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", rnn.CELLS)
def test_it_overfits_a_few_jets(cell):
    torch.manual_seed(0)
    assert overfitted(rnn.build("small", cell=cell), made_up(12, 10), 150, 1e-2) < 0.05


def test_a_jet_without_constituents_has_a_finite_output():
    jets = of(torch.cat([made_up(2, 5).p4, torch.zeros(1, 5, 4)]))
    for order in rnn.ORDERS:
        network = rnn.build("small", order=order)
        assert network(*network.prepare(jets)).isfinite().all()


@pytest.mark.parametrize("options", [{"cell": "elman"}, {"order": "mass"}, {"width": 3}])
def test_wrong_options_are_refused(options):
    with pytest.raises(UserError, match="rnn"):
        rnn.build("small", **options)


def test_a_wrong_number_of_extra_columns_is_refused():
    with pytest.raises(UserError, match="features=1 extra columns; these jets have 0"):
        rnn.build("small", features=1).prepare(made_up(2, 5))
