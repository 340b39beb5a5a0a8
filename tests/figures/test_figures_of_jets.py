"""The figures of jets: what they show, also of little."""

from string import ascii_lowercase

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters, same_picture
from helpers_tagging import write_tagging
from matplotlib.collections import QuadMesh

from relearn import studies
from relearn.figures import jets, panels
from relearn.studies.inputs import StudyInputs

STUDIES = ("jet_validation", "image_steps", "image_average")
JETS = {"train": 5, "validation": 5, "test": 5}
COLUMNS = {
    "pt": np.linspace(355, 445, 5),
    "eta": np.linspace(-0.9, 0.9, 5),
    "multiplicity": np.arange(3.0, 8),
    "hat_pt": np.linspace(210, 400, 5),
    "gen_pt": np.linspace(360, 450, 5),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Study → its tables, of two datasets of made-up jets of many constituents."""
    folder = tmp_path_factory.mktemp("figures")
    paths = {
        name: write_tagging(
            folder / f"{name}.h5", JETS, 30, counts=30, about={"process": name}, **COLUMNS
        )
        for name in ("tops_low", "tops_high")
    }
    return {
        study: studies.load(study).measure(StudyInputs(pd.DataFrame(), paths)) for study in STUDIES
    }


def only(tables, dataset):
    return {name: table[table["dataset"] == dataset] for name, table in tables.items()}


@pytest.mark.parametrize("study", STUDIES)
def test_same_tables_same_picture(study, made):
    fig = same_picture(study, lambda: made[study])
    assert letters(fig) == ascii_lowercase[: len(letters(fig))]


@pytest.mark.parametrize("study", STUDIES)
def test_one_dataset_is_drawn_without_a_warning(study, made):
    fig = drawn(study, only(made[study], "tops_low"), layout=True)
    assert (
        len(letters(fig)) == {"jet_validation": 11, "image_steps": 10, "image_average": 12}[study]
    )


def test_numbers_of_jets_and_window_are_told(made):
    fig = drawn("jet_validation", made["jet_validation"])
    titles = [part.get_suptitle() for part in fig.subfigs]
    assert titles == [
        f"{name}: 15 top jets and 15 QCD jets, 350–450 GeV" for name in ("tops_low", "tops_high")
    ]


def test_shares_are_those_of_the_table(made):
    tables = only(made["jet_validation"], "tops_low")
    ax = next(
        ax
        for ax in drawn("jet_validation", tables).axes
        if ax.get_title(loc="left").endswith("Shares of jets")
    )
    table = tables[""]
    for name, place in (("merged", 0), ("near_hat_cut", 3)):
        rows = table[(table["quantity"] == name) & (table["kind"] == "truth")]
        bars = [bar.get_width() for bar in ax.patches if abs(bar.get_center()[1] - place) < 0.45]
        np.testing.assert_allclose(sorted(bars), sorted(rows["mean"]))


def test_jets_made_elsewhere_have_no_spectra(made):
    tables = only(made["jet_validation"], "tops_low") | {"spectra": pd.DataFrame()}
    fig = drawn("jet_validation", tables, layout=True)
    assert len(letters(fig)) == 9
    assert fig.subfigs[0].get_suptitle() == "tops_low: 15 top jets and 15 QCD jets"


def test_particle_level_needs_no_legend_of_kinds(made):
    table = made["jet_validation"][""]
    both, one = (jets.handles(t) for t in (table, table[table["kind"] != "tower"]))
    assert [line.get_label() for line in both] == [
        *jets.CLASS_LABELS.values(),
        *jets.KIND_LABELS.values(),
    ]
    assert [line.get_label() for line in one] == list(jets.CLASS_LABELS.values())


def mesh(ax):
    (found,) = (one for one in ax.collections if isinstance(one, QuadMesh))
    return found


def test_pixels_are_drawn_at_their_place(made):
    tables = only(made["image_average"], "tops_low")
    pixels = tables["pixels"]
    fig = drawn("image_average", tables)
    steps = list(dict.fromkeys(pixels["step"]))
    for ax, (side, step) in zip(
        fig.axes, [(side, step) for side in jets.CLASS_LABELS for step in steps], strict=False
    ):
        image = mesh(ax).get_array().filled(0)
        mine = pixels[(pixels["class"] == side) & (pixels["step"] == step)]
        expected = np.zeros((40, 40))
        expected[mine["row"], mine["column"]] = mine["et"]
        np.testing.assert_array_equal(image, expected)
        edges = mesh(ax).get_coordinates()
        # the middle pixel, row and column 20, is around the origin
        np.testing.assert_allclose(edges[20:22, 20:22].mean(axis=(0, 1)), 0, atol=1e-12)


def test_differences_are_tops_less_qcd(made):
    tables = only(made["image_average"], "tops_low")
    fig = drawn("image_average", tables)
    images = [mesh(ax).get_array().filled(0) for ax in fig.axes[:12]]
    for signal, background, difference in zip(images[:4], images[4:8], images[8:], strict=True):
        np.testing.assert_allclose(difference, signal - background, atol=1e-12)


def test_maxima_are_marked_in_every_step(made):
    fig = drawn("image_steps", only(made["image_steps"], "tops_low"))
    maxima = only(made["image_steps"], "tops_low")["maxima"]
    marks = [text for ax in fig.axes for text in ax.texts]
    assert len(marks) == len(maxima)
    places = np.array([text.xy for text in marks])
    np.testing.assert_allclose(places, maxima[["eta", "phi"]])


def test_equal_classes_have_no_difference(made):
    tables = only(made["image_average"], "tops_low")
    pixels = tables["pixels"]
    same = pixels[pixels["class"] == "signal"]
    tables["pixels"] = pd.concat([same, same.assign(**{"class": "background"})])
    fig = drawn("image_average", tables, layout=True)
    assert not mesh(fig.axes[8]).get_array().filled(0).any()


def test_letters_go_on_after_z():
    assert [panels.after(letter) for letter in "ayzA"] == ["b", "z", "A", "B"]
