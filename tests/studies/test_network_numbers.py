"""What studies say of one network, against closed forms and networks made by hand."""

import numpy as np
import pytest
import torch
from helpers_invariants import MadeUp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from relearn.models.mlp import MLP
from relearn.studies import metrics, pt_transfer, pt_weights
from relearn.studies.dead_units import dead_units

N = 200_000
GAUSSIAN = np.random.default_rng(1).normal(size=N)
HALF = stats.norm.isf(0.16)  # 0.994: of the 16–84 % width of a Gaussian
numbers = st.floats(-1e3, 1e3)


def test_a_gaussian_residual():
    true = np.full(N, 50.0)
    found = metrics.summarise(true, true * (1 + 0.04 * GAUSSIAN))
    assert found["resolution"] == pytest.approx(0.04 * HALF, rel=0.01)
    assert found["within_1pct"] == pytest.approx(2 * stats.norm.cdf(0.25) - 1, abs=0.003)
    assert found["within_10pct"] == pytest.approx(2 * stats.norm.cdf(2.5) - 1, abs=0.003)
    assert found["rmse"] == pytest.approx(2.0, rel=0.01)
    shifted = metrics.summarise(true, true * (1.5 + 0.04 * GAUSSIAN))
    assert shifted["resolution"] == pytest.approx(found["resolution"]), "a width, not an error"


def test_correlation_and_explained_variance():
    true, noise = GAUSSIAN, np.random.default_rng(2).normal(size=N)
    found = metrics.summarise(true, true + 0.5 * noise)
    assert found["r"] == pytest.approx(1 / np.sqrt(1.25), abs=0.002)
    assert found["r2"] == pytest.approx(1 - 0.25, abs=0.005)
    assert metrics.summarise(true, np.full(N, 3.0))["r"] == 0
    assert metrics.summarise(true, np.full(N, true.mean()))["r2"] == pytest.approx(0)


@given(arrays(float, 20, elements=numbers), arrays(float, 20, elements=numbers))
def test_correlation_is_numpys(x, y):
    found = metrics.correlation(x, y)
    if min(np.ptp(x), np.ptp(y)) > 1e-3:
        assert found == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    assert -1 <= found <= 1


def test_components_are_pooled_each_about_its_own_mean():
    true = np.stack([GAUSSIAN, 100 + GAUSSIAN], axis=1)
    assert metrics.summarise(true, true.mean(axis=0) + 0 * true)["r2"] == pytest.approx(0)
    assert metrics.summarise(true, true + [1, 0])["rmse"] == pytest.approx(np.sqrt(0.5))


def test_events_without_truth_and_networks_that_diverged():
    found = metrics.summarise(np.array([0.0, 2.0, 4.0]), np.array([1.0, 2.1, 4.2]))
    assert found["within_10pct"] == 1 and found["within_1pct"] == 0  # both are 5 % too large
    lost = metrics.summarise(np.ones(3), np.array([1.0, np.inf, 1.0]))
    assert all(np.isnan(value) for value in lost.values())
    with pytest.raises(ValueError, match="do not fit"):
        metrics.summarise(np.ones(3), np.ones(4))


def test_bins_hold_their_lower_edge_and_enough_events():
    few = metrics.FEWEST_IN_BIN
    of = np.repeat([0.0, 9.9, 10.0, 25.0], [few, few, few - 1, few])
    true, said = np.full(len(of), 100.0), np.where(of < 5, 105.0, 100.0)
    found = metrics.in_bins(of, true, said, (0, 5, 10, 20, 25))
    assert [(row["low"], row["high"], row["events"]) for row in found] == [
        (0, 5, few),
        (5, 10, few),
    ]
    assert [row["bias"] for row in found] == pytest.approx([0.05, 0])
    assert [row["within_1pct"] for row in found] == [0, 1]


def network(names, weights, biases):
    """An MLP with these layers."""
    made = MLP([w.shape[1] for w in map(torch.tensor, weights)] + [len(weights[-1])], names)
    with torch.no_grad():
        for layer, weight, bias in zip(made.layers, weights, biases, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    return made


def test_dead_units_are_those_that_never_change():
    events = torch.rand(500, 1)
    first, out = [[1.0], [1.0], [-1.0]], [[1.0, 1.0, 1.0]]
    one = network(["relu"], [first, out], [[0.0, -2.0, -0.1], [0.0]])  # alive, dead, dead
    assert dead_units(one, events) == [2]
    assert dead_units(one, 3 * events) == [1], "a matter of the events"
    steep = network(["sigmoid"], [first, out], [[0.0, 40.0, -40.0], [0.0]])
    assert dead_units(steep, events) == [2], "saturated on both sides"
    two = network(["relu", "relu"], [first, [[1.0, 1.0, 1.0]], [[1.0]]], [[0.0] * 3, [-9.0], [0.0]])
    assert dead_units(two, events) == [1, 1]


def test_weights_are_per_gev():
    rng = np.random.default_rng(3)
    per_gev = rng.normal(size=(6, 2, 4))
    scale = np.array([40.0, 20.0, 20.0, 60.0, 41.0, 21.0, 22.0, 61.0])
    one = MLP((8, 6, 1), ["relu"])
    with torch.no_grad():
        one.input_std.copy_(torch.tensor(scale))
        one.layers[0].weight.copy_(torch.tensor(per_gev.reshape(6, 8) * scale))
    np.testing.assert_allclose(pt_weights.weights_per_gev(one), per_gev, rtol=1e-6)


def test_weights_of_the_sum_of_both_muons():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    weights = np.zeros((12, 2, 4))
    weights[:, :, 1] = 0.3 * np.cos(angle)[:, None]
    weights[:, :, 2] = 0.3 * np.sin(angle)[:, None]
    weights[:, :, 3] = 0.03 / np.sqrt(2)
    found = pt_weights.summarise_weights(weights)
    assert found["weight_E"] == 0 and found["weight_pz"] == pytest.approx(0.1)
    assert found["weight_px"] == pytest.approx(1) == found["weight_py"]
    assert found["symmetry_px"] == pytest.approx(1)
    assert found["symmetry_difference_px"] == pytest.approx(0)
    weights[:, 1, 1:3] *= -1
    found = pt_weights.summarise_weights(weights)
    assert found["symmetry_py"] == pytest.approx(-1)
    assert found["symmetry_difference_py"] == pytest.approx(2)
    unrelated = pt_weights.summarise_weights(np.random.default_rng(4).normal(size=(20_000, 2, 4)))
    assert unrelated["symmetry_difference_px"] == pytest.approx(np.sqrt(2), rel=0.02)


def test_shares_of_the_training_events():
    inputs = MadeUp(None, {"zmumu": None})
    pt = inputs.data("zmumu", "train").targets["pt"][:, 0]
    found = pt_transfer._shares(inputs, "zmumu")
    low, high = metrics.PT_EDGES[3:5]
    assert found[low] == pytest.approx(np.mean((pt >= low) & (pt < high)))
    assert sum(found.values()) == pytest.approx(np.mean(pt < metrics.PT_EDGES[-1]))
