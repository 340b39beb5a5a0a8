"""Differences of taggers that do not spread alike, against closed forms and drawn trials."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from relearn.deviations import LEVEL
from relearn.studies import pairs
from relearn.studies.pairs import Spread


def trials(family, *aucs):
    return pd.DataFrame({"auc": aucs, "family": family})


def test_the_spread_is_that_of_the_family_or_ones_own_if_it_is_larger():
    points = [
        *(trials("sets", 0.90, 0.92), trials("sets", 0.90, 0.90, 0.90)),
        *(trials("graphs", 0.5, 0.7), trials("variables", 0.8)),
    ]
    found = pairs.spreads(points)
    family = 2 * 0.01**2 / 3  # of sets: squares over 1 + 2 degrees of freedom
    assert found[0] == Spread(pytest.approx(2 * 0.01**2 / 2), 3), "its own"
    assert found[1] == Spread(pytest.approx(family / 3), 3), "the family's"
    assert found[2] == Spread(pytest.approx(0.02 / 2), 1), "without those of sets"
    everything = (2 * 0.01**2 + 0.02) / 4
    assert found[3] == Spread(pytest.approx(everything), 4), "of all, where it has no other"


def test_single_trials_alone_have_no_spread():
    (found,) = pairs.spreads([trials("sets", 0.9)])
    assert math.isnan(found.variance) and found.freedom == 0
    error, low, high, sigmas = pairs.interval(0.1, 0.01, (found, Spread(0.0, 5)))
    assert math.isnan(error) and (low, high) == (-math.inf, math.inf) and math.isnan(sigmas)


def test_without_test_jets_it_is_welchs_interval():
    one, other = np.array([0.90, 0.91, 0.94]), np.array([0.80, 0.84])
    sides = [Spread(values.var(ddof=1) / len(values), len(values) - 1) for values in (one, other)]
    value = one.mean() - other.mean()
    error, low, high, sigmas = pairs.interval(value, 0.0, sides)
    expected = stats.ttest_ind(one, other, equal_var=False)
    assert value / error == pytest.approx(expected.statistic)
    wanted = expected.confidence_interval(1 - 2 * LEVEL)
    assert (low, high) == pytest.approx((wanted.low, wanted.high))
    assert 2 * stats.norm.sf(sigmas) == pytest.approx(expected.pvalue)


def test_without_a_spread_it_is_three_errors_of_the_jets():
    found = pairs.interval(-0.02, 0.01, (Spread(0.0, 2), Spread(0.0, 2)))
    assert found == pytest.approx((0.01, -0.05, 0.01, -2.0))


def test_a_wild_family_leaves_the_others_alone():
    calm = [trials("variables", 0.930, 0.931), trials("variables", 0.920, 0.921)]
    wild = [trials("graphs", 0.80, 0.90), trials("graphs", 0.70, 0.85)]
    alone, beside = (pairs.spreads(points)[:2] for points in (calm, calm + wild))
    assert alone == beside


@pytest.mark.parametrize("one, other", [(3.0, 3.0), (0.1, 1.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(one, other):
    """Two families of two taggers with two trials each; the error of the jets is 1."""
    random, count = np.random.default_rng(5), 300
    missed = 0
    for _ in range(count):
        draws = [
            trials(family, *values)
            for family, spread in (("sets", one), ("graphs", other))
            for values in random.normal(scale=spread, size=(2, 2))
        ]
        sides = pairs.spreads(draws)
        value = draws[0]["auc"].mean() - draws[2]["auc"].mean() + random.normal()
        _, low, high, _ = pairs.interval(value, 1.0, (sides[0], sides[2]))
        missed += not low <= 0 <= high
    expected = 2 * LEVEL * count
    assert missed <= expected + 3 * np.sqrt(expected)
