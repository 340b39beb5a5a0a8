"""Shapes in closed form."""

import awkward as ak
import numpy as np
import pytest
from helpers_jets import TOP, jet, real

from relearn import kinematics as kin
from relearn.jets import shapes

PAIR = jet((80, 0, 0), (20, 0.3, 0.4))


def test_mass_and_multiplicity():
    expected = np.sqrt(2 * 80 * 20 * (np.cosh(0.3) - np.cos(0.4)))
    np.testing.assert_allclose(shapes.mass(PAIR), expected)
    np.testing.assert_array_equal(shapes.multiplicity(PAIR), 2)
    np.testing.assert_allclose(shapes.mass(real()), kin.mass(ak.to_numpy(ak.sum(real(), axis=1))))


def test_girth():
    """A symmetric pair at ±a in azimuth: both at ΔR = a from the axis."""
    np.testing.assert_allclose(shapes.girth(jet((50, 0.2, 0.3), (50, 0.2, -0.3))), 0.3)
    axis = PAIR.sum(axis=1)
    apart = np.hypot(kin.rapidity(PAIR) - kin.rapidity(axis), kin.delta_phi(PAIR, axis[:, None]))
    np.testing.assert_allclose(shapes.girth(PAIR), (np.array([0.8, 0.2]) * apart).sum())
    along_the_beam = np.concatenate([PAIR, [[[10.0, 0, 0, 10]]]], axis=1)
    assert np.isfinite(shapes.girth(along_the_beam)).all()


def test_momentum_dispersion_and_eventropy():
    np.testing.assert_allclose(shapes.momentum_dispersion(PAIR), np.hypot(0.8, 0.2))
    np.testing.assert_allclose(shapes.eventropy(PAIR), -0.8 * np.log(0.8) - 0.2 * np.log(0.2))
    equal = jet(*[(7, 0.1 * k, 0) for k in range(5)])
    np.testing.assert_allclose(shapes.momentum_dispersion(equal), 1 / np.sqrt(5))
    np.testing.assert_allclose(shapes.eventropy(equal), np.log(5))


@pytest.mark.parametrize("kappa", [0.3, 0.5, 1.0])
def test_jet_charge(kappa):
    expected = (80**kappa - 20**kappa) / 100**kappa
    np.testing.assert_allclose(shapes.jet_charge(PAIR, [[1, -1]], kappa), expected)


def test_tracks():
    triple = jet((80, 0, 0), (20, 0.3, 0.4), (500, -0.5, 0))
    charge = np.array([[1, -1, 0]])
    np.testing.assert_array_equal(shapes.track_multiplicity(triple, charge), 2)
    np.testing.assert_allclose(shapes.track_mass(triple, charge), shapes.mass(PAIR))


def test_charges_of_padded_and_jagged_jets_find_their_constituents():
    padded = np.zeros((2, 3, 4))
    padded[0, 1], padded[1, :2] = PAIR[0, 0], PAIR[0]
    charge = np.array([[5, 1, 5], [0, -1, 5]])
    np.testing.assert_allclose(shapes.jet_charge(padded, charge, 1.0), [1, -0.2])
    jagged = ak.Array([[PAIR[0, 0].tolist()], PAIR[0].tolist()])
    np.testing.assert_allclose(shapes.jet_charge(jagged, ak.Array([[1], [0, -1]]), 1.0), [1, -0.2])
    with pytest.raises(ValueError, match="fewer values"):
        shapes.jet_charge(jagged, ak.Array([[1], [0]]))
    with pytest.raises(ValueError, match="of 1 jets"):
        shapes.jet_charge(jagged, ak.Array([[1]]))


def test_c_parameter():
    directions = {
        0.0: [[1, 0, 0], [1, 0, 0]],
        0.75: [[1, 0, 0], [0, 1, 0]],  # Y = diag(1, 1, 0)
        1.0: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    }
    for expected, vectors in directions.items():
        p4 = np.concatenate([np.ones((len(vectors), 1)), vectors], axis=1)[None] * 30.0
        np.testing.assert_allclose(shapes.c_parameter(p4), expected, atol=1e-12)


def test_tops_are_heavier_and_wider():
    for shape in (shapes.mass, shapes.girth, shapes.c_parameter):
        assert np.median(shape(real())[TOP]) > np.median(shape(real())[~TOP])


def test_empty_jets_have_zero():
    empty = np.zeros((2, 3, 4))
    for shape in (shapes.mass, shapes.multiplicity, shapes.girth, shapes.momentum_dispersion,
                  shapes.eventropy, shapes.c_parameter):  # fmt: skip
        np.testing.assert_array_equal(shape(empty), 0)
    np.testing.assert_array_equal(shapes.jet_charge(empty, np.zeros((2, 3))), 0)
