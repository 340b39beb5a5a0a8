"""Jets made elsewhere become a dataset for taggers; what cannot be used is named."""

import h5py
import numpy as np
import pandas as pd
import pytest
from helpers_external import (
    ARRAY,
    COUNTS,
    FILES,
    LABELS,
    LISTS,
    four_vectors,
    lists,
    reference,
    settings,
    write_hdf5,
    write_lists,
    write_parquet,
    write_root,
)

from relearn import kinematics as kin
from relearn import observablenames
from relearn.configobservables import Observables
from relearn.data import external, jettables, tagfile, tagging
from relearn.data.hdf5 import SPLITS
from relearn.errors import UserError

P4 = four_vectors()
HOW = Observables().model_dump()
NAMES = observablenames.names(HOW)
# signal and background in turns, each in the order of the file
ROWS = [1, 0, 2, 3, 4, 5]


def build(path, source, **changed):
    wanted = settings(source, **changed)
    external.build(path, "others", wanted | {"observables": HOW}, wanted["files"])
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return build(tmp_path_factory.mktemp("external") / "others.h5", FILES / "pandas_table.h5")


def test_four_vectors_and_labels_are_those_of_the_file(dataset):
    for split in SPLITS:
        block = tagfile.read(dataset, split)
        np.testing.assert_array_equal(block.p4, P4[ROWS][:, :4])
        np.testing.assert_array_equal(block.label, np.array(LABELS)[ROWS])
        np.testing.assert_array_equal(block.label, [1, 0, 1, 0, 1, 0])
        np.testing.assert_array_equal(block.weight, 1)


def test_observables_are_of_all_constituents(dataset):
    names = ("pt", "mass", "multiplicity", "girth", "tau1_b1", "track_multiplicity")
    found = tagfile.read(dataset, "train", observables=names).observables
    total = P4.astype(float).sum(axis=1)[ROWS]
    np.testing.assert_allclose(found["pt"], kin.pt(total), rtol=1e-6)
    np.testing.assert_allclose(found["mass"], kin.mass(total), rtol=1e-5)
    np.testing.assert_array_equal(found["multiplicity"], np.array(COUNTS)[ROWS])
    np.testing.assert_array_equal(found["track_multiplicity"], 0)  # no charge is known
    assert np.all(found["girth"] > 0) and np.all(found["tau1_b1"] > 0)


def test_the_layout_is_that_of_our_own_datasets(dataset):
    tagfile.check(dataset)
    about = tagfile.describe(dataset)
    assert about.shapes == tagging.Columns.of(["eflow"], 4, NAMES).shapes
    assert about.kinds == ("eflow",) and about.observables == tuple(NAMES)
    assert about.features == tagging.FEATURES and about.truth == tagging.TRUTH
    assert about.jets == dict.fromkeys(SPLITS, 6) and not about.spectra and not about.selection
    with h5py.File(dataset) as file:
        assert file.attrs["kind"] == "external" and file.attrs["dataset"] == "others"
        assert not file["train/eflow/features"][:].any()


def test_what_is_unknown(dataset):
    block = tagfile.read(
        dataset,
        "test",
        truth=("top_pt", "top_delta_r", "merged"),
        quality=("found", "lost"),
    )
    assert np.isinf(block.truth["top_delta_r"]).all()
    for values in (block.truth["top_pt"], block.truth["merged"], block.quality["lost"]):
        assert not values.any()
    np.testing.assert_array_equal(block.quality["found"], 1)


FORMS = {
    "fixed": (lambda folder: FILES / "pandas_fixed.h5", {}),
    "hdf5": (lambda folder: write_hdf5(folder / "jets.h5", reference()), {}),
    "parquet": (lambda folder: write_parquet(folder / "jets.parquet", reference()), {}),
    "root": (lambda folder: write_root(folder / "jets.root", reference()), {}),
    "lists in parquet": (lambda folder: write_lists(folder / "x.parquet", reference()), LISTS),
    "lists in root": (lambda folder: write_lists(folder / "x.root", reference()), LISTS),
    "arrays": (lambda folder: write_hdf5(folder / "x.h5", reference(), "lists"), LISTS),
    "array": (lambda folder: write_hdf5(folder / "x.h5", reference(), "one array"), ARRAY),
}


def content(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, one: found.update({name: one[:]}) if hasattr(one, "shape") else None
        )
    return found


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_dataset(form, dataset, tmp_path):
    write, changed = FORMS[form]
    found = content(build(tmp_path / "ds.h5", write(tmp_path), **changed))
    expected = content(dataset)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_chunks_of_any_size_give_the_same(dataset, tmp_path, monkeypatch):
    for size in (1, 4):
        monkeypatch.setattr(jettables, "ROWS_AT_ONCE", size)
        found = content(build(tmp_path / f"{size}.h5", FILES / "pandas_table.h5"))
        for name, values in content(dataset).items():
            np.testing.assert_array_equal(found[name], values)


def test_the_first_jets_of_each_class(tmp_path):
    path = build(
        tmp_path / "ds.h5",
        FILES / "pandas_table.h5",
        jets={"train": 2, "validation": 1, "test": 3},
    )
    for split, rows in {"train": ROWS[:4], "validation": ROWS[:2], "test": ROWS}.items():
        np.testing.assert_array_equal(tagfile.read(path, split).p4, P4[rows][:, :4])


def test_what_one_class_has_more_stands_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(jettables, "ROWS_AT_ONCE", 2)
    for labels in ([0, 0, 1, 0, 0, 0], [1, 0, 1, 1, 0, 1]):
        source = write_parquet(tmp_path / "jets.parquet", reference(labels=labels))
        block = tagfile.read(build(tmp_path / "ds.h5", source), "train")
        signal, background = np.flatnonzero(labels), np.flatnonzero(np.equal(labels, 0))
        pairs = min(len(signal), len(background))
        turns = [row for pair in zip(signal, background, strict=False) for row in pair]
        rows = [*turns, *signal[pairs:], *background[pairs:]]
        np.testing.assert_array_equal(block.p4, P4[rows][:, :4])
        np.testing.assert_array_equal(block.label, np.array(labels)[rows])


def test_constituents_are_sorted_only_where_they_are_not(tmp_path):
    p4 = P4.copy()
    p4[0] = p4[0][[3, 1, 0, 4, 2]]
    p4[1] = p4[1][[0, 4, 1, 3, 2]]  # with a gap in the middle
    # equal but for rounding: stays
    p4[2, 1] = p4[2, 0]
    p4[2, 0, 1:] *= np.float32(1 - 2e-7)
    source = write_parquet(tmp_path / "jets.parquet", reference(p4))
    block = tagfile.read(build(tmp_path / "ds.h5", source, constituents=5), "train")
    expected = P4.copy()
    expected[2] = p4[2]
    assert np.any(p4[2] != P4[2])
    np.testing.assert_array_equal(block.p4, expected[ROWS])


def test_more_constituents_than_there_are(tmp_path):
    path = build(tmp_path / "ds.h5", FILES / "pandas_table.h5", constituents=9)
    p4 = tagfile.read(path, "train").p4
    np.testing.assert_array_equal(p4[:, :5], P4[ROWS])
    assert not p4[:, 5:].any()


def spoiled(place, value):
    """The table with one value changed."""
    table = reference()
    row, column = place
    table[column] = table[column].astype(float)
    table.loc[row, column] = value
    return table


BAD_VALUES = {
    "nan": (spoiled((3, "PY_2"), np.nan), "PY_2 of row 3 is no finite number"),
    "infinite": (spoiled((5, "E_0"), np.inf), "E_0 of row 5 is no finite number"),
    "no energy": (spoiled((2, "E_1"), 0.0), "E_1 of row 2 is not above 0"),
    "negative": (spoiled((4, "E_1"), -3.0), "E_1 of row 4 is not above 0"),
    "label": (spoiled((1, "is_signal_new"), 2), r"is_signal_new of row 1 is 2.*neither 1"),
    "no label": (spoiled((1, "is_signal_new"), np.nan), "is_signal_new of row 1 is nan"),
    "gap": (reference().drop(columns="PX_4"), r"5 E_\{i\}, 4 PX_\{i\}, 5 PY_\{i\}"),
    "no columns": (reference().rename(columns={"PZ_0": "pz"}), r"no column PZ_0; it has E_0"),
    "no label column": (reference().drop(columns="is_signal_new"), "no column is_signal_new"),
    "empty": (reference().iloc[:0], "has no rows in 'table'"),
    "one class": (reference(labels=[1] * 6), "some background jets are wanted.* has 0"),
    "along the beam": (
        reference(np.where(np.arange(6)[:, None, None] == 3, np.float32([9, 0, 0, 9]), P4)),
        "row 3 has no pT",
    ),
    "empty jet": (reference(np.where(np.arange(6)[:, None, None] == 3, 0, P4)), "row 3 has no con"),
}


@pytest.mark.parametrize("what", BAD_VALUES)
def test_bad_tables_are_named(what, tmp_path, monkeypatch):
    monkeypatch.setattr(jettables, "ROWS_AT_ONCE", 2)  # rows count through the chunks
    table, message = BAD_VALUES[what]
    source = write_parquet(tmp_path / "jets.parquet", table)
    with pytest.raises(UserError, match=message) as caught:
        build(tmp_path / "ds.h5", source)
    assert "jets.parquet" in str(caught.value)
    assert not (tmp_path / "ds.h5").exists()


def test_an_array_is_not_its_own_group(tmp_path):
    source = write_hdf5(tmp_path / "jets.h5", reference(), "one array")
    with pytest.raises(UserError, match=r"`key: /`, and in `columns` jets\[0\], jets\[1\]"):
        build(tmp_path / "ds.h5", source, key="jets")


def test_lists_of_unequal_length(tmp_path):
    columns = lists(reference())
    columns["PY"][4] = columns["PY"][4][:-1]
    pd.DataFrame(columns).to_parquet(tmp_path / "jets.parquet")
    with pytest.raises(UserError, match="of row 4 differ: 2 E, 1 PY"):
        build(tmp_path / "ds.h5", tmp_path / "jets.parquet", **LISTS)
    columns = lists(reference())
    columns["PX"][2] = np.array([1, np.nan, 3, 4, 5], dtype=np.float32)
    pd.DataFrame(columns).to_parquet(tmp_path / "jets.parquet")
    with pytest.raises(UserError, match="PX of row 2, constituent 1, is no finite number"):
        build(tmp_path / "ds.h5", tmp_path / "jets.parquet", **LISTS)


def test_too_few_jets_name_the_key(tmp_path):
    wanted = {"train": 3, "validation": 4, "test": 1}
    with pytest.raises(UserError, match=r"datasets.others.jets.validation: 4 signal jets .* has 3"):
        build(tmp_path / "ds.h5", FILES / "pandas_table.h5", jets=wanted)


def test_a_file_for_each_split():
    with pytest.raises(ValueError, match="no file for validation, test"):
        settings("x.h5", files={"train": "x.h5"})
