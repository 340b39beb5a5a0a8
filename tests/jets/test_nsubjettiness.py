"""N-subjettiness in closed form, by brute force, and against the same algorithm in NumPy."""

import functools
import itertools
import sys

import awkward as ak
import numpy as np
import pytest
from helpers_jets import QUICK, TOP, jet, massless, particles, real
from helpers_workflow import ROOT
from hypothesis import given
from scipy import optimize

from relearn import kinematics as kin
from relearn.jets.nsubjettiness import AXES, n_subjettiness

sys.path.insert(0, str(ROOT / "benchmarks"))
from peers import jets_numpy  # noqa: E402


def best_cost(pt, places, beta):
    """Σ pT ΔR^β of one group with its best axis: closed form, or a search from each particle."""
    if beta == 2:
        centre = np.average(places, axis=0, weights=pt)
        return (pt * ((places - centre) ** 2).sum(axis=1)).sum()

    def cost(axis):
        return (pt * np.hypot(*(places - axis).T) ** beta).sum()

    at_particles = min(cost(place) for place in places)
    start = np.average(places, axis=0, weights=pt)
    return min(at_particles, optimize.minimize(cost, start, method="Nelder-Mead").fun)


def by_brute_force(pt, places, n, beta):
    """The smallest sum over all ways to share the particles among n axes."""

    @functools.cache
    def cost(group):
        return best_cost(pt[list(group)], places[list(group)], beta)

    best = np.inf
    for shares in itertools.product(range(n), repeat=len(pt)):
        groups = [tuple(np.flatnonzero(np.equal(shares, group))) for group in range(n)]
        if all(groups):
            best = min(best, sum(map(cost, groups)))
    return best


def clumps(n, size, seed):
    """Well-separated clumps of particles: pT and places."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [0.9, 0.2], [-0.3, 0.8]])[:n]
    places = np.repeat(centres, size, axis=0) + rng.normal(0, 0.08, (n * size, 2))
    return rng.uniform(5, 60, n * size), places


@pytest.mark.parametrize("axes", AXES)
def test_zero_with_an_axis_for_each_constituent(axes):
    tau = n_subjettiness(jet((50, 0, 0), (20, 0.4, 0), (10, 0, 0.5)), range(1, 6), axes=axes)[0]
    assert (tau[:2] > 0.01).all() and (tau[2:] == 0).all()


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_two_particles_in_closed_form(beta):
    pair, pt = jet((80, 0, 0), (20, 0.3, 0.4)), (80.0, 20.0)
    # β = 2: around the mean, the reduced pT times ΔR²; β ≤ 1: the axis is the harder particle
    expected = pt[0] * pt[1] / 100 * 0.25 if beta == 2 else pt[1] * 0.5**beta
    with_radius = n_subjettiness(pair, 1, beta, radius=1.5)
    np.testing.assert_allclose(with_radius, expected / (100 * 1.5**beta), rtol=1e-6)
    without = n_subjettiness(pair, 1, beta, radius=1.5, normalise=False)
    np.testing.assert_allclose(without, expected / kin.pt(pair.sum(axis=1)), rtol=1e-6)
    winner = n_subjettiness(pair, 1, beta, radius=1.0, axes="wta_kt")
    np.testing.assert_allclose(winner, pt[1] * 0.5**beta / 100)


def test_the_kt_axis_of_one_jet_is_its_momentum():
    triple = jet((80, 0, 0), (20, 0.3, 0.4), (30, -0.2, 0.5))
    axis = triple.sum(axis=1)
    apart = np.hypot(
        kin.rapidity(triple) - kin.rapidity(axis), kin.delta_phi(triple, axis[:, None])
    )
    expected = (kin.pt(triple) * apart).sum() / 130
    np.testing.assert_allclose(n_subjettiness(triple, 1, radius=1.0, axes="kt"), expected)


@pytest.mark.parametrize("beta", [1.0, 2.0])
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("axes", ["onepass_kt", "onepass_wta_kt"])
def test_clear_prongs_have_the_global_minimum(beta, n, axes):
    for seed in range(2):
        pt, places = clumps(n, 2, seed)
        tau = n_subjettiness(massless(pt, *places.T)[None], n, beta, 1.0, axes)
        expected = by_brute_force(pt, places, n, beta) / pt.sum()
        np.testing.assert_allclose(tau, expected, rtol=2e-4)


@QUICK
@given(particles.filter(lambda triples: 4 <= len(triples) <= 6))
def test_no_axes_are_better_than_the_best_and_moving_them_never_hurts(triples):
    pt, places = triples[:, 0], triples[:, 1:]
    p4 = massless(pt, *places.T)[None]
    for beta in (1.0, 2.0):
        best = by_brute_force(pt, places, 2, beta) / pt.sum()
        for start in ("kt", "wta_kt"):
            before = n_subjettiness(p4, 2, beta, 1.0, start)[0]
            after = n_subjettiness(p4, 2, beta, 1.0, f"onepass_{start}")[0]
            assert best * (1 - 1e-4) - 1e-9 <= after <= before * (1 + 1e-4) + 1e-9


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0])
def test_real_jets_agree_with_numpy_jet_by_jet(beta):
    orders = range(1, 9)
    tau = n_subjettiness(real(), orders, beta, 1.5)
    for mine, p4 in zip(tau, real(), strict=True):
        np.testing.assert_allclose(
            mine, jets_numpy.n_subjettiness(ak.to_numpy(p4), orders, beta, 1.5), rtol=1e-6
        )


def test_several_n_and_beta_give_the_single_ones():
    every = n_subjettiness(real(), (1, 3), (0.5, 2.0))
    assert every.shape == (24, 2, 2)
    for a, n in enumerate((1, 3)):
        for b, beta in enumerate((0.5, 2.0)):
            np.testing.assert_array_equal(every[:, a, b], n_subjettiness(real(), n, beta))
    assert n_subjettiness(real(), [2]).shape == (24, 1)
    assert n_subjettiness(real(), 2, [1.0]).shape == (24, 1)


def test_tops_have_three_prongs():
    tau = n_subjettiness(real(), (2, 3))
    ratio = tau[:, 1] / tau[:, 0]
    assert np.median(ratio[TOP]) < 0.65 < np.median(ratio[~TOP])


def test_empty_jets_and_collinear_ones():
    jets = np.zeros((2, 3, 4))
    jets[1] = massless(np.array([50.0, 20, 10]), 0.2, 0.1)
    for axes in AXES:
        np.testing.assert_allclose(n_subjettiness(jets, (1, 2, 4), axes=axes), 0, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 0}, "at least 1"),
        ({"n": []}, "at least 1"),
        ({"n": 1, "beta": 0.0}, "beta"),
        ({"n": 1, "beta": 2.5}, "beta"),
        ({"n": 1, "axes": "manual"}, "onepass_kt"),
        ({"n": 1, "radius": -1.0}, "radius"),
    ],
)
def test_wrong_arguments_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        n_subjettiness(jet((1, 0, 0)), **options)
