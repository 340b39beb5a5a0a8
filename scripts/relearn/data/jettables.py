"""Jets in tables of somebody else: four-vectors of their constituents, and a label.

A table has a column for each component of each constituent, as in the public top-tagging
reference set (``E_0``, ``PX_0``, … ``PZ_199``), or a column of lists for each component.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.data.tablefile import Chunk, Table, open_table
from relearn.data.tagfile import LABELS
from relearn.errors import UserError

ROWS_AT_ONCE = 5000
PLACE = "{i}"  # in the name of a column: which constituent
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A file of jets.

    Attributes
    ----------
    table
        The file.
    names
        Columns of E, px, py, pz: as many of each as there are constituents, or one that holds
        lists.
    label
        Column of the label.
    """

    table: Table
    names: tuple[tuple[str, ...], ...]
    label: str

    @classmethod
    def open(cls, path: str | Path, settings: Mapping[str, Any]) -> "Source":
        """Look at a file.

        Raises
        ------
        UserError
            If it cannot be read, has no rows, or lacks a column.
        """
        table = open_table(path, settings["key"])
        if not table.rows:
            raise UserError(f"{path} has no rows in {settings['key']!r}: name another file or key")
        names = tuple(_numbered(table, pattern) for pattern in settings["columns"])
        counts = {pattern: len(of) for pattern, of in zip(settings["columns"], names, strict=True)}
        if len(set(counts.values())) > 1:
            many = ", ".join(f"{count} {pattern}" for pattern, count in counts.items())
            raise UserError(
                f"{path}: the numbers of constituents differ: {many} columns. Complete the file, "
                "or correct `columns`"
            )
        return cls(table, names, settings["label"])

    def labels(self) -> NDArray[np.bool_]:
        """Return which jets are signal.

        Raises
        ------
        UserError
            If a label is neither 1 nor 0.
        """
        found, done = [], 0
        for chunk in self.table.chunks([self.label], 10 * ROWS_AT_ONCE):
            values = np.asarray(chunk[self.label])
            bad = np.flatnonzero(~np.isin(values, list(LABELS.values())))
            if len(bad):
                raise UserError(
                    f"{self.table.path}: {self.label} of row {done + bad[0]} is {values[bad[0]]}, "
                    "neither 1 (signal) nor 0 (background). Correct the file, or name another "
                    "column in `label`"
                )
            found.append(values == LABELS["signal"])
            done += len(values)
        return np.concatenate(found)

    def chunks(self) -> Iterator[Array]:
        """Yield all jets: (rows, constituents, 4), E, px, py, pz, zeros where there is none.

        Raises
        ------
        UserError
            If a component is no finite number, a constituent has no energy, or a jet has no
            constituent or no pT: names file, column and row.
        """
        done = 0
        for chunk in self.table.chunks([name for of in self.names for name in of], ROWS_AT_ONCE):
            p4 = self._listed(chunk, done) if len(self.names[0]) == 1 else self._wide(chunk)
            self._check(p4, done)
            yield p4
            done += len(p4)

    def _wide(self, chunk: Chunk) -> Array:
        rows = len(chunk[self.names[0][0]])
        p4 = np.empty((rows, len(self.names[0]), 4), dtype=np.float32)
        for component, names in enumerate(self.names):
            for i, name in enumerate(names):
                p4[:, i, component] = chunk[name]
        return p4

    def _listed(self, chunk: Chunk, done: int) -> Array:
        lists = [ak.Array(chunk[names[0]]) for names in self.names]
        if lists[0].ndim == 1:  # one constituent, in columns
            return self._wide(chunk)
        counts = [ak.to_numpy(ak.num(one)) for one in lists]
        for names, count in zip(self.names, counts, strict=True):
            if (differ := np.flatnonzero(count != counts[0])).size:
                row = differ[0]
                raise UserError(
                    f"{self.table.path}: the numbers of constituents of row {done + row} differ: "
                    f"{counts[0][row]} {self.names[0][0]}, {count[row]} {names[0]}. Correct the "
                    "file"
                )
        longest = max(int(counts[0].max(initial=0)), 1)
        padded = [ak.fill_none(ak.pad_none(one, longest, clip=True), 0) for one in lists]
        return np.stack([ak.to_numpy(one).astype(np.float32) for one in padded], axis=2)

    def _check(self, p4: Array, done: int) -> None:
        def stop(bad: NDArray[np.bool_], what: str) -> None:
            row, i, component = (int(one) for one in np.argwhere(bad)[0])
            names = self.names[component]
            listed = len(names) == 1
            place = f"{names[0 if listed else i]} of row {done + row}"
            place += f", constituent {i}," if listed else ""
            raise UserError(
                f"{self.table.path}: {place} {what}. Correct the file, or leave the jet out"
            )

        if not np.isfinite(p4).all():
            stop(~np.isfinite(p4), "is no finite number")
        there = p4.any(axis=2)
        dark = np.zeros(p4.shape, dtype=bool)
        dark[..., 0] = there & (p4[..., 0] <= 0)
        if dark.any():
            stop(dark, "is not above 0, though the constituent has a momentum")
        across = p4[..., 1:3].sum(axis=1, dtype=np.float64).any(axis=1)
        for fine, lacks in ((there.any(axis=1), "constituents"), (across, "pT")):
            if not fine.all():
                row = int(np.flatnonzero(~fine)[0])
                raise UserError(
                    f"{self.table.path}: the jet in row {done + row} has no {lacks}. Leave it out"
                )


def _numbered(table: Table, pattern: str) -> tuple[str, ...]:
    """Return the columns that a pattern means, counted from 0 without a gap."""
    if PLACE not in pattern:
        return (pattern,)
    there = set(table.names)
    found = []
    while (name := pattern.replace(PLACE, str(len(found)))) in there:
        found.append(name)
    if not found:
        few = ", ".join(table.names[:8]) + (", …" if len(table.names) > 8 else "")
        raise UserError(
            f"{table.path} has no column {pattern.replace(PLACE, '0')}; it has {few}. Say in "
            "`columns` of the dataset what they are called"
        )
    return tuple(found)
