"""Tables that pandas keeps in HDF5 files, read and written through h5py.

The public top-tagging reference files are such tables. pandas itself needs PyTables for them; the
layout is simple: columns of one type stand side by side in a block, whose attribute names them.
Names are pickled lists; they are read by an unpickler that knows no classes, so that a file
brings no code along.
"""

import importlib
import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError

CHUNK_ROWS = 256  # of a table written here
PLUGINS = "hdf5plugin"  # has the compressions that HDF5 lacks, blosc among them


@dataclass(frozen=True)
class Column:
    """Where a column is: in a dataset, in its `field`, at a `position` of the last axis."""

    dataset: str
    field: str | None = None
    position: int | None = None


class _Names(pickle.Unpickler):
    """Reads lists of strings, and nothing that needs a class."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no name of a column")


def columns(file: h5py.File, key: str) -> dict[str, Column]:
    """Return the columns of a table.

    Parameters
    ----------
    file
        An open file.
    key
        A pandas table, of either format; or a dataset with fields; or a group of datasets, whose
        further axis, if there is one, is a list for each row. What has a third axis is several
        columns, ``name[0]``, ``name[1]``, ….

    Raises
    ------
    KeyError
        If there is no such key.
    ValueError
        If the names of the columns cannot be read, or an array has none.
    """
    place = file[key]
    if isinstance(place, h5py.Dataset):
        return _of_fields(place)
    kind = place.attrs.get("pandas_type", b"")
    if kind == b"frame_table":
        return _of_fields(place["table"])
    if kind == b"frame":
        return _of_blocks(place)
    found: dict[str, Column] = {}
    for name, one in place.items():
        if isinstance(one, h5py.Dataset) and one.ndim == 3:
            found |= {f"{name}[{i}]": Column(one.name, None, i) for i in range(one.shape[2])}
        elif isinstance(one, h5py.Dataset):
            found[name] = Column(one.name)
    return found


def _of_fields(table: h5py.Dataset) -> dict[str, Column]:
    if not table.dtype.names:
        group, _, name = table.name.rpartition("/")
        raise ValueError(
            f"{table.name} is an array without names: say `key: {group or '/'}`, and in `columns` "
            f"{name}[0], {name}[1], … for the places of its last axis"
        )
    found: dict[str, Column] = {}
    for field in table.dtype.names:
        if not table.dtype[field].shape:
            found[field] = Column(table.name, field)
        elif f"{field}_kind" in table.attrs:
            names = _unpickled(table.attrs[f"{field}_kind"])
            found |= {name: Column(table.name, field, i) for i, name in enumerate(names)}
        else:
            found[field] = Column(table.name, field)
    return found


def _of_blocks(group: h5py.Group) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for number in range(int(group.attrs["nblocks"])):
        items, values = group[f"block{number}_items"], group[f"block{number}_values"]
        if items.dtype.kind != "S":
            raise ValueError(f"the names in {items.name} are pickled objects")
        names = [name.decode() for name in items[:]]
        found |= {name: Column(values.name, None, i) for i, name in enumerate(names)}
    return found


def _unpickled(text: bytes) -> list[str]:
    try:
        names = _Names(io.BytesIO(bytes(text)), encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError) as error:
        raise ValueError(f"the names of the columns cannot be read: {error}") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("the names of the columns are no list of strings")
    return names


def rows(file: h5py.File, found: Mapping[str, Column]) -> int:
    """Return the number of rows.

    Raises
    ------
    ValueError
        If columns differ in length.
    """
    lengths = {one.dataset: len(file[one.dataset]) for one in found.values()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"its columns differ in length: {lengths}")
    return next(iter(lengths.values()), 0)


def read(
    file: h5py.File, wanted: Mapping[str, Column], start: int, stop: int
) -> dict[str, NDArray]:
    """Return some columns of the rows from `start` to `stop`: name → array.

    Raises
    ------
    UserError
        If the file is compressed in a way that nothing installed here can undo.
    """
    blocks: dict[tuple[str, str | None], NDArray] = {}
    for dataset in {one.dataset for one in wanted.values()}:
        _can_read(file[dataset])
        fields = sorted({one.field for one in wanted.values() if one.dataset == dataset} - {None})
        if fields:
            values = file[dataset].fields(fields)[start:stop]
            blocks |= {(dataset, field): values[field] for field in fields}
        else:
            blocks[dataset, None] = file[dataset][start:stop]
    return {
        name: blocks[one.dataset, one.field]
        if one.position is None
        else blocks[one.dataset, one.field][..., one.position]
        for name, one in wanted.items()
    }


def _can_read(dataset: h5py.Dataset) -> None:
    created = dataset.id.get_create_plist()
    filters = [created.get_filter(i) for i in range(created.get_nfilters())]
    missing = [one for one in filters if not h5py.h5z.filter_avail(one[0])]
    if not missing:
        return
    try:
        importlib.import_module(PLUGINS)
    except ModuleNotFoundError:
        name = missing[0][3].decode() or f"filter {missing[0][0]}"
        raise UserError(
            f"{dataset.file.filename} is compressed with {name}, which HDF5 does not know by "
            f"itself: `pip install {PLUGINS}`, or write the file anew without it "
            "(pandas: complib='zlib')"
        ) from None


class Writer:
    """Writes a table that ``pandas.read_hdf`` reads, block by block of rows.

    Parameters
    ----------
    path
        A new file.
    key
        Name of the table.
    blocks
        Columns of each type: dtype → names, in the order of the table.
    """

    def __init__(self, path: Path, key: str, blocks: Mapping[str, Sequence[str]]):
        self._file = h5py.File(path, "w")
        names = [f"values_block_{i}" for i in range(len(blocks))]
        self._dtype = np.dtype(
            [("index", "<i8")]
            + [
                (name, kind, (len(of),))
                for name, (kind, of) in zip(names, blocks.items(), strict=True)
            ]
        )
        group = self._file.create_group(key)
        self._table = group.create_dataset(
            "table",
            (0,),
            self._dtype,
            maxshape=(None,),
            chunks=(CHUNK_ROWS,),
            compression="gzip",
            compression_opts=4,
            shuffle=True,
        )
        _describe(self._file, "GROUP", "1.0", PYTABLES_FORMAT_VERSION="2.1")
        _describe(
            group, "GROUP", "1.0", **_of_frame([n for of in blocks.values() for n in of], names)
        )
        _describe(self._table, "TABLE", "2.7", **_of_table(self._dtype, blocks))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error: object) -> None:
        self._table.attrs["NROWS"] = np.int64(len(self._table))
        self._file.close()

    def append(self, *blocks: NDArray) -> None:
        """Append rows: a block (rows, columns) for each type, in the order of the types."""
        begin = len(self._table)
        rows = np.zeros(len(blocks[0]), self._dtype)
        rows["index"] = np.arange(begin, begin + len(rows))
        for name, values in zip(self._dtype.names[1:], blocks, strict=True):
            rows[name] = values
        self._table.resize((begin + len(rows),))
        self._table[begin:] = rows


def _describe(place: Any, kind: str, version: str, **more: Any) -> None:
    """Set attributes as PyTables does: text is UTF-8 of fixed length, a pickle is ASCII."""
    place.attrs["TITLE"] = h5py.Empty(h5py.string_dtype("utf-8", 1))
    for name, value in {"CLASS": kind, "VERSION": version, **more}.items():
        if isinstance(value, str):
            text = value.encode()
            place.attrs.create(name, text, dtype=h5py.string_dtype("utf-8", len(text)))
        else:
            place.attrs[name] = np.bytes_(value) if isinstance(value, bytes) else value


def _of_frame(columns: Sequence[str], blocks: Sequence[str]) -> dict[str, Any]:
    info: dict[Any, Any] = {1: {"names": [None], "type": "Index"}, "index": {}}
    return {
        "pandas_type": "frame_table",
        "table_type": "appendable_frame",
        "encoding": "UTF-8",
        "errors": "strict",
        "levels": np.int64(1),
        "data_col_nan_rep": np.uint8(1),
        "mi_level_nan_rep": np.uint8(0),
        "nan_rep": _pickled(None),
        "data_columns": _pickled([]),
        "index_cols": _pickled([(0, "index")]),
        "values_cols": _pickled(list(blocks)),
        "non_index_axes": _pickled([(1, list(columns))]),
        "info": _pickled(info | {name: {} for name in blocks}),
    }


def _of_table(dtype: np.dtype, blocks: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {"NROWS": np.int64(0), "index_kind": "integer"}
    for i, field in enumerate(dtype.names):
        found[f"FIELD_{i}_NAME"] = field
        found[f"FIELD_{i}_FILL"] = dtype[field].base.type(0)
    for field, columns in zip(dtype.names[1:], blocks.values(), strict=True):
        found[f"{field}_dtype"] = dtype[field].base.name
        found[f"{field}_kind"] = _pickled(list(columns))
        found[f"{field}_meta"] = _pickled(None)
    return found


def _pickled(value: Any) -> bytes:
    return pickle.dumps(value, protocol=0)
