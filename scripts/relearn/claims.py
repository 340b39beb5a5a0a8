"""What the talks state, as data: ``config/claims.yaml`` → checked claims, ready for scoring.

Every claim says where one quantity lies: around a number, above or below one. The quantity is
a column of a study's table, reduced over trained networks, or the difference of two such. The
file holds data only; `relearn.estimates` looks the quantities up, `relearn.scoring` judges.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from relearn.config import Name, Strict
from relearn.errors import UserError
from relearn.studylist import STUDIES

SCALES = ("nano", "smoke", "default", "evening", "paper")
TABLES = {
    "_".join(filter(None, (study, extra))): study
    for study, plan in STUDIES.items()
    for extra in ("", *plan.extras)
}
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class Range(Strict):
    """A condition on a column of numbers; both ends belong to it."""

    min: Number = -math.inf
    max: Number = math.inf

    @model_validator(mode="after")
    def _not_empty(self) -> "Range":
        if not self.model_fields_set or self.min > self.max:
            raise ValueError("a range has `min`, `max` or both, with min ≤ max")
        return self


Scalar = bool | int | float | str
Condition = Scalar | list[Scalar] | Range


def _check_where(where: Any) -> Any:
    """Name the column of a wrong condition; pydantic would name every type that it tried."""
    if not isinstance(where, Mapping):
        raise ValueError("write `column: condition` pairs")
    for column, condition in where.items():
        try:
            if isinstance(condition, Mapping):
                Range.model_validate(condition)
                continue
        except ValidationError:
            raise ValueError(f"{column}: a range is {{min: …, max: …}}, min ≤ max") from None
        values = condition if isinstance(condition, list) else [condition]
        if not values or not all(isinstance(value, Scalar) for value in values):
            raise ValueError(f"{column}: write a value, a list of values or {{min: …, max: …}}")
    return where


def _check_table(table: str | None) -> str | None:
    if table is not None and table not in TABLES:
        raise ValueError(f"{table!r} is no table; there are {', '.join(TABLES)}")
    return table


class Versus(Strict):
    """The other side of a comparison; what it does not say is as in the claim."""

    table: str | None = None
    where: dict[str, Condition] = {}
    value: Text | None = None

    _where = field_validator("where", mode="before")(_check_where)
    _table = field_validator("table")(_check_table)


@dataclass(frozen=True)
class Side:
    """One selection of rows, and the column that is looked at; `key` is its place in YAML."""

    table: str
    where: Mapping[str, Any]
    value: str
    key: str = ""


class Claim(Strict):
    """One statement, the query that measures it, and what is expected."""

    id: Name = Field(description="a short name, used once")
    source: Text = Field(description="one of `sources`")
    quote: Text = Field(description="the source's own words")
    statement: Text = Field(description="what is scored, in one plain sentence")
    threshold: Literal["talk", "paper", "ours"] = Field(description="who set the number below")
    table: str = Field(description="a table of a study")
    where: dict[str, Condition] = Field(
        {}, description="its rows: column → value, list of values, or {min, max}"
    )
    value: Text = Field(description="its column")
    reduce: Literal["mean", "share"] = Field(
        "mean", description="over networks: the mean, or the share of those that lie `within`"
    )
    within: Range | None = Field(None, description="of a share: {min, max}")
    versus: Versus | None = Field(
        None,
        description="what differs on the other side (table, where, value): the quantity is "
        "then the difference",
    )
    interval: bool = Field(
        False,
        strict=True,
        description="the table knows the interval: `<value>_low` and `<value>_high` of one row",
    )
    relation: Literal[">", "<"] | None = Field(None, description="than `expect`")
    expect: Number | None = Field(None, description="the number; for a difference 0 if left out")
    tolerance: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="± around `expect`, instead of a relation"
    )
    from_scale: Literal[SCALES] = Field("default", description="smaller scales do not score it")

    _where = field_validator("where", mode="before")(_check_where)
    _table = field_validator("table")(_check_table)

    @model_validator(mode="after")
    def _one_kind(self) -> "Claim":
        if (self.relation is None) == (self.tolerance is None):
            raise ValueError("relation: give either it or `tolerance`")
        if self.expect is None and self.versus is None:
            raise ValueError("expect: is required (or `versus`, for a comparison)")
        if (self.reduce == "share") != (self.within is not None):
            raise ValueError("within: belongs to `reduce: share`, which needs it")
        if self.interval and (self.versus is not None or self.reduce == "share"):
            raise ValueError("interval: is of one row, without `versus` and `reduce: share`")
        if self.versus is not None and not self.versus.model_fields_set:
            raise ValueError("versus: say what differs: table, where or value")
        return self

    @property
    def study(self) -> str:
        """The study that measures it."""
        return TABLES[self.table]

    @property
    def sides(self) -> list[Side]:
        """What is looked at, and what that is compared with."""
        own = Side(self.table, self.where, self.value)
        if self.versus is None:
            return [own]
        other = self.versus
        where = {**self.where, **other.where}
        return [
            own,
            Side(other.table or self.table, where, other.value or self.value, "versus."),
        ]

    @property
    def accepted(self) -> tuple[float, float]:
        """The range of the quantity that the claim allows, without its ends."""
        number = self.expect or 0.0
        if self.tolerance is not None:
            return number - self.tolerance, number + self.tolerance
        return (number, math.inf) if self.relation == ">" else (-math.inf, number)

    @property
    def expected(self) -> str:
        """The expectation in words and signs."""
        number = f"{self.expect or 0:g}"
        text = f"{self.relation} {number}" if self.relation else f"{number} ± {self.tolerance:g}"
        return f"difference {text}" if self.versus else text


class ClaimsFile(Strict):
    """The whole file."""

    sources: dict[str, Text] = Field(description="who said it, where and when, by number")
    claims: list[dict[str, Any]]


def load(path: str | Path) -> tuple[dict[str, str], list[Claim]]:
    """Read and check the claims.

    Parameters
    ----------
    path
        YAML, as described in ``docs/claims.md``.

    Returns
    -------
    sources, claims
        The sources by number, and the claims in the file's order.

    Raises
    ------
    UserError
        With a line per mistake: the file, the claim, the key, and what is allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist: restore it")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = ClaimsFile.model_validate(content or {})
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {error}") from None
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {_explain(item)}" for item in error.errors())) from None
    claims: list[Claim] = []
    mistakes = []
    for number, entry in enumerate(file.claims, start=1):
        where = f"{path}: claim {entry.get('id', f'number {number}')}"
        try:
            claim = Claim.model_validate(entry)
        except ValidationError as error:
            mistakes += [f"{where}, {_explain(item)}" for item in error.errors()]
            continue
        if claim.source not in file.sources:
            known = ", ".join(file.sources)
            mistakes.append(f"{where}, source: {claim.source!r} is none of {known}")
        if claim.id in [other.id for other in claims]:
            mistakes.append(f"{where}, id: it is used twice; rename one")
        claims.append(claim)
    if mistakes:
        raise UserError("\n".join(mistakes))
    return file.sources, claims


def _explain(item: Mapping[str, Any]) -> str:
    key = ".".join(map(str, item["loc"]))
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{key}: unknown key; see docs/claims.md for the keys there are"
    if item["type"] == "missing":
        return f"{key}: is required"
    if item["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key}: {message} (it is {item['input']!r})" if key else message
