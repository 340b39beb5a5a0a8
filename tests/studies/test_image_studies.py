"""Images step by step and on average, of jets of a few particles."""

import h5py
import numpy as np
import pandas as pd
import pytest
from helpers_jets import jet, real
from helpers_tagging import write_tagging

from relearn.data import tagfile
from relearn.errors import UserError
from relearn.jets.images import HEIGHT, STEPS, WIDTH, jet_image
from relearn.studies import image_average, image_steps, shown
from relearn.studies.inputs import StudyInputs

JETS = {"train": 3, "validation": 3, "test": 3}


def at_pixels(*entries):
    """(n, 4) massless particles (ET, column, row) in the middle of pixels."""
    et, column, row = np.array(entries, dtype=float).T
    return jet(*zip(et, (column + 0.5) * WIDTH, (row + 0.5) * HEIGHT, strict=True))[0]


# the second maximum is at 4 o'clock, the third left of the turned picture
SHOWN = at_pixels((100, 0, 0), (50, 5, -3), (20, 3, 4))
# the second is at 12 o'clock already, the third on the right
UPRIGHT = at_pixels((100, 0, 0), (50, 0, 5), (20, 4, 0))
PAIR = at_pixels((100, 0, 0), (50, 5, -3))
# all in one line, so that rounding would say where the third is; a fourth is right of it
IN_LINE = at_pixels((100, 0, 0), (50, 3, -5), (20, -3, 5), (1, -8, -1))


def dataset(tmp_path, signal, background, **columns):
    """A dataset whose test jets of either class, energy flow and towers, are these."""
    path = write_tagging(
        tmp_path / "toy.h5",
        JETS,
        **{"sd_mass": np.full(3, 172.0), "merged": np.ones(3, bool), "mass": np.full(3, 50.0)}
        | columns,
    )
    with h5py.File(path, "r+") as file:
        for kind in ("eflow", "tower"):
            p4 = np.zeros_like(file[f"test/{kind}/p4"])
            for first, jets in enumerate((signal, background)):
                for n, one in enumerate(jets):
                    p4[first + 2 * n, : len(one)] = one
            file[f"test/{kind}/p4"][...] = p4
    return path


def measured(study, path, **options):
    return study.measure(StudyInputs(pd.DataFrame(), {"toy": path}, options))


def image_of(pixels, size, step):
    """The picture that the rows of a table stand for."""
    image = np.zeros((size, size))
    image[pixels["row"], pixels["column"]] = pixels["et"]
    return image


# --- step by step ---------------------------------------------------------------------


def test_maxima_are_found_where_they_are():
    image = jet_image(SHOWN[None], ("centre",))[0]
    found = shown.three_maxima(image)
    expected = np.array([(0, 0), (5, -3), (3, 4)]) * (WIDTH, HEIGHT)
    np.testing.assert_allclose(found, expected)
    beside = at_pixels((100, 0, 0), (60, 1, 1), (20, 0, 4))
    places = shown.three_maxima(jet_image(beside[None], ("centre",))[0])
    np.testing.assert_allclose(places, [(0, 0), (0, 4 * HEIGHT)], err_msg="a neighbour is none")


@pytest.mark.parametrize("steps", [STEPS[:n] for n in range(4)])
def test_maxima_are_followed_to_where_the_image_has_them(steps):
    places = shown.three_maxima(jet_image(SHOWN[None], ())[0])
    image = jet_image(SHOWN[None], steps)[0]
    row, column = np.nonzero(image)
    angles = (np.stack([column, row], axis=1) - 48) * (WIDTH, HEIGHT)
    # the maxima are far apart: each takes its own pixels, whose centroid keeps its place
    for place, et in zip(shown.follow(places, steps), (100, 50, 20), strict=True):
        near = np.linalg.norm(angles - place, axis=1) < 0.2
        light = image[row[near], column[near]]
        assert light.sum() == pytest.approx(et, rel=1e-5)
        np.testing.assert_allclose(
            np.average(angles[near], axis=0, weights=light), place, atol=1e-6
        )


def test_a_third_maximum_in_line_flips_neither_the_image_nor_the_marks():
    assert (jet_image(IN_LINE[None], STEPS[:2]) == jet_image(IN_LINE[None], STEPS[:3])).all()
    places = shown.three_maxima(jet_image(IN_LINE[None], ())[0])
    turned, flipped = (shown.follow(places, STEPS[:n]) for n in (2, 3))
    np.testing.assert_array_equal(turned, flipped)


def test_each_step_does_what_it_says():
    places = shown.three_maxima(jet_image(SHOWN[None], ())[0])
    centred, turned, flipped = (shown.follow(places, STEPS[:n]) for n in (1, 2, 3))
    np.testing.assert_allclose(centred[0], 0)
    np.testing.assert_allclose(turned[1], [0, np.linalg.norm(centred[1])], atol=1e-12)
    assert turned[2, 0] < 0
    np.testing.assert_allclose(flipped, turned * [-1, 1])
    for n in (0, 1, 2):
        assert len(shown.follow(places[:n], STEPS)) == n, "nothing to go by"


def test_the_jet_that_shows_most_comes_first(tmp_path):
    path = dataset(tmp_path, [PAIR, UPRIGHT, SHOWN], [UPRIGHT, SHOWN, PAIR])
    for number, expected in enumerate((SHOWN, UPRIGHT, PAIR)):
        for found in shown.choose(path, "tower", number).values():
            np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-6)
            assert not found[len(expected) :].any()


def test_a_usual_jet_comes_before_one_that_shows_a_step_more(tmp_path):
    path = dataset(
        tmp_path,
        [SHOWN, UPRIGHT, SHOWN],
        [SHOWN, UPRIGHT, SHOWN],
        sd_mass=np.array([90.0, 172, 172]),
        merged=np.array([True, True, False]),
        mass=np.array([90.0, 50, 10]),
    )
    for found in shown.choose(path, "tower", 0).values():
        np.testing.assert_allclose(found[:3], UPRIGHT, rtol=1e-6)


def test_a_jet_without_a_partner_is_never_chosen(tmp_path):
    path = dataset(
        tmp_path, [SHOWN, PAIR, PAIR], [SHOWN, PAIR, PAIR], found=np.array([False, True, True])
    )
    for found in shown.choose(path, "tower", 0).values():
        np.testing.assert_allclose(found[:2], PAIR, rtol=1e-6)
    with pytest.raises(UserError, match="no test jet 2 of the signal, only 2.*options.jet"):
        shown.choose(path, "tower", 2)


def test_tables_are_the_images(tmp_path):
    tables = measured(image_steps, dataset(tmp_path, [SHOWN] * 3, [UPRIGHT] * 3))
    table, pixels, maxima = tables[""], tables["pixels"], tables["maxima"]
    np.testing.assert_allclose(table["et"], 170, rtol=1e-6)
    for (side, step), one in pixels.groupby(["class", "step"]):
        steps = () if step == "raw" else STEPS[: STEPS.index(step) + 1]
        expected = jet_image({"signal": SHOWN, "background": UPRIGHT}[side][None], steps)[0]
        np.testing.assert_allclose(image_of(one, len(expected), step), expected, rtol=1e-5)
        middle = one[(one["eta"] == 0) & (one["phi"] == 0)]
        assert (middle[["row", "column"]] == len(expected) // 2).all(axis=None)
        assert ((maxima["class"] == side) & (maxima["step"] == step)).sum() == 3
    assert list(dict.fromkeys(table["step"])) == ["raw", *STEPS]


# --- on average -----------------------------------------------------------------------


def test_the_average_is_the_mean_of_the_images(monkeypatch):
    jets = np.zeros((24, 200, 4))
    for n, one in enumerate(real()):
        jets[n, : len(one)] = one
    weight = np.linspace(0.5, 2, len(jets)).astype(np.float32)
    whole = image_average.average(jets, weight, STEPS[:3])
    expected = np.average(jet_image(jets), axis=0, weights=weight)
    np.testing.assert_allclose(whole[0], expected, rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(image_average, "AT_ONCE", 7)
    parts = image_average.average(jets, weight, STEPS[:3])
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-6)
    assert parts[1] == pytest.approx(whole[1], rel=1e-6)


@pytest.mark.parametrize("twice", [False, True])
def test_numbers_of_an_average(twice):
    # 4 pixels of 0.1 aside, and one that the crop of ±20 pixels cuts off
    one = at_pixels((100, 0, 0), (50, 4, 0), (10, 25, 0))
    other = at_pixels((100, 0, 0))
    jets = np.zeros((2, 3, 4))
    jets[0], jets[1, :1] = one, other
    weight = np.ones(2)
    if twice:  # a jet of weight 2 is two jets
        jets, weight = np.concatenate([jets, jets[:1]]), np.array([0.5, 2, 1.5])
    image, numbers = image_average.average(jets, weight, ("centre",))
    assert numbers["et"] == pytest.approx(130) and numbers["lit"] == 1.5
    assert numbers["outside"] == pytest.approx(10 / 260)
    assert numbers["middle"] == pytest.approx(200 / 250)
    assert numbers["distance"] == pytest.approx(50 * 0.4 / 250)
    assert image[20, 20] == pytest.approx(100) and image[20, 24] == pytest.approx(25)


def test_as_many_jets_as_asked_for_of_each_class(tmp_path):
    path = dataset(tmp_path, [SHOWN, SHOWN, PAIR], [UPRIGHT, UPRIGHT, PAIR])
    tables = measured(image_average, path, jets=2)
    assert (tables[""]["jets"] == 2).all()
    pixels = tables["pixels"]
    for side, one in (("signal", SHOWN), ("background", UPRIGHT)):
        found = pixels[(pixels["class"] == side) & (pixels["step"] == "flip")]
        expected = jet_image(one[None])[0]
        np.testing.assert_allclose(image_of(found, 40, "flip"), expected, rtol=1e-4)
    assert (measured(image_average, path)[""]["jets"] == 3).all(), "as many as there are"


def test_jets_without_a_partner_are_left_out(tmp_path):
    path = dataset(tmp_path, [PAIR] * 3, [PAIR] * 3, tower__found=np.array([True, False, True]))
    assert (measured(image_average, path)[""]["jets"] == 2).all()
    assert (measured(image_average, path, kind="eflow")[""]["jets"] == 3).all()


def test_a_dataset_without_towers_names_them(tmp_path):
    path = write_tagging(tmp_path / "toy.h5", JETS, kinds=("eflow",))
    assert tagfile.describe(path).kinds == ("eflow",)
    for study in (image_steps, image_average):
        with pytest.raises(UserError, match="no /test/tower"):
            measured(study, path)
