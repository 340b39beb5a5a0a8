"""Datasets on disk: what is written comes back; what cannot be used is named with its cure."""

import h5py
import numpy as np
import pytest
import torch
from helpers_training import write_momenta, write_muons

from relearn.data import dimuon, hdf5
from relearn.errors import UserError
from relearn.training import tables

CPU = torch.device("cpu")


@pytest.fixture
def dataset(tmp_path):
    return write_muons(tmp_path / "toy.h5", events=(60, 20, 30))


def test_what_is_written_comes_back(dataset):
    for split, count in zip(hdf5.SPLITS, (60, 20, 30), strict=True):
        block = hdf5.read(dataset, split)
        assert block.inputs.shape == (count, 8) and block.inputs.dtype == np.float64
        assert list(block.targets) == list(dimuon.TARGETS)
        for name, expected in dimuon.targets(block.inputs).items():
            np.testing.assert_array_equal(block.targets[name], expected)
    assert list(hdf5.read(dataset, "train", "mass").targets) == ["mass"]


def test_description_comes_back_with_units(dataset):
    described = hdf5.describe(dataset)
    assert described.features == dimuon.FEATURES
    assert described.units == ("GeV",) * 8
    assert described.target_units["mass"] == "GeV" and described.target_units["gamma"] == ""
    assert described.labels == {name: target.label for name, target in dimuon.TARGETS.items()}
    assert (described.kind, described.dataset) == ("dimuon", "toy")


def test_settings_of_the_dataset_are_kept(tmp_path):
    path = write_momenta(tmp_path / "momenta.h5", events=(5, 4, 3))
    expected = {"events": {"train": 5, "validation": 4, "test": 3}}
    assert hdf5.describe(path).settings == expected


def test_failed_writing_leaves_the_former_file(dataset):
    before = dataset.read_bytes()
    block = hdf5.Block(np.zeros((3, 8)), {"mass": np.zeros((3, 1))})
    with pytest.raises(KeyError):  # no unit for the target
        described = hdf5.describe(dataset)
        strange = hdf5.Block(block.inputs, {"charge": np.zeros((3, 1))})
        hdf5.write(dataset, dict.fromkeys(hdf5.SPLITS, strange), described)
    assert dataset.read_bytes() == before
    assert list(dataset.parent.iterdir()) == [dataset], "a temporary file is left"


def set_to(place, row, value):
    def change(file):
        file[place][row] = value

    return change


def replaced(place, values):
    def change(file):
        attributes = dict(file[place].attrs)
        del file[place]
        file[place] = values
        file[place].attrs.update(attributes)

    return change


def removed(*places):
    def change(file):
        for place in places:
            del file[place]

    return change


def without_attribute(place, name):
    def change(file):
        del file[place].attrs[name]

    return change


# What is wrong → what the message must say besides the file and the cure.
BAD = {
    "NaN input": (set_to("train/inputs", 7, np.nan), "train/inputs has 1 events.*row 7"),
    "infinite target": (
        set_to("validation/targets/mass", 3, np.inf),
        "validation/targets/mass has 1 events that are not finite.*row 3",
    ),
    "NaN in the test sample": (set_to("test/targets/pt", 0, np.nan), "test/targets/pt.*row 0"),
    "no split": (removed("validation"), "no /validation, only .*train"),
    "no inputs": (removed("train/inputs"), "no /train/inputs"),
    "no targets": (removed("train/targets"), "no /train/targets"),
    "target in one split only": (removed("test/targets/mass"), "test/targets differ from train"),
    "wanted target nowhere": (
        removed(*(f"{split}/targets/mass" for split in hdf5.SPLITS)),
        "no train/targets/mass, only pt",
    ),
    "empty split": (replaced("train/inputs", np.zeros((0, 8))), r"train/inputs is empty.*\(0, 8\)"),
    "empty target": (replaced("test/targets/mass", np.zeros((30, 0))), "test/targets/mass is emp"),
    "no table": (replaced("train/inputs", np.zeros(60)), r"train/inputs is empty \(shape \(60,"),
    "short target": (replaced("train/targets/mass", np.zeros((59, 1))), "not as long as the inp"),
    "wide target": (
        replaced("validation/targets/mass", np.zeros((20, 2))),
        "validation/targets/mass has 2 columns, not 1",
    ),
    "missing column": (
        replaced("test/inputs", np.zeros((30, 7))),
        "test/inputs has 7 columns, not 8",
    ),
    "no names of features": (without_attribute("train/inputs", "features"), "no dataset of this"),
    "no unit": (without_attribute("train/targets/mass", "unit"), "no dataset of this workflow"),
    "no kind": (without_attribute("/", "kind"), "no dataset of this workflow"),
    "settings that are no JSON": (
        lambda file: file.attrs.__setitem__("settings", "{"),
        "no dataset of this workflow",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_dataset_stops_a_training_before_it_begins(change, message, dataset):
    with h5py.File(dataset, "r+") as file:
        change(file)
    with pytest.raises(UserError, match=message) as caught:
        tables.load(dataset, ["mass"], CPU)
    assert str(dataset) in str(caught.value)
    assert f"Delete it (rm {dataset})" in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999], ids="{:.1%} left".format)
def test_cut_short_file_is_named(share, dataset):
    whole = dataset.read_bytes()
    dataset.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match=f"{dataset} is cut short") as caught:
        hdf5.check(dataset)
    assert f"rm {dataset}" in str(caught.value)


def test_any_flipped_byte_of_the_structure_is_an_error_of_the_user_or_none(dataset):
    """A damaged file never ends in a traceback that names neither file nor cure."""
    write_muons(dataset, events=(3, 2, 2))  # small: most of it is structure
    whole = bytearray(dataset.read_bytes())
    rng = np.random.default_rng(3)
    told = 0
    for place in rng.integers(0, len(whole), 40):
        broken = whole.copy()
        broken[place] ^= 0xFF
        dataset.write_bytes(broken)
        try:
            hdf5.check(dataset)
        except UserError as error:
            told += 1
            assert str(dataset) in str(error)
    assert told > 10


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="absent.h5 does not exist. Run the workflow again"):
        hdf5.read(tmp_path / "absent.h5", "train")


def test_missing_split_or_target_is_named_to_a_study(dataset):
    with pytest.raises(UserError, match="no /train/targets/charge, only .*mass"):
        hdf5.read(dataset, "train", "charge")
    with pytest.raises(UserError, match="no /holdout, only train, validation, test"):
        hdf5.read(dataset, "holdout")


def test_tables_are_standardised_with_the_training_events(dataset):
    wanted = ["pt", "gamma", "mass"]
    loaded = tables.load(dataset, wanted, CPU)
    assert loaded.columns == {"pt": 0, "gamma": 1, "mass": 2}
    assert loaded.inputs.shape == (60, 9) and loaded.validation_inputs.shape == (9, 20)
    for tensor in (loaded.inputs[:, :-1], loaded.targets):
        np.testing.assert_allclose(tensor.double().mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(tensor.double().std(0, correction=0), 1, atol=1e-6)
    assert (loaded.inputs[:, -1] == 1).all() and (loaded.validation_inputs[-1] == 1).all()
    train, validation = (hdf5.read(dataset, split) for split in ("train", "validation"))
    for name, column in loaded.columns.items():
        values = train.targets[name]
        scaled = (validation.targets[name] - values.mean()) / values.std()
        np.testing.assert_allclose(
            loaded.validation_targets[:, column], scaled[:, 0], rtol=1e-5, atol=1e-6
        )
    back = loaded.scaling["inputs"].invert(loaded.validation_inputs[:-1].T.numpy())
    np.testing.assert_allclose(back, validation.inputs, rtol=1e-5, atol=1e-4)


def test_targets_of_several_components_take_several_columns(tmp_path):
    path = write_momenta(tmp_path / "momenta.h5", events=(40, 10, 10))
    loaded = tables.load(path, ["norm_squared", "square", "identity"], CPU)
    assert loaded.columns == {"norm_squared": 0, "square": 1, "identity": 4}
    assert loaded.targets.shape == (40, 7)
    identity = loaded.targets[:, 4:]
    assert torch.allclose(identity, loaded.inputs[:, :3], atol=1e-6)
