"""Our datasets in the format of the public reference set, and back."""

import h5py
import numpy as np
import pytest
from helpers_external import settings
from helpers_tagging import OBSERVABLES, write_tagging

import export_dataset
from relearn import kinematics as kin
from relearn.data import export, external, pandasfile, tagfile
from relearn.data.hdf5 import SPLITS
from relearn.errors import UserError

NAMES = {"train": "train.h5", "validation": "val.h5", "test": "test.h5"}
CONSTITUENTS = 7
NUMBER = 6  # of each class, in each split
JETS = dict.fromkeys(SPLITS, NUMBER)
MASSES = np.linspace(165, 180, NUMBER)  # GeV, of the tops


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Jets of 1 to 8 constituents, up to 7 of them stored; a top in every signal jet."""
    path = tmp_path_factory.mktemp("export") / "ours.h5"
    top_pt = {"signal": np.linspace(350, 450, NUMBER), "background": np.zeros(NUMBER)}
    top_mass = {"signal": MASSES, "background": np.zeros(NUMBER)}
    direction = {
        "top_mass": top_mass,
        "top_eta": np.linspace(-1, 1, NUMBER),
        "top_phi": np.linspace(-3, 3, NUMBER),
    }
    return write_tagging(path, JETS, CONSTITUENTS, top_pt=top_pt, **direction)


@pytest.fixture(scope="module")
def exported(dataset):
    folder = dataset.parent / "reference"
    written = export.to_reference(dataset, folder)
    assert written == {folder / name: 2 * NUMBER for name in NAMES.values()}
    return folder


@pytest.mark.parametrize("split", SPLITS)
def test_the_table_is_the_reference_sets(split, dataset, exported):
    ours = tagfile.read(dataset, split, truth=("top_pt", "top_eta", "top_phi"))
    with h5py.File(exported / NAMES[split]) as file:
        columns = pandasfile.columns(file, "table")
        rows = pandasfile.rows(file, columns)
        table = pandasfile.read(file, columns, 0, rows)
    components = ("E", "PX", "PY", "PZ")
    expected = ["index", *(f"{one}_{i}" for i in range(200) for one in components)]
    expected += [f"truth{one}" for one in components] + ["ttv", "is_signal_new"]
    assert list(columns) == expected and rows == len(ours.label)
    p4 = np.stack([[table[f"{one}_{i}"] for one in components] for i in range(200)])
    assert p4.dtype == np.float32
    np.testing.assert_array_equal(p4.transpose(2, 0, 1)[:, :CONSTITUENTS], ours.p4)
    assert not p4[CONSTITUENTS:].any()
    np.testing.assert_array_equal(table["is_signal_new"], ours.label)
    np.testing.assert_array_equal(table["ttv"], {"train": 0, "test": 1, "validation": 2}[split])
    top = np.stack([table[f"truth{one}"] for one in components], axis=1).astype(float)
    signal = ours.label == 1
    np.testing.assert_allclose(kin.pt(top[signal]), ours.truth["top_pt"][signal], rtol=1e-6)
    np.testing.assert_allclose(kin.mass(top[signal]), MASSES, rtol=1e-3)
    assert not top[~signal].any()


def test_there_and_back_bit_for_bit(dataset, exported, tmp_path):
    files = {split: str(exported / name) for split, name in NAMES.items()}
    for jets in (None, JETS):
        wanted = settings("", files=files, constituents=CONSTITUENTS, jets=jets, radius=1.5)
        wanted["observables"] = OBSERVABLES
        external.build(tmp_path / "back.h5", "back", wanted, files)
        tagfile.check(tmp_path / "back.h5")
        for split in SPLITS:
            ours, back = (tagfile.read(p, split) for p in (dataset, tmp_path / "back.h5"))
            assert ours.p4.tobytes() == back.p4.tobytes()
            assert ours.label.tobytes() == back.label.tobytes()
    again = tmp_path / "again"
    export.to_reference(tmp_path / "back.h5", again)
    with h5py.File(exported / "train.h5") as first, h5py.File(again / "train.h5") as second:
        one, two = (file["table/table"]["values_block_0"] for file in (first, second))
        assert one[:, :-4].tobytes() == two[:].tobytes()
        there = [list(pandasfile.columns(file, "table")) for file in (first, second)]
    # whose tops nobody knows any more
    assert [name for name in there[0] if name not in there[1]] == [
        f"truth{one}" for one in ("E", "PX", "PY", "PZ")
    ]


def test_chunks_of_any_size_give_the_same(dataset, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 5)
    export.to_reference(dataset, tmp_path)
    for name in NAMES.values():
        with h5py.File(exported / name) as first, h5py.File(tmp_path / name) as second:
            np.testing.assert_array_equal(first["table/table"][:], second["table/table"][:])
            assert first["table/table"].attrs["NROWS"] == second["table/table"].attrs["NROWS"]


def test_towers(dataset, tmp_path):
    export.to_reference(dataset, tmp_path, kind="tower")
    with h5py.File(tmp_path / "test.h5") as file:
        found = file["table/table"]["values_block_0"][:, : 4 * CONSTITUENTS]
    expected = tagfile.read(dataset, "test", "tower").p4
    np.testing.assert_array_equal(found, expected.reshape(len(expected), -1))


def test_jets_without_constituents_are_left_out(tmp_path):
    counts = {"signal": [3, 0, 2, 1, 0, 4], "background": [0, 2, 2, 2, 2, 2]}
    ours = write_tagging(tmp_path / "ours.h5", JETS, counts=counts, top_eta=np.zeros(NUMBER))
    written = export.to_reference(ours, tmp_path / "reference")
    assert set(written.values()) == {9}
    with h5py.File(tmp_path / "reference/train.h5") as file:
        table = file["table/table"][:]
    p4 = tagfile.read(ours, "train").p4
    there = p4.any(axis=(1, 2))
    np.testing.assert_array_equal(table["values_block_0"][:, :20], p4[there].reshape(9, -1))
    np.testing.assert_array_equal(table["index"], np.arange(9))


def test_what_cannot_be_exported(dataset, tmp_path):
    with pytest.raises(UserError, match="has no pixel jets, only eflow, tower"):
        export.to_reference(dataset, tmp_path, kind="pixel")
    with pytest.raises(UserError, match="does not exist"):
        export.to_reference(tmp_path / "none.h5", tmp_path)
    assert not list(tmp_path.iterdir())


def test_by_hand(dataset, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "reference"
    words = ["export_dataset.py", "--dataset", str(dataset), "--output", str(folder)]
    monkeypatch.setattr("sys.argv", words)
    export_dataset.main()
    assert f"{folder / 'val.h5'}: {2 * NUMBER} jets" in capsys.readouterr().out
