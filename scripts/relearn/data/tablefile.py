"""Tables of somebody else: HDF5, Parquet or ROOT files, read in chunks of rows.

The format is known by the file's first bytes. A column holds a number for each row, or a list.
"""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot
from numpy.typing import NDArray

from relearn.data import pandasfile
from relearn.errors import UserError

Chunk = dict[str, NDArray | ak.Array]
BROKEN = (
    *(OSError, EOFError, RuntimeError, KeyError, TypeError, ValueError, IndexError),
    *(NotImplementedError, zlib.error, pa.ArrowException, uproot.DeserializationError),
)
CURE = "get the file again, or correct `files` and `key` of the dataset"


@dataclass(frozen=True)
class Table:
    """A table: its file, the names of its columns, the number of its rows."""

    path: Path
    names: tuple[str, ...]
    rows: int
    _chunks: Callable[[Sequence[str], int], Iterator[Chunk]]

    def chunks(self, wanted: Sequence[str], size: int) -> Iterator[Chunk]:
        """Read columns, `size` rows at a time: name → numbers (rows,) or lists (rows, var).

        Raises
        ------
        UserError
            If the file lacks a column, cannot be read to the end, or a column holds no numbers.
        """
        if absent := [name for name in wanted if name not in self.names]:
            few = ", ".join(self.names[:8]) + (", …" if len(self.names) > 8 else "")
            raise UserError(
                f"{self.path} has no column {', '.join(absent)}; it has {few}. Say in `columns` "
                "and `label` of the dataset what they are called"
            )
        found = self._chunks(list(wanted), size)
        done = 0
        while True:
            with _readable(self.path):
                chunk = next(found, None)
            if chunk is None:
                break
            done += len(chunk[wanted[0]])
            yield {name: _numbers(self.path, name, chunk[name]) for name in wanted}
        if done != self.rows:
            raise UserError(f"{self.path} ends after {done} of {self.rows} rows: {CURE}")


def open_table(path: str | Path, key: str) -> Table:
    """Return what a file holds; nothing but its description is read.

    Parameters
    ----------
    path
        The file.
    key
        Name of the table or tree in it; means nothing in a Parquet file.

    Raises
    ------
    UserError
        If the file does not exist, is of no format known here, is cut short, or lacks the key.
    """
    path = Path(path)
    with _readable(path):
        with path.open("rb") as file:
            magic = file.read(8)
        for begin, opener in FORMATS.items():
            if magic.startswith(begin):
                return opener(path, key)
    raise UserError(f"{path} is neither HDF5 nor Parquet nor ROOT: {CURE}")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: correct `files` of the dataset") from None
    except BROKEN as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise UserError(f"{path} is cut short or cannot be read ({reason}): {CURE}") from None


def _numbers(path: Path, name: str, values: NDArray | ak.Array) -> NDArray | ak.Array:
    jagged = isinstance(values, ak.Array)
    flat = ak.flatten(values) if jagged and values.ndim == 2 else values
    kind = flat.layout.form.type if isinstance(flat, ak.Array) else flat.dtype
    numbers = str(kind).startswith(("int", "uint", "float", "bool"))
    if not numbers or values.ndim > 2:
        kind = ak.type(values) if jagged else kind
        raise UserError(f"{path}: the column {name} holds no numbers but {kind}: {CURE}")
    return values


def _hdf5(path: Path, key: str) -> Table:
    with h5py.File(path, "r") as file:
        if key not in file:
            raise _no_key(path, key, list(file))
        columns = pandasfile.columns(file, key)
        rows = pandasfile.rows(file, columns)

    def chunks(wanted: Sequence[str], size: int) -> Iterator[Chunk]:
        with h5py.File(path, "r") as file:
            places = {name: columns[name] for name in wanted}
            for start in range(0, rows, size):
                yield pandasfile.read(file, places, start, min(start + size, rows))

    return Table(path, tuple(columns), rows, chunks)


def _parquet(path: Path, key: str) -> Table:
    with pq.ParquetFile(path) as file:
        names, rows = tuple(file.schema_arrow.names), file.metadata.num_rows

    def chunks(wanted: Sequence[str], size: int) -> Iterator[Chunk]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=size, columns=wanted):
                yield {name: _of_arrow(batch.column(name)) for name in wanted}

    return Table(path, names, rows, chunks)


def _of_arrow(values: pa.Array) -> NDArray | ak.Array:
    if pa.types.is_nested(values.type):
        return ak.fill_none(ak.fill_none(ak.from_arrow(values), [], axis=0), np.nan, axis=-1)
    return values.to_numpy(zero_copy_only=False)


def _root(path: Path, key: str) -> Table:
    with uproot.open(path) as file:
        # uproot would read what is there, were it only whole up to the last basket
        if (there := os.path.getsize(path)) < file.file.fEND:
            raise EOFError(f"{there} bytes of {file.file.fEND}")
        if key not in file:
            raise _no_key(path, key, file.keys(cycle=False))
        tree = file[key]
        names, rows = tuple(tree.keys(full_paths=False)), tree.num_entries

    def chunks(wanted: Sequence[str], size: int) -> Iterator[Chunk]:
        with uproot.open(path) as file:
            for start in range(0, rows, size):
                stop = min(start + size, rows)
                arrays = {n: file[key][n].array(entry_start=start, entry_stop=stop) for n in wanted}
                yield {n: ak.to_numpy(a) if a.ndim == 1 else a for n, a in arrays.items()}

    return Table(path, names, rows, chunks)


def _no_key(path: Path, key: str, there: Sequence[str]) -> UserError:
    return UserError(
        f"{path} has no {key!r}, only {', '.join(there) or 'nothing'}: say in `key` of the dataset "
        "which it is"
    )


FORMATS: Mapping[bytes, Callable[[Path, str], Table]] = {
    b"\x89HDF\r\n\x1a\n": _hdf5,
    b"PAR1": _parquet,
    b"root": _root,
}
