"""Jet images: where the energy is after each step, and what no longer matters."""

import sys

import awkward as ak
import numpy as np
import pytest
from helpers_jets import QUICK, jet, particles, real
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import strategies as st

from relearn import kinematics as kin
from relearn.jets.images import CHANNELS, HEIGHT, STEPS, WIDTH, jet_image, transverse_energy

sys.path.insert(0, str(ROOT / "benchmarks"))
from peers import jets_numpy  # noqa: E402

UNCROPPED = STEPS[:3]


def at_pixels(*entries):
    """Massless particles (ET, column, row) in the middle of pixels; together at the origin's."""
    et, column, row = np.array(entries, dtype=float).T
    return jet(*zip(et, (column + 0.5) * WIDTH, (row + 0.5) * HEIGHT, strict=True))


def lit(image):
    """(row, column) → value of the pixels that are not dark, from the middle."""
    middle = image.shape[0] // 2
    return {
        (int(row) - middle, int(column) - middle): pytest.approx(
            float(image[row, column]), rel=1e-5
        )
        for row, column in zip(*np.nonzero(image), strict=True)
    }


def total_et(constituents):
    p4 = ak.to_numpy(ak.flatten(constituents, axis=1))
    return ak.to_numpy(ak.sum(ak.unflatten(transverse_energy(p4), ak.num(constituents)), axis=1))


THREE = at_pixels((100, 0, 0), (50, 3, 0), (20, 0, 4), (1, -1, 0))


def test_without_steps_the_axis_is_in_the_middle():
    image = jet_image(at_pixels((10, 2, 3)), steps=())[0]
    assert image.shape == (96, 96) and lit(image) == {(0, 0): 10}
    pair = jet_image(at_pixels((10, -2, 0), (10, 2, 0)), steps=("crop",))[0]
    assert pair.shape == (40, 40) and lit(pair) == {(0, -2): 10, (0, 2): 10}


def test_centre_brings_the_brightest_pixel_to_the_middle():
    image = jet_image(THREE, steps=("centre", "crop"))[0]
    assert lit(image) == {(0, 0): 100, (0, 3): 50, (4, 0): 20, (0, -1): 1}


def test_a_maximum_outshines_its_neighbours():
    """The pixel beside the brightest is brighter than all others, but no maximum."""
    jets = at_pixels((100, 0, 0), (60, 1, 1), (20, 0, 4))
    assert lit(jet_image(jets, steps=("centre", "rotate"))[0]) == {
        (0, 0): 100,
        (1, 1): 60,
        (4, 0): 20,
    }


def test_rotate_brings_the_second_maximum_to_12_oclock():
    image = jet_image(THREE, steps=("centre", "rotate"))[0]
    # 3 pixels of 0.1 in η are 3.44 pixels of 5° in φ: shared by two
    up = 3 * WIDTH / HEIGHT
    found = lit(image)
    assert found[0, 0] == 100
    assert found[3, 0] == 50 * (4 - up) and found[4, 0] == 50 * (up - 3)
    # the third was above, and is now left
    left = 4 * HEIGHT / WIDTH
    assert found[0, -3] == 20 * (4 - left) and found[0, -4] == 20 * (left - 3)


def test_flip_brings_the_third_maximum_to_the_right():
    turned = jet_image(THREE, steps=("centre", "rotate"))[0]
    flipped = jet_image(THREE, steps=UNCROPPED)[0]
    np.testing.assert_allclose(flipped[:, 1:], turned[:, :0:-1], atol=1e-5)
    assert flipped[48, 51] > 0 and flipped[48, 45] == 0
    mirrored = at_pixels((100, 0, 0), (50, 3, 0), (20, 0, -4), (1, -1, 0))
    np.testing.assert_allclose(jet_image(mirrored, steps=UNCROPPED)[0], flipped, atol=1e-5)


def test_crop_takes_the_middle():
    whole, cropped = jet_image(real(), steps=UNCROPPED), jet_image(real())
    np.testing.assert_array_equal(whole[:, 28:68, 28:68], cropped)


@pytest.mark.parametrize("level", ["pixel", "constituent"])
@pytest.mark.parametrize("steps", [(), ("centre",), ("rotate",), ("centre", "flip"), UNCROPPED])
def test_no_energy_is_lost_before_the_crop(level, steps):
    image = jet_image(real(), steps, level)
    np.testing.assert_allclose(image.sum(axis=(1, 2)), total_et(real()), rtol=1e-5)
    assert (image >= 0).all() and image.dtype == np.float32


def test_real_jets_agree_with_numpy_jet_by_jet():
    for image, p4 in zip(jet_image(real()), real(), strict=True):
        np.testing.assert_allclose(image, jets_numpy.image(ak.to_numpy(p4)), atol=1e-4)


def moved(constituents, pixels_eta, pixels_phi, mirror=1):
    """Shift massless constituents by whole pixels, after a mirror at η = 0."""
    eta = mirror * kin.eta(constituents) + pixels_eta * WIDTH
    phi = kin.phi(constituents) + pixels_phi * HEIGHT
    return kin.from_pt_eta_phi_mass(kin.pt(constituents), eta, phi, 0.0)


def in_the_middle(triples):
    """Constituents in the middle of pixels, so that rounding moves none; each of its own ET."""
    return at_pixels(*zip(triples[:, 0], *np.round(triples[:, 1:] / WIDTH).T, strict=True))


@QUICK
@given(particles, st.integers(-9, 9), st.integers(-36, 36), st.sampled_from([1, -1]))
def test_pixels_do_not_see_shifts_and_reflections(triples, pixels_eta, pixels_phi, mirror):
    jets = in_the_middle(triples)
    before = jet_image(jets, UNCROPPED)
    after = jet_image(moved(jets, pixels_eta, pixels_phi, mirror), UNCROPPED)
    if not to_one_side(jets):
        # nothing to flip by: either side is up to the jet
        flipped = np.zeros_like(before)
        flipped[:, :, 1:] = before[:, :, :0:-1]
        closer = min(np.abs(after - before).max(), np.abs(after - flipped).max())
        assert closer < 1e-3
    else:
        np.testing.assert_allclose(after, before, atol=1e-3)


def to_one_side(jets):
    """Whether there is a third maximum, and beside the line of the first two: by brute force."""
    image = jet_image(jets, ())[0]
    padded = np.pad(image, 1)
    around = [np.roll(padded, (r, c), (0, 1)) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
    rows, columns = np.nonzero((image > np.max(around, axis=0)[1:-1, 1:-1]) & (image > 0))
    if len(rows) < 3:
        return False
    first, second, third = np.argsort(-image[rows, columns])[:3]
    up = rows[second] - rows[first], columns[second] - columns[first]
    right = rows[third] - rows[first], columns[third] - columns[first]
    return up[0] * right[1] != up[1] * right[0]


@QUICK
@given(st.floats(-3, 3), st.floats(-0.5, 0.5), st.floats(-3, 3), st.sampled_from([1, -1]))
def test_constituents_do_not_see_shifts_rotations_and_reflections(angle, eta, phi, mirror):
    rng = np.random.default_rng(4)
    places = rng.multivariate_normal([0, 0], [[0.2, 0.1], [0.1, 0.08]], 40)
    pt = rng.uniform(1, 20, 40)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = (places * [1, mirror]) @ np.array([[cosine, sine], [-sine, cosine]])
    one = jet(*zip(pt, *places.T, strict=True))
    two = jet(*zip(pt, *(turned + [eta, phi]).T, strict=True))
    before, after = (jet_image(source, UNCROPPED, "constituent") for source in (one, two))
    # a constituent that lies on the edge of two pixels may fall into either
    assert (np.abs(after - before) > 1e-3).sum() <= 2


def test_the_long_axis_stands_upright_with_the_brightest_quadrant_to_the_right():
    line = [(10 + k, 0.1 * k, -0.1 * k) for k in range(-8, 9)]
    image = jet_image(jet(*line), UNCROPPED, "constituent")[0]
    rows, columns = np.nonzero(image)
    assert set(columns) <= {47, 48} and np.ptp(rows) >= 20
    blob = jet(*line, (30, 0.5, -0.1))
    image = jet_image(blob, UNCROPPED, "constituent")[0]
    quadrants = [image[48:, 48:], image[48:, :48], image[:48, 48:], image[:48, :48]]
    assert np.argmax([quadrant.sum() for quadrant in quadrants]) == 0


def test_channels():
    charge = np.array([[1, -1, 0, 0]])
    image = jet_image(THREE, ("centre",), channels=CHANNELS, charge=charge)[0]
    expected = {"pt_charged": 150, "pt_neutral": 21, "multiplicity": 4, "multiplicity_charged": 2}
    totals = dict(zip(CHANNELS, image.sum(axis=(1, 2)), strict=True))
    assert totals == {"et": pytest.approx(171, rel=1e-5)} | {
        name: pytest.approx(value, rel=1e-5) for name, value in expected.items()
    }
    np.testing.assert_allclose(image[1] + image[2], image[0], rtol=1e-5)
    assert lit(image[1]) == {(0, 0): 100, (0, 3): 50}


def test_empty_jets_and_jets_of_one():
    jets = np.zeros((2, 3, 4))
    jets[1, 2] = at_pixels((5, 1, 1))[0]
    for level in ("pixel", "constituent"):
        image = jet_image(jets, level=level)
        assert image[0].sum() == 0
        np.testing.assert_allclose(image[1].sum(), 5, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": ("center",)}, "centre, rotate, flip, crop"),
        ({"level": "jet"}, "pixel, constituent"),
        ({"channels": ("red",)}, "pt_charged"),
        ({"channels": ()}, "at least one"),
        ({"channels": ("pt_charged",)}, "charge"),
    ],
)
def test_wrong_arguments_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        jet_image(THREE, **options)
