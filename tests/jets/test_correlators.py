"""Energy correlation functions in closed form, and against plain sums over sets."""

import itertools

import awkward as ak
import numpy as np
import pytest
from helpers_jets import QUICK, TOP, jet, massless, particles, real
from hypothesis import given
from hypothesis import strategies as st

from relearn import kinematics as kin
from relearn.jets.correlators import c2, d2, energy_correlation


def plain(p4, order, beta):
    """The definition: one term for each set of constituents."""
    pt, y, phi = kin.pt(p4), kin.rapidity(p4), kin.phi(p4)
    total = 0.0
    for chosen in itertools.combinations(range(len(p4)), order):
        term = np.prod(pt[list(chosen)])
        for i, j in itertools.combinations(chosen, 2):
            dphi = np.abs((phi[i] - phi[j] + np.pi) % (2 * np.pi) - np.pi)
            term *= np.hypot(y[i] - y[j], dphi) ** beta
        total += term
    return total


def test_two_and_three_particles_in_closed_form():
    pair = jet((80, 0, 0), (20, 0.3, 0.4))
    np.testing.assert_allclose(energy_correlation(pair, 1, 0.7), 100)
    np.testing.assert_allclose(energy_correlation(pair, 2, 2.0), 80 * 20 * 0.25)
    assert energy_correlation(pair, 3, 1.0) == 0 and c2(pair) == 0 and d2(pair) == 0
    triple = jet((50, 0, 0), (30, 0.3, 0), (20, 0, 0.4))  # sides 0.3, 0.4, 0.5
    two = 50 * 30 * 0.3 + 50 * 20 * 0.4 + 30 * 20 * 0.5
    three = 50 * 30 * 20 * 0.3 * 0.4 * 0.5
    np.testing.assert_allclose(energy_correlation(triple, 2, 1.0), two)
    np.testing.assert_allclose(energy_correlation(triple, 3, 1.0), three)
    np.testing.assert_allclose(energy_correlation(triple, 3, 1.0, normalise=True), three / 1e6)
    np.testing.assert_allclose(c2(triple), three * 100 / two**2)
    np.testing.assert_allclose(d2(triple), three * 100**3 / two**3)
    assert energy_correlation(triple, 4, 1.0) == 0


def test_four_particles_of_a_square():
    """Four sides a and two diagonals √2 a."""
    square = jet((10, 0, 0), (10, 0.2, 0), (10, 0, 0.2), (10, 0.2, 0.2))
    np.testing.assert_allclose(energy_correlation(square, 4, 1.0), 1e4 * 0.2**6 * 2)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_real_jets_agree_with_the_plain_sums(beta):
    few = real()[:4, :13]
    for order in (1, 2, 3, 4):
        expected = [plain(ak.to_numpy(p4), order, beta) for p4 in few]
        np.testing.assert_allclose(energy_correlation(few, order, beta), expected, rtol=1e-10)


@QUICK
@given(particles.filter(lambda p: len(p) > 2), st.floats(0.3, 1.5), st.floats(0.1, 10))
def test_ratios_under_scaled_angles_and_scaled_pt(triples, narrower, harder):
    """A boost along the jet's axis scales all angles; D2 does not see it, C2 goes with angle^β.

    As long as no two particles come to be half a turn apart: here at most 1.5 · 2 rad.
    """
    pt, places = triples[:, 0], triples[:, 1:]
    before = massless(pt, *places.T)[None]
    after = massless(harder * pt, *(narrower * places).T)[None]
    np.testing.assert_allclose(d2(after), d2(before), rtol=1e-6)
    np.testing.assert_allclose(c2(after, 2.0), c2(before, 2.0) * narrower**2, rtol=1e-6)


def test_a_pair_across_the_seam_of_the_azimuth():
    pair = jet((10, 0, np.pi - 0.1), (10, 0, -np.pi + 0.1))
    np.testing.assert_allclose(energy_correlation(pair, 2, 1.0), 20)


def test_d2_is_smaller_for_tops():
    assert np.median(d2(real())[TOP]) < np.median(d2(real())[~TOP])


def test_empty_jets_have_zero():
    empty = np.zeros((2, 3, 4))
    for order in (1, 2, 3, 4):
        np.testing.assert_array_equal(energy_correlation(empty, order, 1.0), 0)
    np.testing.assert_array_equal(energy_correlation(empty, 2, 1.0, normalise=True), 0)


@pytest.mark.parametrize(("order", "beta"), [(0, 1.0), (5, 1.0), (2, 0.0)])
def test_wrong_arguments_are_refused(order, beta):
    with pytest.raises(ValueError):
        energy_correlation(jet((1, 0, 0)), order, beta)
