"""Tables of others in every format: the same rows in chunks of any size; bad ones are named."""

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import pytest
import uproot
from helpers_external import (
    COMPONENTS,
    FILES,
    JETS,
    lists,
    reference,
    write_hdf5,
    write_lists,
    write_parquet,
    write_root,
)

from relearn.data import tablefile
from relearn.errors import UserError

TABLE = reference()
WIDE = {
    "parquet": lambda path: write_parquet(path.with_suffix(".parquet"), TABLE),
    "root": lambda path: write_root(path.with_suffix(".root"), TABLE),
    "hdf5": lambda path: write_hdf5(path.with_suffix(".h5"), TABLE),
    "pandas": lambda path: FILES / "pandas_table.h5",
    "fixed": lambda path: FILES / "pandas_fixed.h5",
    "fields": lambda path: write_hdf5(path.with_suffix(".h5"), TABLE, "fields"),
}
NESTED = {
    "parquet": lambda path: write_lists(path.with_suffix(".parquet"), TABLE),
    "root": lambda path: write_lists(path.with_suffix(".root"), TABLE),
    "hdf5": lambda path: write_hdf5(path.with_suffix(".h5"), TABLE, "lists"),
}


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("form", WIDE)
def test_columns_of_numbers(form, size, tmp_path):
    table = tablefile.open_table(WIDE[form](tmp_path / "jets"), "table")
    assert table.rows == JETS and set(TABLE) <= set(table.names)
    wanted = ["PY_2", "is_signal_new", "E_0"]
    chunks = list(table.chunks(wanted, size))
    assert all(list(chunk) == wanted for chunk in chunks)
    assert max(len(chunk["E_0"]) for chunk in chunks) <= size
    for name in wanted:
        found = np.concatenate([chunk[name] for chunk in chunks])
        np.testing.assert_array_equal(found, TABLE[name])


@pytest.mark.parametrize("form", NESTED)
def test_columns_of_lists(form, tmp_path):
    table = tablefile.open_table(NESTED[form](tmp_path / "jets"), "table")
    chunks = list(table.chunks(["is_signal_new", *COMPONENTS], 4))
    assert [len(chunk["E"]) for chunk in chunks] == [4, 2]
    for name in COMPONENTS:
        found = [np.asarray(one) for chunk in chunks for one in ak.Array(chunk[name])]
        for jet, expected in zip(found, lists(TABLE)[name], strict=True):
            np.testing.assert_array_equal(jet[: len(expected)], expected)
            assert not jet[len(expected) :].any()


def test_nothing_there_is_nan_not_a_shift_of_rows(tmp_path):
    path = tmp_path / "jets.parquet"
    columns = {"E": [[1.0, None], None, [2.0]], "label": [1, None, 0]}
    pd.DataFrame(columns).to_parquet(path)
    chunk = next(tablefile.open_table(path, "").chunks(["E", "label"], 10))
    assert ak.num(chunk["E"]).tolist() == [2, 0, 1] and np.isnan(chunk["E"][0, 1])
    np.testing.assert_array_equal(chunk["label"], [1, np.nan, 0])


@pytest.mark.parametrize("form", ["parquet", "root", "hdf5"])
@pytest.mark.parametrize("share", [0.4, 0.95])
def test_a_file_cut_short_is_named(form, share, tmp_path):
    whole = WIDE[form](tmp_path / "jets").read_bytes()
    path = tmp_path / "short"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match="short is cut short or cannot be read .*get the file"):
        list(tablefile.open_table(path, "table").chunks(["E_0"], 10))


def test_damage_in_the_middle_is_named(tmp_path):
    whole = bytearray((FILES / "pandas_table.h5").read_bytes())
    with h5py.File(FILES / "pandas_table.h5") as file:
        chunk = file["table/table"].id.get_chunk_info(0)
    whole[chunk.byte_offset : chunk.byte_offset + 40] = b"\xff" * 40
    path = tmp_path / "jets.h5"
    path.write_bytes(whole)
    with pytest.raises(UserError, match="jets.h5 is cut short or cannot be read"):
        list(tablefile.open_table(path, "table").chunks(["E_0"], 10))


@pytest.mark.parametrize("form", ["root", "hdf5", "pandas"])
def test_a_wrong_key_is_named_with_those_there_are(form, tmp_path):
    with pytest.raises(UserError, match="has no 'events', only .*table.*`key`"):
        tablefile.open_table(WIDE[form](tmp_path / "jets"), "events")


@pytest.mark.parametrize("form", WIDE)
def test_a_missing_column_is_named_with_those_there_are(form, tmp_path):
    table = tablefile.open_table(WIDE[form](tmp_path / "jets"), "table")
    with pytest.raises(UserError, match="no column pt; it has .*E_0.*`columns`"):
        next(table.chunks(["E_0", "pt"], 10))


def test_no_table_at_all(tmp_path):
    with pytest.raises(UserError, match="does not exist: correct `files`"):
        tablefile.open_table(tmp_path / "jets.h5", "table")
    (tmp_path / "jets.csv").write_text("E_0,PX_0\n1,2\n")
    with pytest.raises(UserError, match="neither HDF5 nor Parquet nor ROOT"):
        tablefile.open_table(tmp_path / "jets.csv", "table")
    with pytest.raises(UserError, match="cannot be read"):
        tablefile.open_table(tmp_path, "table")


def test_columns_that_are_no_numbers(tmp_path):
    path = tmp_path / "jets.parquet"
    deep = {"text": ["a", "b"], "deep": [[[1.0]], [[2.0]]], "words": [["a"], []]}
    pd.DataFrame(deep).to_parquet(path)
    for name in deep:
        with pytest.raises(UserError, match=f"column {name} holds no numbers"):
            next(tablefile.open_table(path, "table").chunks([name], 10))
    path = tmp_path / "jets.root"
    with uproot.recreate(path) as file:
        file["table"] = {"text": ["a", "b"]}
    with pytest.raises(UserError, match="column text holds no numbers"):
        next(tablefile.open_table(path, "table").chunks(["text"], 10))
