"""Points of taggers by name: one column of text that tells them apart, and what is written."""

from collections.abc import Mapping

import pandas as pd

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
