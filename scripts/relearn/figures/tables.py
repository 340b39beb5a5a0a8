"""Reads the tables of studies: CSV → data frames, the same for figures, claims and report."""

import io
import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from relearn.errors import UserError

# Layer sizes such as "10" are names, and "none" (no hidden layer) is one too.
READ = {"dtype": {"hidden": str}, "keep_default_na": False, "na_values": ["", "nan", "NaN"]}


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read one table; an empty file is an empty table.

    Raises
    ------
    UserError
        If the file is missing, is no CSV or is cut short.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist: measure the study again (delete nothing by hand)")
    try:
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            return pd.DataFrame()
        table = pd.read_csv(io.StringIO(text), **READ)
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no table ({error}): delete it and run again") from None
    if not text.endswith("\n"):
        raise UserError(f"{path} is cut short: delete it and run again")
    return table


def read_tables(paths: Iterable[str | os.PathLike], study: str) -> dict[str, pd.DataFrame]:
    """Read all tables of a study, by name: ``""`` is the main one, then its extras.

    Parameters
    ----------
    paths
        ``<study>.csv`` and ``<study>_<extra>.csv``.
    study
        Name of the study.

    Raises
    ------
    UserError
        As `read_table`, or if a file is not named after the study.
    """
    tables = {}
    for path in map(Path, paths):
        name, own, extra = path.stem.partition(study)
        if name or not own:
            raise UserError(f"{path} is no table of the study {study!r}")
        tables[extra.removeprefix("_")] = read_table(path)
    return tables
