"""Datasets for taggers: what is built comes back; what cannot be used is named with its cure."""

import json
import shutil
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pytest
from helpers_tagging import (
    NAMES,
    ORIGIN,
    SAMPLES,
    SMALL,
    WINDOW,
    files,
    four_vectors,
    make_jets,
    settings,
    write_jets,
    write_parts,
    write_tagging,
)

from relearn.data import hdf5, jetfile, tagfile, tagging
from relearn.data.jets import SPECTRUM_EDGES
from relearn.errors import UserError

SIDES = ("signal", "background")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A dataset of two files a split, and the jets in it."""
    folder = tmp_path_factory.mktemp("built")
    jets = write_parts(folder, parts=2)
    tagging.build(folder / "toy.h5", "toy", settings(), files(folder))
    return folder / "toy.h5", jets


@pytest.fixture
def dataset(built, tmp_path):
    """A copy that a test may spoil."""
    return Path(shutil.copy(built[0], tmp_path))


@pytest.mark.parametrize("kind", tagging.KINDS)
@pytest.mark.parametrize("split", hdf5.SPLITS)
def test_what_is_built_comes_back_class_by_class(kind, split, built):
    path, jets = built
    block = tagfile.read(
        path, split, kind, ("p4", "features"), NAMES, tagging.QUALITY, tagging.TRUTH
    )
    assert block.p4.dtype == np.float32 and len(block.label) == 2 * SMALL[split]
    for first, side in enumerate(SIDES):
        mine, rows = jets[side, split], slice(first, None, 2)
        assert (block.label[rows] == (side == "signal")).all()
        p4 = four_vectors(mine, kind)[:, :5]
        for got, expected in zip(block.p4[rows], p4, strict=True):
            np.testing.assert_allclose(got[: len(expected)], expected, rtol=1e-5, atol=1e-4)
            assert not got[len(expected) :].any()
        for name, values in block.observables.items():
            np.testing.assert_allclose(values[rows], mine[kind][name], rtol=1e-6)
        for name, values in block.truth.items():
            np.testing.assert_allclose(values[rows], mine.truth[name], rtol=1e-6)
        for name in ("found", "passes", "lost", "lost_pt"):
            np.testing.assert_allclose(block.quality[name][rows], mine[kind][name])
        for i, name in enumerate(tagging.FEATURES):
            padded = ak.fill_none(ak.pad_none(mine[kind].constituents[name], 5, clip=True), 0)
            np.testing.assert_allclose(block.features[rows, :, i], padded, rtol=1e-6)


def test_only_what_is_asked_for_is_read(built):
    path, _ = built
    block = tagfile.read(path, "test", columns=(), truth=("hat_pt",))
    assert block.p4 is None and block.features is None and not block.observables
    assert list(block.truth) == ["hat_pt"]
    whole = tagfile.read(path, "test")
    some = tagfile.read(path, "test", rows=slice(2, 5))
    np.testing.assert_array_equal(some.p4, whole.p4[2:5])
    np.testing.assert_array_equal(some.label, [1, 0, 1])
    with pytest.raises(ValueError, match="p5"):
        tagfile.read(path, "test", columns=("p5",))


def test_description_says_what_there_is(built):
    path, _ = built
    described = tagfile.describe(path)
    assert described.kinds == tagging.KINDS and described.features == tagging.FEATURES
    assert described.observables == tuple(NAMES)
    assert (described.quality, described.truth) == (tagging.QUALITY, tagging.TRUTH)
    assert described.jets == {split: 2 * count for split, count in SMALL.items()}
    assert described.shapes["eflow/p4"] == (5, 4)
    assert described.settings == settings() and described.dataset == "toy"
    assert described.selection == dict.fromkeys(SIDES, WINDOW)
    assert described.origin == {side: ORIGIN | {"process": SAMPLES[side]} for side in SIDES}


def test_spectra_are_summed_over_all_files(built):
    path, _ = built
    one = np.array(jetfile.about(files(path.parent)[0])["spectrum"])
    for side in SIDES:
        found = tagfile.describe(path).spectra[side]
        assert found.events == 600
        np.testing.assert_array_equal(found.leading, 6 * one)
        np.testing.assert_array_equal(found.edges, SPECTRUM_EDGES)
        assert found.hat.sum() == 6 * 40


def test_the_split_is_by_part_and_more_jets_move_none(tmp_path):
    jets = write_parts(tmp_path, parts=2)
    fewer = {split: count - 1 for split, count in SMALL.items()}
    tagging.build(tmp_path / "few.h5", "few", settings(fewer), files(tmp_path))
    tagging.build(tmp_path / "all.h5", "all", settings(), files(tmp_path))
    for split in hdf5.SPLITS:
        few, every = (tagfile.read(tmp_path / f"{name}.h5", split) for name in ("few", "all"))
        np.testing.assert_array_equal(few.p4, every.p4[:-2])
    assert len(jets) == 6


def test_particle_level_has_no_towers(tmp_path):
    path = write_tagging(tmp_path / "toy.h5", kinds=("eflow",))
    assert tagfile.describe(path).kinds == ("eflow",)
    tagfile.check(path)
    with pytest.raises(UserError, match="no /test/tower/p4"):
        tagfile.read(path, "test", "tower")


def test_files_without_jets_are_passed_over(tmp_path):
    write_parts(tmp_path)
    write_jets(tmp_path, "signal", "train-0001", make_jets(3, seed=99))
    write_jets(tmp_path, "signal", "train-0000", make_jets(0))
    with pytest.raises(UserError) as caught:
        tagging.build(tmp_path / "toy.h5", "toy", settings(), files(tmp_path))
    for text in (
        "datasets.toy.jets.train, signal tops: 6 jets are wanted",
        "2 files with 200 events give 3 (0.0150 for each)",
        "selected_per_event: 0.0150",
        "make yields",
    ):
        assert text in str(caught.value)
    assert not (tmp_path / "toy.h5").exists()
    few = settings(SMALL | {"train": 3})
    tagging.build(tmp_path / "toy.h5", "toy", few, files(tmp_path))
    assert tagfile.describe(tmp_path / "toy.h5").jets["train"] == 6


def test_a_sound_dataset_passes(dataset):
    tagfile.check(dataset)


def test_distances_to_nothing_are_sound(tmp_path):
    path = write_tagging(
        tmp_path / "toy.h5",
        {"train": 3, "validation": 3, "test": 3},
        top_delta_r=np.full(3, np.inf),
    )
    tagfile.check(path)
    assert np.isinf(tagfile.read(path, "test", truth=["top_delta_r"]).truth["top_delta_r"]).all()


def set_to(place, row, value):
    def change(file):
        values = file[place][...]
        values[row] = value
        file[place][...] = values

    return change


def replaced(place, cut):
    """Keep a part of a column only: `cut` is an index."""

    def change(file):
        values, attributes = file[place][...], dict(file[place].attrs)
        del file[place]
        file[place] = values[cut]
        file[place].attrs.update(attributes)

    return change


def removed(place):
    def change(file):
        del file[place]

    return change


# What is wrong → the message besides the file and the cure.
BAD = {
    "NaN": (
        set_to("test/eflow/p4", (7, 1, 2), np.nan),
        "test/eflow/p4 has 1 jets that are not finite, the first in row 7",
    ),
    "infinite feature": (
        set_to("train/tower/features", (slice(2, 4), 0, 2), np.inf),
        "train/tower/features has 2 jets.*row 2",
    ),
    "NaN observable": (set_to("test/eflow/observables", (3, 5), np.nan), "observables.*row 3"),
    "NaN weight": (set_to("validation/weight", 0, np.nan), "validation/weight has 1 jets"),
    "NaN in the truth": (set_to("train/truth", (4, 3), np.nan), "train/truth has 1 jets.*row 4"),
    "one class": (
        set_to("validation/label", slice(None), 0.0),
        "validation/label: all 8 jets are background; a tagger needs both",
    ),
    "strange label": (set_to("test/label", 2, 0.5), "test/label has values other than 0 and 1"),
    "empty split": (replaced("test/label", slice(0)), "test/label is empty"),
    "no split": (removed("validation"), "no /validation/label, only test, train"),
    "no label": (removed("train/label"), "no /train/label"),
    "no weight": (removed("test/weight"), "no /test/weight"),
    "column in one split only": (removed("test/tower/p4"), "no /test/tower/p4"),
    "short column": (
        replaced("train/eflow/features", slice(-1)),
        "train/eflow/features has 11 rows for 12 jets",
    ),
    "fewer constituents": (
        replaced("test/eflow/p4", (slice(None), slice(4))),
        r"a jet's test/eflow/p4 has the shape \(4, 4\), in train \(5, 4\)",
    ),
    "no jets": (
        lambda file: [file["train"].pop(kind) for kind in tagging.KINDS],
        "holds no jets, but label",
    ),
    "no name": (lambda file: file.attrs.pop("dataset"), "no dataset of this workflow"),
    "settings that are no JSON": (
        lambda file: file.attrs.__setitem__("settings", "{"),
        "no dataset of this workflow",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_dataset_is_named(change, message, dataset):
    with h5py.File(dataset, "r+") as file:
        change(file)
    with pytest.raises(UserError, match=message) as caught:
        tagfile.check(dataset)
    assert str(dataset) in str(caught.value)
    if "holds no jets" not in message:
        assert f"Delete it (rm {dataset})" in str(caught.value)


def test_reading_stops_at_what_it_reads(dataset):
    with h5py.File(dataset, "r+") as file:
        set_to("test/eflow/p4", (7, 1, 2), np.nan)(file)
        set_to("validation/label", slice(None), 1.0)(file)
    assert tagfile.read(dataset, "test", "tower").p4.shape == (10, 5, 4)
    with pytest.raises(UserError, match="test/eflow/p4 has 1 jets.*row 7"):
        tagfile.read(dataset, "test")
    with pytest.raises(UserError, match="all 8 jets are signal"):
        tagfile.read(dataset, "validation", columns=())


def test_missing_column_is_named_with_those_there_are(dataset):
    message = "eflow/observables has no charm, only pt, eta.*: take one.*`observables` in the"
    with pytest.raises(UserError, match=message) as caught:
        tagfile.read(dataset, "test", observables=("mass", "charm"))
    assert "Delete" not in str(caught.value), "the file is whole, and would come out the same"
    with pytest.raises(UserError, match="test/truth has no b_pt, only top_pt.*of kind tagging"):
        tagfile.read(dataset, "test", truth=("b_pt",))
    with h5py.File(dataset, "r+") as file:
        del file["test/eflow/quality"], file["test/eflow/observables"]
    with pytest.raises(UserError, match="eflow/quality has no found, only nothing: .*kind tagging"):
        tagfile.read(dataset, "test", quality=("found",))
    with pytest.raises(UserError, match="no /test/eflow/observables.*Delete it"):
        tagfile.read(dataset, "test", observables=("mass",))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999], ids="{:.1%} left".format)
def test_cut_short_file_is_named(share, dataset):
    whole = dataset.read_bytes()
    dataset.write_bytes(whole[: int(share * len(whole))])
    for use in (tagfile.check, tagfile.describe, lambda path: tagfile.read(path, "train")):
        with pytest.raises(UserError, match=f"{dataset} is cut short") as caught:
            use(dataset)
        assert f"rm {dataset}" in str(caught.value)


def test_a_dataset_of_muons_is_none_of_jets(tmp_path):
    from helpers_training import write_muons

    path = write_muons(tmp_path / "muons.h5", events=(6, 5, 5))
    with pytest.raises(UserError, match="holds no jets, but inputs, targets"):
        tagfile.describe(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="absent.h5 does not exist. Run the workflow again"):
        tagfile.read(tmp_path / "absent.h5", "train")


def test_large_values_are_finite_though_their_sum_is_not(dataset):
    with h5py.File(dataset, "r+") as file:
        file["train/eflow/p4"][...] = 3e38
    assert np.isfinite(tagfile.read(dataset, "train").p4).all()


def test_settings_are_those_of_the_config(dataset):
    from relearn.configdata import Tagging

    with h5py.File(dataset) as file:
        assert Tagging.model_validate(json.loads(file.attrs["settings"]))
