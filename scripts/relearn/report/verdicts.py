"""The scored claims, as the page shows them: claims.csv → talks, each with its claims."""

import csv
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from relearn.errors import UserError
from relearn.report import numbers
from relearn.scoring import COLUMNS, VERDICTS

SIGNS = dict(zip(VERDICTS, "✓✗≈–", strict=True))
SOURCE = re.compile(r"(?P<file>\w+), (?P<talk>.*?): “(?P<quote>.*)”", re.S)
WHO = {"talk": "the talk", "paper": "the talk’s paper", "ours": "us"}


@dataclass(frozen=True)
class Card:
    """One claim: texts ready to be shown, not yet escaped."""

    id: str
    statement: str
    quote: str
    expected: str
    measured: str
    networks: str
    verdict: str
    reason: str
    threshold: str
    study: str

    @property
    def sign(self) -> str:
        """A sign for the verdict, so that colour is not all that tells."""
        return SIGNS[self.verdict]

    @property
    def slug(self) -> str:
        """The verdict as the name of a style."""
        return self.verdict.replace(" ", "-")

    @property
    def anchor(self) -> str:
        """Where the page shows it."""
        return "claim-" + re.sub(r"[^\w-]", "-", self.id)


@dataclass(frozen=True)
class Claims:
    """All claims: by talk in the order of the file; and the scale that they were scored at."""

    talks: dict[str, list[Card]]
    scale: str | None

    @property
    def cards(self) -> list[Card]:
        """All claims."""
        return [card for cards in self.talks.values() for card in cards]

    def counts(self) -> dict[str, int]:
        """Return verdict → number of claims."""
        found = [card.verdict for card in self.cards]
        return {verdict: found.count(verdict) for verdict in VERDICTS}

    def of(self, study: str) -> list[Card]:
        """Return the claims that a study measures."""
        return [card for card in self.cards if card.study == study]


def read(path: str | os.PathLike) -> Claims:
    """Read ``claims.csv``.

    Raises
    ------
    UserError
        If it is missing, lacks a column, or has a verdict, a number or a scale that cannot be.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist: run the workflow, the rule `claims` writes it")
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UserError(
            f"{path} has no column {', '.join(missing)}: delete it, and the workflow writes it anew"
        )
    talks: dict[str, list[Card]] = {}
    for line, row in enumerate(rows, start=2):
        talk, card = _card(row, f"{path}, row {line}")
        talks.setdefault(talk, []).append(card)
    return Claims(talks, _one_scale(rows, path))


def _card(row: dict[str, str], place: str) -> tuple[str, Card]:
    if None in row or None in row.values():
        raise UserError(
            f"{place}: more or fewer values than columns; delete the file and run again"
        )
    if row["verdict"] not in VERDICTS:
        raise UserError(
            f"{place}: the verdict {row['verdict']!r} is none of {', '.join(VERDICTS)}; "
            "delete the file and run again"
        )
    value, error, n = (_number(row[name], name, place) for name in ("measured", "uncertainty", "n"))
    found = SOURCE.fullmatch(row["source"])
    talk = f"Talk {found['file']} · {found['talk']}" if found else row["source"]
    return talk, Card(
        id=row["id"],
        statement=row["statement"],
        quote=found["quote"] if found else "",
        expected=row["expected"],
        measured=numbers.with_error(value, error),
        networks=f"{n:.0f} network{'s' if n != 1 else ''}" if n > 0 else "",
        verdict=row["verdict"],
        reason=row["reason"],
        threshold=WHO.get(row["threshold"], row["threshold"]),
        study=row["study"],
    )


def _number(text: str, column: str, place: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        raise UserError(
            f"{place}: {column} {text!r} is no number; delete the file and run again"
        ) from None


def _one_scale(rows: Iterable[dict[str, str]], path: Path) -> str | None:
    scales = sorted({row["scale"] for row in rows})
    if len(scales) > 1:
        raise UserError(f"{path} mixes the scales {', '.join(scales)}: delete it and run again")
    return scales[0] if scales else None
