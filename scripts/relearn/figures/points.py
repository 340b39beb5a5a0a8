"""Points of taggers by name: one column of text that tells them apart, and what is drawn of it."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from relearn.figures import panels, tagging

SIZES = {"small": "small", "medium": "medium", "paper": "paper's size"}
KEY = "point"


def named(
    tables: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the tables with a column `KEY`, and the text for each value there, in order.

    Parameters
    ----------
    tables
        As a study returns them; those without the columns, or empty, are returned as they are.
    columns
        Column → value → text, in the order to draw; no text for a value that needs none. The
        size is added where there are several.
    """
    if tables[""]["size"].nunique() > 1:
        columns = {**columns, "size": SIZES}
    made = {
        name: table.assign(**{KEY: table[list(columns)].astype(str).agg("/".join, axis=1)})
        if len(table) and set(columns) <= set(table)
        else table
        for name, table in tables.items()
    }
    there = made[""].drop_duplicates(KEY)
    places = {name: list(texts) for name, texts in columns.items()}

    def place(row: pd.Series) -> list[int]:
        return [
            values.index(row[name]) if row[name] in values else len(values)
            for name, values in places.items()
        ]

    def text(row: pd.Series) -> str:
        words = [texts.get(row[name], str(row[name])) for name, texts in columns.items()]
        return ", ".join(filter(None, words))

    rows = sorted((row for _, row in there.iterrows()), key=place)
    return made, {row[KEY]: text(row) for row in rows}


def areas(
    ax: Axes,
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
    look: Mapping[str, tagging.Look],
) -> None:
    """Draw the AUC of each point and of its trials.

    Parameters
    ----------
    ax
        Where to draw.
    tables, labels
        As `named` returns them.
    look
        Colour and line of each point (`relearn.figures.tagging.looks`).
    """
    tagging.by_name(ax, tables[""], tables["points"], KEY, labels, look=look)
    ax.set_xlabel("AUC")


def differences(
    ax: Axes,
    pairs: pd.DataFrame,
    labels: Mapping[str, str],
    look: Mapping[str, tagging.Look],
    text: str,
    otherwise: str = "nothing to compare with",
) -> None:
    """Draw differences of AUC to a reference, or that there is none.

    Parameters
    ----------
    ax, labels, look
        As of `areas`.
    pairs
        As `relearn.studies.tagging.compare` returns it, with `KEY` unless it is empty.
    text, otherwise
        Label of the axis, and what is written in place of bars where there are none.
    """
    if pairs.empty:
        panels.nothing(ax, otherwise)
        return
    tagging.bars(ax, pairs, KEY, labels, look=look)
    ax.set_xlabel(text)
