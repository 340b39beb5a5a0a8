"""Event files: ROOT trees in Delphes' layout, written and read with uproot.

Tree ``Delphes``, one entry an event, branches ``<Object>.<Quantity>`` of varying length with
their number in ``<Object>_size``, 32-bit floats, as in Delphes (`relearn.generate.layout`). Beyond
Delphes: the text ``relearn``, JSON with all that made the file.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from relearn.errors import UserError

TREE = "Delphes"
ABOUT = "relearn"
# what uproot raises at a damaged file
BROKEN = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    NotImplementedError,
    zlib.error,
    uproot.DeserializationError,
)


def write(path: Path, chunks: Iterable[dict[str, ak.Array]], about: dict[str, Any]) -> None:
    """Write an event file.

    Parameters
    ----------
    path
        The file; give a temporary name and move it (`relearn.files.atomic`).
    chunks
        Consecutive events, as object → its branches.
    about
        What made the file; read once all chunks are written, so that it may grow meanwhile.
    """
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = None
        for chunk in chunks:
            if tree is None:
                tree = file.mktree(
                    TREE,
                    {name: branches.type.content for name, branches in chunk.items()},
                    counter_name=lambda counted: f"{counted}_size",
                    field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
                )
            tree.extend(chunk)
        file[ABOUT] = json.dumps(about, sort_keys=True)


def annotate(path: Path | str, about: dict[str, Any]) -> None:
    """Add what made it to an event file that another program has written."""
    with uproot.update(path) as file:
        file[ABOUT] = json.dumps(about, sort_keys=True)


def count(path: Path | str) -> int:
    """Return the number of a file's events.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return _read(path, lambda file: file[TREE].num_entries)


def branches(path: Path | str) -> set[str]:
    """Return the names of a file's branches.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return set(_read(path, lambda file: file[TREE].keys(full_paths=False)))


def about(path: Path | str) -> dict[str, Any]:
    """Return what made a file of ours: sample, part, seeds, versions, cross section.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return json.loads(str(_read(path, lambda file: file[ABOUT])))


def read(path: Path | str, wanted: Sequence[str]) -> dict[str, ak.Array]:
    """Read branches of an event file, ours or Delphes' own.

    Parameters
    ----------
    path
        The file.
    wanted
        Names such as ``Muon.PT``.

    Returns
    -------
    dict
        Name → events × values; 32-bit floats come as 64-bit.

    Raises
    ------
    UserError
        If the file is cut short, has no events, lacks a branch, or has values that are no
        numbers: names the file and the cure.
    """
    return next(chunks(path, wanted))


def chunks(
    path: Path | str, wanted: Sequence[str], events: int | None = None
) -> Iterator[dict[str, ak.Array]]:
    """Read branches some events at a time, so that memory does not grow with the file.

    Parameters
    ----------
    path, wanted
        As in `read`.
    events
        How many at a time; None for all at once.

    Yields
    ------
    dict
        As `read` returns, of consecutive events.

    Raises
    ------
    UserError
        As `read`.
    """
    with _opened(path) as file:
        tree = file[TREE]
        present = set(tree.keys(full_paths=False))
        missing = [name for name in wanted if name not in present]
        if missing:
            raise UserError(
                f"{path} has no branch {', '.join(missing)}: it was written with other settings "
                f"(`keep`, `detector`) or by another program. {_cure(path)}"
            )
        if not (total := tree.num_entries):
            raise UserError(f"{path} has no events. {_cure(path)}")
        for first in range(0, total, events or total):
            some = {"entry_start": first, "entry_stop": min(first + (events or total), total)}
            yield {name: _numbers(path, name, tree[name].array(**some)) for name in wanted}


def _numbers(path: Path | str, name: str, column: ak.Array) -> ak.Array:
    """Return a branch with 64-bit floats; all have to be finite."""
    if not np.all(np.isfinite(ak.to_numpy(ak.flatten(column, axis=None)))):
        raise UserError(f"{path}: {name} has values that are not finite. {_cure(path)}")
    return ak.values_astype(column, np.float64) if "float" in str(column.type) else column


def _read(path: Path | str, what: Any) -> Any:
    with _opened(path) as file:
        return what(file)


@contextmanager
def _opened(path: Path | str) -> Iterator[Any]:
    """Open a file that is whole; what is wrong with it is the user's to cure."""
    try:
        with uproot.open(path, array_cache=None) as file:
            # uproot would read what is there, were it only whole up to the last basket
            if (there := os.path.getsize(path)) < file.file.fEND:
                raise EOFError(f"{there} bytes of {file.file.fEND}")
            yield file
    except FileNotFoundError:
        raise UserError(f"{path} does not exist. Run the workflow again to make it.") from None
    except BROKEN as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise UserError(f"{path} is cut short or no event file ({reason}). {_cure(path)}") from None


def _cure(path: Path | str) -> str:
    return f"Delete it (rm {path}) and run the workflow again: only this part is made anew."
