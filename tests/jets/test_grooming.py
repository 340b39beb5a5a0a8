"""Soft drop against fastjet's own Cambridge/Aachen history, and by hand."""

import awkward as ak
import numpy as np
import pytest
from helpers_jets import four, jet, massless, members, real, sequence

from relearn import kinematics as kin
from relearn.jets.clustering import take
from relearn.jets.grooming import soft_drop


def by_fastjet(p4, z_cut, beta, radius):
    """Walk down fastjet's history; z, ΔR, number dropped, four-vector, members."""
    clustered = sequence(p4)
    (node,) = clustered.inclusive_jets()
    dropped = 0
    while True:
        one, two = type(node)(), type(node)()
        if not node.has_parents(one, two):
            return 0.0, 0.0, dropped, four(node), members(node)
        hard, soft = (one, two) if one.pt() > two.pt() else (two, one)
        z, distance = soft.pt() / (soft.pt() + hard.pt()), one.delta_R(two)
        if z > z_cut * (distance / radius) ** beta:
            return z, distance, dropped, four(node), members(node)
        node, dropped = hard, dropped + 1


@pytest.mark.parametrize(("z_cut", "beta"), [(0.1, 0.0), (0.2, 1.0), (0.1, 2.0), (0.3, -0.5)])
def test_groomed_jets_are_those_of_the_history(z_cut, beta):
    source = real()
    found = soft_drop(source, z_cut, beta, 1.5)
    for mine, p4 in zip(found, source, strict=True):
        z, distance, dropped, groomed, kept = by_fastjet(p4, z_cut, beta, 1.5)
        np.testing.assert_allclose([mine.z, mine.delta_r], [z, distance], rtol=1e-9)
        np.testing.assert_allclose(mine.p4, groomed, rtol=1e-10)
        assert mine.dropped == dropped
        assert mine.constituents.to_list() == kept
    assert ak.any(found.dropped > 0)


def test_two_particles_in_closed_form():
    """z = 0.2 at ΔR = 0.5 passes exactly for z_cut (ΔR/R0)^β below 0.2."""
    pair = jet((80, 0, 0), (20, 0.3, 0.4))
    for z_cut, beta, passes in [
        (0.19, 0, True),
        (0.21, 0, False),
        (0.39, 1, True),
        (0.41, 1, False),
    ]:
        found = soft_drop(pair, z_cut, beta, radius=1.0)[0]
        if passes:
            np.testing.assert_allclose([found.z, found.delta_r], [0.2, 0.5])
            assert found.dropped == 0 and found.constituents.to_list() == [0, 1]
        else:
            assert found.constituents.to_list() == [0] and found.dropped == 1
            assert found.z == found.delta_r == 0
            np.testing.assert_allclose(found.p4, pair[0, 0])


def test_soft_wide_radiation_goes_and_the_mass_is_that_of_the_core():
    core = jet((200, 0, 0), (150, 0.3, 0.2))
    dirty = np.concatenate([core, jet((3, 1.0, -0.8), (2, -0.9, 1.0))], axis=1)
    found = soft_drop(dirty, 0.1, 0.0)
    assert found.constituents.to_list() == [[0, 1]]
    mass = np.sqrt(2 * 200 * 150 * (np.cosh(0.3) - np.cos(0.2)))
    np.testing.assert_allclose(kin.mass(found.p4), mass)
    assert found.dropped[0] in (1, 2)


def test_without_a_cut_nothing_goes():
    found = soft_drop(real(), 0.0, 0.0)
    assert not ak.any(found.dropped)
    np.testing.assert_allclose(found.p4, ak.sum(real(), axis=1), rtol=1e-10)


def test_the_members_add_up_to_the_groomed_jet():
    source = real()
    found = soft_drop(source)
    np.testing.assert_allclose(
        ak.sum(take(source, found.constituents), axis=1), found.p4, rtol=1e-10
    )


def test_one_particle_and_none():
    jets = np.zeros((2, 3, 4))
    jets[0, 1] = massless(30.0, 0.1, 0.2)
    found = soft_drop(jets)
    assert found.constituents.to_list() == [[1], []]
    np.testing.assert_allclose(found.p4, [jets[0, 1], np.zeros(4)])


def test_a_collinear_pair_counts_as_one_branch():
    whole = soft_drop(jet((100, 0, 0), (50, 0.4, 0)), 0.1, 1.0)
    split = soft_drop(jet((60, 0, 0), (50, 0.4, 0), (40, 0, 0)), 0.1, 1.0)
    np.testing.assert_allclose(split.z, whole.z)
    np.testing.assert_allclose(split.p4, whole.p4)


@pytest.mark.parametrize("options", [{"z_cut": -0.1}, {"radius": 0.0}])
def test_wrong_arguments_are_refused(options):
    with pytest.raises(ValueError, match="must"):
        soft_drop(jet((1, 0, 0)), **options)
