"""pandas' tables in HDF5, without PyTables: what it has written, and what it will read."""

import pickle

import h5py
import numpy as np
import pytest
from helpers_external import FILES, reference, write_hdf5

from relearn.data import pandasfile
from relearn.errors import UserError


def read(path, names=None, start=0, stop=6):
    with h5py.File(path) as file:
        columns = pandasfile.columns(file, "table")
        assert pandasfile.rows(file, columns) == 6
        wanted = {name: columns[name] for name in names or columns}
        return pandasfile.read(file, wanted, start, stop)


@pytest.mark.parametrize("form", ["table", "fixed"])
def test_what_pandas_has_written(form):
    expected = reference()
    found = read(FILES / f"pandas_{form}.h5")
    assert set(found) - {"index"} == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


@pytest.mark.parametrize("form", ["columns", "fields"])
def test_what_others_have_written(form, tmp_path):
    path = write_hdf5(tmp_path / "jets.h5", reference(), form)
    found = read(path, ["PX_3", "is_signal_new"], 2, 5)
    np.testing.assert_array_equal(found["PX_3"], reference().PX_3[2:5])
    np.testing.assert_array_equal(found["is_signal_new"], reference().is_signal_new[2:5])


def test_data_columns_are_fields_of_their_own(tmp_path):
    """As pandas writes with ``data_columns``: no blocks, a kind for each field."""
    table = reference()
    with h5py.File(tmp_path / "jets.h5", "w") as file:
        group = file.create_group("table")
        group["table"] = table.to_records(index=True)
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        for name in table:
            group["table"].attrs[f"{name}_kind"] = np.bytes_(pickle.dumps([name], protocol=0))
    np.testing.assert_array_equal(read(tmp_path / "jets.h5", ["PZ_1"])["PZ_1"], table.PZ_1)


def write(path, rows=(6,)):
    table = reference()
    names = list(table.columns)
    blocks = {"<f4": names[:-2], "<i8": names[-2:]}
    with pandasfile.Writer(path, "table", blocks) as writer:
        for one in np.split(np.arange(len(table)), np.cumsum(rows)[:-1]):
            writer.append(*(table[of].to_numpy()[one] for of in blocks.values()))
    return path


def test_what_is_written_comes_back(tmp_path):
    for rows in ((6,), (1, 4, 1)):
        found = read(write(tmp_path / "jets.h5", rows))
        np.testing.assert_array_equal(found["index"], np.arange(6))
        for name, values in reference().items():
            np.testing.assert_array_equal(found[name], values)


def attributes(place):
    """Name → value and, of text, whether it is UTF-8 or ASCII: pandas tells them apart."""
    found = {}
    for name in place.attrs:
        kind = h5py.h5a.open(place.id, name.encode()).get_type()
        text = kind.get_cset() if isinstance(kind, h5py.h5t.TypeStringID) else kind.dtype
        value = place.attrs[name]
        found[name] = (None if isinstance(value, h5py.Empty) else value, text)
    return found


def test_pandas_finds_all_that_it_writes_itself(tmp_path):
    """Every attribute of pandas' own file, with its type and value, and the same fields."""
    with (
        h5py.File(FILES / "pandas_table.h5") as theirs,
        h5py.File(write(tmp_path / "x.h5")) as ours,
    ):
        for place in ("/", "table", "table/table"):
            assert attributes(ours[place]) == attributes(theirs[place])
        assert ours["table/table"].dtype == theirs["table/table"].dtype
        assert ours["table/table"].maxshape == theirs["table/table"].maxshape == (None,)


class Evil:
    def __reduce__(self):
        return print, ("code of the file has run",)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (pickle.dumps(Evil(), protocol=0), "print is no name"),
        (pickle.dumps({"E_0": 1}, protocol=0), "no list of strings"),
        (pickle.dumps([1, 2], protocol=0), "no list of strings"),
        (b"(lp0\nVE_0", "cannot be read"),
    ],
)
def test_names_bring_no_code(names, message, tmp_path, capsys):
    path = write(tmp_path / "jets.h5")
    with h5py.File(path, "r+") as file:
        file["table/table"].attrs["values_block_1_kind"] = np.bytes_(names)
    with pytest.raises(ValueError, match=message):
        read(path)
    assert "code of the file" not in capsys.readouterr().out


def test_names_that_python_2_has_pickled(tmp_path):
    path = write(tmp_path / "jets.h5")
    with h5py.File(path, "r+") as file:
        old = b"(lp1\nS'ttv'\np2\naS'is_signal_new'\np3\na."
        file["table/table"].attrs["values_block_1_kind"] = np.bytes_(old)
    np.testing.assert_array_equal(read(path)["is_signal_new"], reference().is_signal_new)


def test_columns_of_unequal_length(tmp_path):
    with h5py.File(tmp_path / "jets.h5", "w") as file:
        file["table/E_0"], file["table/PX_0"] = np.zeros(5), np.zeros(6)
        with pytest.raises(ValueError, match="differ in length"):
            pandasfile.rows(file, pandasfile.columns(file, "table"))


def test_foreign_compression_is_named_with_its_cure():
    try:
        found = read(FILES / "pandas_blosc.h5")
    except UserError as error:
        for word in ("pandas_blosc.h5", "blosc", "pip install hdf5plugin", "complib='zlib'"):
            assert word in str(error)
    else:  # the plug-in is installed
        np.testing.assert_array_equal(found["E_0"], reference().E_0)
