"""Jet files: Parquet, one row a jet, with what made them in the file's own metadata."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import pyarrow as pa
import pyarrow.parquet as pq

from relearn.errors import UserError
from relearn.files import atomic

ABOUT = b"relearn"


def write(path: str | Path, jets: ak.Array, about: dict[str, Any]) -> None:
    """Write jets (`relearn.data.jets.find`), and JSON on what made them."""
    table = ak.to_arrow_table(jets, extensionarray=False, list_to32=True)
    metadata = (table.schema.metadata or {}) | {ABOUT: json.dumps(about, sort_keys=True).encode()}
    with atomic(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")


def about(path: str | Path) -> dict[str, Any]:
    """Return what made a file.

    Raises
    ------
    UserError
        If the file cannot be read or is none of ours.
    """
    found = _read(path, lambda: pq.read_schema(path)).metadata or {}
    if ABOUT not in found:
        raise UserError(f"{path} is no file of jets. {_cure(path)}")
    return json.loads(found[ABOUT])


def read(path: str | Path, columns: Sequence[str] | None = None) -> ak.Array:
    """Read jets, or some of their columns, such as ``eflow.pt``, which stay where they are.

    Raises
    ------
    UserError
        If the file cannot be read or lacks a column.
    """
    if columns is not None:
        schema = _read(path, lambda: pq.ParquetFile(path).schema)
        there = [schema.column(i).path for i in range(len(schema))]
        missing = [name for name in columns if not any(_within(one, name) for one in there)]
        if missing:
            raise UserError(f"{path} has no column {', '.join(missing)}. {_cure(path)}")
    wanted = None if columns is None else list(columns)
    return ak.from_arrow(_read(path, lambda: pq.ParquetFile(path).read(columns=wanted)))


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith(f"{name}.")


def _read(path: str | Path, what: Any) -> Any:
    try:
        return what()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist. Run the workflow again to make it.") from None
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{path} is cut short or no Parquet file ({reason}). {_cure(path)}"
        ) from None


def _cure(path: str | Path) -> str:
    return f"Delete it (rm {path}) and run the workflow again: only this part is made anew."
