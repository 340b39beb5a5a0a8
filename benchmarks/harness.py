"""What all benchmarks share: fair repeats, one row a peer, ``results/benchmarks.csv``.

A benchmark module has ``BENCHMARKS``: name → function without arguments that measures and
returns a list of `Result`. `run.py` finds and runs them.
"""

import csv
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from relearn.errors import UserError
from relearn.files import atomic

COLUMNS = ("benchmark", "peer", "ours", "theirs", "unit", "ratio")
TIMES = ("s", "ms", "µs")


class MissingPeer(UserError):
    """A peer is not installed here: the message says how to get it. The others can go on."""


@dataclass(frozen=True)
class Result:
    """One comparison: a rate (unit ``…/s``: more is better) or a time (less is better)."""

    benchmark: str
    peer: str
    ours: float
    theirs: float
    unit: str

    def __post_init__(self):
        if not (self.unit.endswith("/s") or self.unit in TIMES):
            raise ValueError(f"unit {self.unit!r} is neither a rate (…/s) nor one of {TIMES}")
        if not (self.ours > 0 and self.theirs > 0):
            raise ValueError(f"{self.benchmark}: {self.ours} and {self.theirs} must be positive")

    @property
    def ratio(self) -> float:
        """How many times better ours is; above 1 we win."""
        rate = self.unit.endswith("/s")
        return self.ours / self.theirs if rate else self.theirs / self.ours

    def row(self) -> dict[str, str]:
        """Return the row of the table."""
        numbers = {name: f"{getattr(self, name):.4g}" for name in ("ours", "theirs", "ratio")}
        return {name: numbers.get(name, getattr(self, name, "")) for name in COLUMNS}


def interleave(repeats: int, *measure: Callable[[], float]) -> list[float]:
    """Return the median of each measurement.

    Parameters
    ----------
    repeats
        How often each is made.
    *measure
        Functions that measure once and return the number; they take turns, so that whatever
        else the machine does meanwhile meets all alike.
    """
    rounds = [[function() for function in measure] for _ in range(repeats)]
    return [statistics.median(values) for values in zip(*rounds, strict=True)]


def read(path: str | Path) -> list[dict[str, str]]:
    """Return the rows of a table, none where there is no file."""
    if not Path(path).is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: str | Path, results: Iterable[Result]) -> None:
    """Merge results into a table: they replace rows of the same benchmark and peer."""
    rows = {(row["benchmark"], row["peer"]): row for row in read(path)}
    rows |= {(result.benchmark, result.peer): result.row() for result in results}
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows[key] for key in sorted(rows))


def show(rows: Iterable[dict[str, str]]) -> str:
    """Return rows as text in columns."""
    cells = [COLUMNS, *(tuple(row[name] for name in COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = {"benchmark", "peer", "unit"}
    lines = []
    for row in cells:
        padded = [
            cell.ljust(width) if name in left else cell.rjust(width)
            for name, cell, width in zip(COLUMNS, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)
