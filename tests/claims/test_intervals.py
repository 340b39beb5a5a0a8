"""Claims on numbers whose interval stands in the table."""

import math

import pandas as pd
import pytest
from helpers_claims import claim
from pydantic import ValidationError

from relearn.errors import UserError
from relearn.scoring import DIFFERS, INCONCLUSIVE, REPRODUCED, score

BELOW = {"table": "image_taggers_pairs", "where": {"tagger": "bdt"}, "value": "difference"}
BELOW |= {"interval": True, "relation": "<", "expect": 0}


def table(low, high, tagger="bdt", **columns):
    middle = (low + high) / 2
    row = {"tagger": tagger, "difference": middle, "difference_error": (high - low) / 6}
    return pd.DataFrame([row | {"difference_low": low, "difference_high": high} | columns])


def scored(found, **changes):
    return score(claim(**BELOW | changes), {"image_taggers_pairs": found}, "default")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.03, -0.01, REPRODUCED), (0.01, 0.03, DIFFERS), (-0.01, 0.03, INCONCLUSIVE)],
)
def test_the_interval_of_the_table_decides(low, high, verdict):
    found = scored(table(low, high, trials=4))
    assert found.verdict == verdict and found.n == 4
    assert found.measured == pytest.approx((low + high) / 2)
    assert found.uncertainty == pytest.approx((high - low) / 6)
    assert f"{low:.4g} to {high:.4g}" in found.reason


def test_one_row_is_looked_at():
    two = pd.concat([table(-3, -1), table(-3, -1)], ignore_index=True)
    with pytest.raises(UserError, match="2 rows fulfil it; an `interval` is of one"):
        scored(two)
    other = pd.concat([table(-3, -1), table(1, 3, tagger="cnn")], ignore_index=True)
    assert scored(other).verdict == REPRODUCED


def test_without_an_interval_nothing_is_decided():
    nothing = table(-math.inf, math.inf, difference=-1.0, difference_error=math.nan)
    assert scored(nothing).verdict == INCONCLUSIVE
    assert "one trial" in scored(nothing).reason
    lost = scored(table(math.nan, math.nan))
    assert lost.verdict == INCONCLUSIVE and "diverged" in lost.reason


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(UserError, match="interval: there is no column 'difference_low'"):
        scored(table(-3, -1).drop(columns="difference_low"))


@pytest.mark.parametrize(
    "changes", [{"versus": {"where": {"tagger": "cnn"}}}, {"reduce": "share", "within": {"min": 0}}]
)
def test_it_is_no_difference_and_no_share(changes):
    with pytest.raises(ValidationError, match="interval: is of one row"):
        claim(**BELOW | changes)
