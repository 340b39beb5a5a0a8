"""What trained networks say of themselves on disk: ``spec.json`` and tables of each batch.

All of it is read without PyTorch, whose import takes longer than many a study. The weights:
`relearn.models.storage` and `relearn.models.taggerfile`.
"""

import io
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from relearn import scans, taggerruns
from relearn.errors import UserError
from relearn.files import atomic
from relearn.taggerruns import TaggerRun

SPEC = "spec.json"
RUNS, HISTORY = "runs.csv", "history.csv"
# Layer sizes such as "10" are names, and "none" (no hidden layer) is one too.
READ = {"dtype": {"hidden": str}, "keep_default_na": False, "na_values": ["", "nan", "NaN"]}


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables of a batch: name of the file → table."""
    for name, table in tables.items():
        with atomic(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format="%.8g")


def batch_folders(scan: Path) -> list[Path]:
    """Return the folders of a scan's batches, in order, whether they are there or not.

    The spec in the first says how many there are, so that what an earlier and larger scan
    left behind is not taken for a part of this one: taggers' by number, as their jobs were
    given it.

    Parameters
    ----------
    scan
        ``results/<scale>/models/<scan>``.

    Raises
    ------
    UserError
        If the first batch is missing or its spec is damaged.
    """
    folder = scan / "0000"
    if not (folder / SPEC).is_file():
        raise UserError(f"{scan} has no trained networks ({folder / SPEC} is missing): train it")
    return [scan / name for name in _spec(folder, _batch_names)]


def _batch_names(spec: Mapping[str, Any]) -> list[str]:
    if "batches" in spec["scan"]:
        return [f"{number:04d}" for number in range(spec["scan"]["batches"])]
    return [batch.name for batch in scans.batches(spec["scan"])]


def read_runs(folder: Path) -> pd.DataFrame:
    """Return ``runs.csv`` of a batch, a row for each network of its spec.

    Raises
    ------
    UserError
        If it is missing, damaged or cut short, or has other networks than the spec.
    """
    table = _table(folder, RUNS)
    names = _spec(folder, lambda spec: [run["name"] for run in spec["runs"]])
    if "run" not in table or list(table["run"]) != names:
        raise UserError(
            f"{folder / RUNS} has {len(table)} rows that are not those of the {len(names)} "
            f"networks of its {SPEC}. {cure(folder)}"
        )
    return table


def read_history(folder: Path) -> pd.DataFrame:
    """Return ``history.csv`` of a batch: the losses of its networks, epoch by epoch.

    Raises
    ------
    UserError
        If it is missing, damaged or cut short.
    """
    return _table(folder, HISTORY)


def _table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / name
    if not path.is_file():
        raise UserError(f"{path} is missing: train this part of the scan again")
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(io.StringIO(text), **READ)
    except ValueError as error:  # text that is none, rows of unequal length, nothing at all
        raise UserError(f"{path} cannot be read ({error}). {cure(folder)}") from None
    if not text.endswith("\n"):
        raise UserError(f"{path} is cut short. {cure(folder)}")
    return table


def training(folder: Path) -> str:
    """Return how the networks of a batch were trained and what from, as JSON: to compare."""
    return _spec(folder, lambda s: json.dumps([s["scan"]["training"], s["scan"]["pretrained"]]))


def locate(path: Path, run: str) -> tuple[Path, scans.Run | TaggerRun]:
    """Return the batch's folder that holds a run, and the run.

    Parameters
    ----------
    path
        Folder of a batch, or of a whole scan.
    run
        Its name.

    Raises
    ------
    UserError
        If there is no such run, or a spec is missing or damaged.
    """
    folders = [path] if (path / SPEC).is_file() else batch_folders(path)
    for folder in folders:
        if (folder / SPEC).is_file():
            written = (folder / SPEC).stat().st_mtime_ns
            if run in (stored := _runs(folder, written)):
                return folder, stored[run]
    raise UserError(f"{path} has no run {run!r}; the names are in runs.csv")


@lru_cache(maxsize=16)  # a study asks for every network of a batch, one after the other
def _runs(folder: Path, written: int) -> dict[str, scans.Run | TaggerRun]:
    """Return the runs of a batch by name; `written` is when its spec was."""
    found = _spec(folder, lambda spec: [_run(entry) for entry in spec["runs"]])
    return {one.name: one for one in found}


def _run(entry: Mapping[str, Any]) -> scans.Run | TaggerRun:
    return (scans if "hidden" in entry else taggerruns).from_dict(entry)


def _spec(folder: Path, what: Callable[[Any], Any]) -> Any:
    path = folder / SPEC
    try:
        return what(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} cannot be read ({error!r}). {cure(folder)}") from None


def cure(folder: Path) -> str:
    """Return what to do about a damaged batch."""
    return f"Delete the batch (rm -r {folder}) and run the workflow again to train it anew."
