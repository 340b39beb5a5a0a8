"""CoLa + LoLa: rows by plain formulas, sizes, orders, variants, the trained metric."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers_sets import made_up, of, overfitted, padded, parameters
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.models import lola

sys.path.insert(0, str(ROOT / "benchmarks"))
from peers.lola_plain import Plain  # noqa: E402

METRIC = np.array([1.0, -1.0, -1.0, -1.0])


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 9_898),
        ("medium", {}, 29_283),
        ("paper", {}, 60_732),
        ("paper", {"constituents": 20}, 37_232),
        # the public comparison's 127k
        ("paper", {"constituents": 84}, 126_512),
        ("paper", {"metric": "trained"}, 60_736),
    ],
)
def test_parameters(size, options, count):
    network = lola.build(size, **options)
    assert parameters(network) == count
    v, n = network.cola.vectors, network.constituents
    hidden = lola.SIZES[size]["hidden"]
    sizes = (7 * v, *hidden, 2)
    dense = sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))
    metric = 4 * (options.get("metric") == "trained")
    assert count == n * (v - n - 1) + 5 * v * v + dense + metric


def combined(network, jets):
    """k̃ (B, V, 4) in 500 GeV, in double precision."""
    n = network.constituents
    trained = network.cola.trained.detach().double().numpy()
    columns = np.hstack([np.ones((n, 1)), np.eye(n), trained])
    return np.einsum("bic,ij->bjc", jets.p4.double().numpy() / 500, columns)


def test_rows_are_the_formulas_of_the_talk_where_places_are_empty_too():
    network, jets = lola.build("small", constituents=7), made_up(5, 7)
    assert not jets.mask.all()  # zero vectors, of which the formulas know nothing special
    k = combined(network, jets)
    found = network.lola(network.cola(*network.prepare(jets))).detach().numpy()
    weight = {n: p.detach().double().numpy() for n, p in network.lola.named_parameters()}
    difference = k[:, :, None] - k[:, None]
    d2 = np.einsum("bjmc,c->bjm", difference**2, METRIC)
    rows = [
        np.einsum("bjc,c->bj", k**2, METRIC),
        np.hypot(k[..., 1], k[..., 2]),
        np.einsum("jm,bm->bj", weight["energy"][0], k[..., 0]),
        *(np.einsum("jm,bjm->bj", w, d2) for w in weight["sums"]),
        *((w * d2).min(axis=2) for w in weight["minima"]),
    ]
    np.testing.assert_allclose(found, np.stack(rows, axis=1), rtol=2e-5, atol=2e-5)


def test_it_is_the_plain_network_of_the_benchmark():
    ours, plain, jets = lola.build("paper", constituents=9), Plain(9), made_up(8, 9)
    state = {"trained": ours.cola.trained, **dict(ours.lola.named_parameters())}
    plain.load_state_dict({**plain.state_dict(), **state})
    plain.head.load_state_dict(ours.head.state_dict())
    theirs = plain(jets.p4 / 500)
    theirs.square().sum().backward()
    found = ours(*ours.prepare(jets))
    found.square().sum().backward()
    torch.testing.assert_close(found, theirs, rtol=1e-4, atol=1e-4)
    for name, parameter in plain.named_parameters():
        if name in state:
            torch.testing.assert_close(state[name].grad, parameter.grad, rtol=1e-3, atol=1e-4)


def test_the_first_vector_is_the_jet():
    network, jets = lola.build("small", constituents=10), made_up(4, 10)
    rows = network.lola(network.cola(*network.prepare(jets)))
    total = jets.p4.double().sum(dim=1)
    m2 = total[:, 0] ** 2 - total[:, 1:].square().sum(dim=1)
    assert (rows[:, 0, 0] * 500**2).tolist() == pytest.approx(m2.tolist(), rel=1e-4, abs=1)
    assert (rows[:, 1, 0] * 500).tolist() == pytest.approx(
        torch.hypot(total[:, 1], total[:, 2]).tolist(), rel=1e-5
    )


def test_masses_and_distances_do_not_change_under_boosts_and_rotations():
    network, jets = lola.build("small", constituents=12), made_up(6, 12)
    rapidity, angle = 0.7, 1.1
    boost = torch.eye(4, dtype=torch.float64)
    boost[0, 0] = boost[1, 1] = math.cosh(rapidity)
    boost[0, 1] = boost[1, 0] = math.sinh(rapidity)
    turn = torch.eye(4, dtype=torch.float64)
    turn[2, 2] = turn[3, 3] = math.cos(angle)
    turn[2, 3], turn[3, 2] = -math.sin(angle), math.sin(angle)
    moved = of(jets.p4.double() @ (turn @ boost).T)
    before, after = (network.lola(network.cola(*network.prepare(j))) for j in (jets, moved))
    invariant = [0, 3, 4, 5, 6]  # m², and all rows of distances
    torch.testing.assert_close(before[:, invariant], after[:, invariant], rtol=1e-3, atol=1e-4)
    assert (before[:, 1] - after[:, 1]).abs().max() > 0.01


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, 7),
        ({"rows": "first_three"}, 3),
        ({"rows": "last"}, 4),
        ({"rows": "last", "sums": 1, "minima": 0}, 1),
        ({"rows": "mass"}, 1),
        ({"variant": "talk002"}, 4),
        ({"features": 2}, 9),
    ],
)
def test_variants_have_their_rows_and_no_dead_weights(options, rows):
    network = lola.build("small", constituents=8, **options)
    jets = made_up(6, 8, features=options.get("features", 0), least=8)
    assert network.lola.rows == rows
    network(*network.prepare(jets)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name


def test_rows_of_the_older_variant():
    network, jets = lola.build("small", constituents=5, variant="talk002"), made_up(3, 5)
    found = network.lola(network.cola(*network.prepare(jets))).detach().numpy()
    k = combined(network, jets)
    np.testing.assert_allclose(found[:, 0], k[..., 0], rtol=1e-5)
    np.testing.assert_allclose(found[:, 1], k**2 @ METRIC, rtol=1e-4, atol=1e-5)


def test_extra_columns_are_combined_and_summed():
    network, jets = lola.build("small", constituents=6, features=2), made_up(4, 6, features=2)
    prepared = network.prepare(jets)
    network.fit_scaling(*prepared)
    there = jets.extra[jets.mask]
    median = torch.stack([column.abs().sort().values[(len(there) - 1) // 2] for column in there.T])
    torch.testing.assert_close(network.scale, median)
    energy = jets.p4[..., 0][jets.mask].square().mean().sqrt() / lola.UNIT
    levelled = energy * (jets.extra / median).asinh()
    columns = torch.cat([torch.ones(6, 1), torch.eye(6), network.cola.trained], dim=1)
    extra = torch.einsum("bif,ij->bfj", levelled, columns)
    rows = network.lola(network.cola(network.levelled(*prepared)))
    expected = torch.einsum("fjm,bfm->bfj", network.lola.extra, extra)
    torch.testing.assert_close(rows[:, -2:], expected, rtol=1e-4, atol=1e-5)


def test_a_rare_large_value_scales_nothing():
    jets = made_up(8, 6, features=1, least=6)
    far = jets.extra.clone()
    far[0, 0] = 1e4
    networks = [lola.build("small", constituents=6, features=1) for _ in range(2)]
    for network, extra in zip(networks, (jets.extra, far), strict=True):
        network.fit_scaling(*network.prepare(of(jets.p4, extra)))
    assert networks[1].scale / networks[0].scale == pytest.approx(1, abs=0.1)
    largest = networks[1].levelled(*networks[1].prepare(of(jets.p4, far)))[:, 4:].abs().max()
    assert largest < 15 * networks[1].height


def test_a_column_of_zeros_stays_one():
    network, jets = lola.build("small", constituents=6, features=1), made_up(4, 6, features=1)
    empty = of(jets.p4, torch.zeros_like(jets.extra))
    network.fit_scaling(*network.prepare(empty))
    assert network.scale == 1 and not network.levelled(*network.prepare(empty))[:, 4:].any()


def test_impact_parameters_have_no_sign():
    jets = made_up(4, 6, features=3)
    jets = replace(jets, extra_names=("charge", "d0_smeared", "z0"))
    mirrored = replace(jets, extra=jets.extra * torch.tensor([1.0, -1.0, -1.0]))
    network = lola.build("small", constituents=6, features=3)
    (one,), (other,) = network.prepare(jets), network.prepare(mirrored)
    assert torch.equal(one, other)
    assert torch.equal(one[:, 4], jets.extra[..., 0]) and (one[:, 4] < 0).any()
    assert torch.equal(one[:, 5:], jets.extra[..., 1:].mT.abs())


@examples(max_examples=8)
@given(more=st.integers(1, 20), features=st.integers(0, 2), order=st.sampled_from(("pt", "random")))
def test_arrays_longer_than_the_network_reads_have_no_effect(more, features, order):
    network = lola.build("small", constituents=10, features=features, order=order).eval()
    jets = made_up(5, 10, features)
    before, after = (network(*network.prepare(j)) for j in (jets, padded(jets, more)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)
    few = jets.hardest(6)
    before, after = (network(*network.prepare(j)) for j in (few, padded(few, 4)))
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


@examples(max_examples=8)
@given(st.randoms(use_true_random=False))
def test_a_random_order_hangs_on_the_jet_and_the_seed_alone(random):
    network = lola.build("small", constituents=12, order="random")
    jets = made_up(6, 12, least=12)
    (values,) = network.prepare(jets)
    order = random.sample(range(12), 12)
    (again,) = network.prepare(of(jets.p4[:, order]))
    (alone,) = network.prepare(jets.rows(slice(3, 4)))
    assert torch.equal(values, again) and torch.equal(values[3:4], alone)
    other = lola.build("small", constituents=12, order="random", seed=1)
    assert not torch.equal(values, other.prepare(jets)[0])


def test_random_orders_are_uniform():
    network, jets = lola.build("small", constituents=4, order="random"), made_up(4000, 4, least=4)
    (values,) = network.prepare(jets)
    place = (values[:, 1] * 500 - jets.p4[:, :1, 1]).abs().argmin(dim=1)  # of the hardest
    counts = torch.bincount(place, minlength=4)
    chi2 = ((counts - 1000) ** 2 / 1000).sum().item()
    assert chi2 < 16.3  # three degrees of freedom, p = 0.001; the jets are fixed


@pytest.mark.parametrize("start", ["minkowski", "euclid", "random"])
def test_the_metric_trains_from_its_start(start):
    network = lola.build("small", constituents=6, metric="trained", metric_start=start)
    before = network.metric
    if start != "random":
        assert before == lola.METRIC_STARTS[start]
    overfitted(network, made_up(8, 6), steps=5)
    assert all(a != b for a, b in zip(before, network.metric, strict=True))


def test_a_fixed_metric_stays():
    network = lola.build("small", constituents=6)
    overfitted(network, made_up(8, 6), steps=5)
    assert network.metric == (1.0, -1.0, -1.0, -1.0)


@pytest.mark.parametrize("size", lola.SIZES)
def test_it_overfits_a_few_jets(size):
    torch.manual_seed(0)
    assert overfitted(lola.build(size), made_up(16, 30)) < 0.05


def test_massless_constituents_lie_on_their_shell():
    light, heavy = made_up(20, 10), made_up(20, 10, massive=True)
    wrong = of(light.p4 * torch.tensor([1 + 2e-7, 1, 1, 1]))
    (values,) = lola.build("small", constituents=10).prepare(wrong)
    p = values[:, 1:4].double().square().sum(dim=1).sqrt()
    energy = wrong.p4[..., 0].double() / 500
    assert (energy > (1 + 2e-7) * p).any()
    torch.testing.assert_close(values[:, 0].double(), p, rtol=1.5e-7, atol=0)
    (values,) = lola.build("small", constituents=10).prepare(heavy)
    slow = (heavy.p4[..., 0] > 0) & (heavy.p4[..., 0] < 20)
    assert torch.equal(values[:, 0][slow], (heavy.p4[..., 0] / 500)[slow])


def test_products_stay_in_single_precision():
    network, jets = lola.build("small", constituents=8), made_up(4, 8)
    prepared = network.prepare(jets)
    before = network.lola(network.cola(*prepared))
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            after = network.lola(network.cola(*prepared))
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert torch.equal(before, after)
    half = prepared[0].bfloat16()
    assert torch.equal(network.lola(network.cola(half)), network.lola(network.cola(half.float())))


@pytest.mark.parametrize(
    "options",
    [
        {"metric": "curved"},
        {"rows": "two"},
        {"metric_start": "euclid"},
        {"rows": "last", "sums": 0, "minima": 0},
        {"width": 3},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(UserError, match="lola"):
        lola.build("small", **options)


def test_a_wrong_number_of_extra_columns_is_refused():
    with pytest.raises(UserError, match="features=0 extra columns; these jets have 2"):
        lola.build("small").prepare(made_up(2, 20, features=2))
