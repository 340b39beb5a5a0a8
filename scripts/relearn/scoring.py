"""Claims and tables → verdicts, from the tables alone.

A claim allows its quantity a range, and the tables give an interval that holds the true
quantity at three standard deviations. `reproduced`: the whole interval lies in the range;
`differs`: none of it does; `inconclusive`: the trials cannot tell.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relearn.claims import SCALES, Claim, load
from relearn.deviations import SIGMAS
from relearn.errors import UserError
from relearn.estimates import Estimate, known, measure, networks, nothing_fulfils, select
from relearn.figures.tables import read_table

VERDICTS = REPRODUCED, DIFFERS, INCONCLUSIVE, NOT_RUN = (
    "reproduced",
    "differs",
    "inconclusive",
    "not run",
)
COLUMNS = (
    *("id", "source", "statement", "expected", "measured", "uncertainty"),
    *("verdict", "scale", "threshold", "study", "n", "reason"),
)


@dataclass(frozen=True)
class Score:
    """The outcome of one claim; `measured` is NaN where there is nothing to look at."""

    verdict: str
    reason: str
    measured: float = math.nan
    uncertainty: float = math.nan
    n: int = 0


def judge(found: Estimate, accepted: tuple[float, float]) -> str:
    """Return the verdict on a measured quantity.

    Parameters
    ----------
    found
        The quantity, in any unit. An interval without width decides nothing: trials that all
        agree to the last digit do not say how much others would differ.
    accepted
        The range that the claim allows, without its ends: none of some is not "more than none".
    """
    low, high = accepted
    if not found.low < found.high:
        return INCONCLUSIVE
    if (low < found.low or low == -math.inf) and (found.high < high or high == math.inf):
        return REPRODUCED
    if found.high < low or high < found.low:
        return DIFFERS
    return INCONCLUSIVE


def score(claim: Claim, tables: Mapping[str, pd.DataFrame], scale: str) -> Score:
    """Score one claim.

    Parameters
    ----------
    claim
        What is stated.
    tables
        The tables that exist, by name.
    scale
        The scale of the tables. One that is not among `relearn.claims.SCALES` is the user's
        own, and every claim is scored there.

    Raises
    ------
    UserError
        If a table has no such column, or a condition does not fit its type.
    """
    if scale in SCALES and SCALES.index(scale) < SCALES.index(claim.from_scale):
        return Score(NOT_RUN, f"scored from the scale {claim.from_scale} on")
    sides, notes = [], []
    for side in claim.sides:
        table = tables.get(side.table, pd.DataFrame())
        if table.empty:
            return Score(NOT_RUN, f"{side.table}.csv is not there or empty: its study was not run")
        rows = select(table, side)
        if rows.empty:
            return Score(NOT_RUN, nothing_fulfils(table, side))
        if claim.interval:
            return _known(claim, rows)
        values, left_out = networks(rows, side.value)
        sides.append(values)
        notes += left_out
    if any(side.empty for side in sides):
        return Score(INCONCLUSIVE, "; ".join(notes))
    found = measure(claim, sides)
    verdict = judge(found, claim.accepted)
    if len(sides) == 2 and claim.within is None:
        notes.insert(0, f"{sides[0].mean():.5g} against {sides[1].mean():.5g}")
    notes.append(_explain(found, verdict))
    n = len(pd.concat(sides).index.unique())
    return Score(verdict, "; ".join(notes), found.value, found.error, n)


def _known(claim: Claim, rows: pd.DataFrame) -> Score:
    """Score a claim on a number whose interval stands in the table."""
    found = known(rows, claim.value)
    if not math.isfinite(found.value):
        return Score(INCONCLUSIVE, "the table has no number there: trainings diverged")
    verdict = judge(found, claim.accepted)
    trials = int(rows["trials"].iloc[0]) if "trials" in rows else 0
    return Score(verdict, _explain(found, verdict), found.value, found.error, trials)


def _explain(found: Estimate, verdict: str) -> str:
    if math.isnan(found.error):
        return "one trial has no spread to judge by"
    if found.low == found.high:
        return "all trials give the same number, which has no spread to judge by"
    where = {REPRODUCED: "all as stated", DIFFERS: "none as stated", INCONCLUSIVE: "cannot tell"}
    return (
        f"{found.low:.4g} to {found.high:.4g} at {SIGMAS:g} standard deviations: {where[verdict]}"
    )


def score_file(path: str | Path, folder: str | Path, scale: str) -> pd.DataFrame:
    """Score all claims of a file against a folder of tables.

    Parameters
    ----------
    path
        The claims (YAML).
    folder
        ``results/<scale>/tables``.
    scale
        Name of the scale.

    Returns
    -------
    DataFrame
        One row per claim, with `COLUMNS`; measured and uncertainty are NaN if not run.

    Raises
    ------
    UserError
        If the claims or a table cannot be used.
    """
    sources, claims = load(path)
    stems = {side.table for claim in claims for side in claim.sides}
    files = {stem: Path(folder) / f"{stem}.csv" for stem in sorted(stems)}
    tables = {stem: read_table(file) for stem, file in files.items() if file.is_file()}
    rows = []
    for claim in claims:
        try:
            found = score(claim, tables, scale)
        except UserError as error:
            raise UserError(f"{path}: claim {claim.id}, {error}") from None
        rows.append(
            {
                "id": claim.id,
                "source": f"{claim.source}, {sources[claim.source]}: “{claim.quote}”",
                "statement": claim.statement,
                "expected": claim.expected,
                "scale": scale,
                "threshold": claim.threshold,
                "study": claim.study,
                **vars(found),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summary(scored: pd.DataFrame) -> str:
    """Return the counts of the verdicts in one line."""
    found = scored["verdict"].value_counts()
    return f"{len(scored)} claims: " + ", ".join(f"{found.get(v, 0)} {v}" for v in VERDICTS)
