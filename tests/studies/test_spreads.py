"""Spreads of trials and their intervals, against closed forms and drawn trials."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from relearn.deviations import LEVEL
from relearn.studies import spreads
from relearn.studies.spreads import Spread


def trials(family, *aucs, dataset="tops"):
    return pd.DataFrame({"auc": aucs, "family": family, "dataset": dataset})


def of_families(points):
    return spreads.of_points(points, kind="family")


def alone(values, pool=None):
    return spreads.of_trials(pd.Series(values), 0.0, len(values) - 1, pool)


def test_the_spread_is_that_of_the_family_or_ones_own_if_it_is_larger():
    points = [
        *(trials("sets", 0.90, 0.92), trials("sets", 0.90, 0.90, 0.90)),
        *(trials("graphs", 0.5, 0.7), trials("variables", 0.8)),
    ]
    found = of_families(points)
    family = 2 * 0.01**2 / 3  # of sets: squares over 1 + 2 degrees of freedom
    assert found[0] == Spread(pytest.approx(2 * 0.01**2 / 2), 3), "its own"
    assert found[1] == Spread(pytest.approx(family / 3), 3), "the family's"
    assert found[2] == Spread(pytest.approx(0.02 / 2), 1), "without those of sets"
    everything = (2 * 0.01**2 + 0.02) / 4
    assert found[3] == Spread(pytest.approx(everything), 4), "of all, where it has no other"


def test_few_jets_do_not_widen_what_many_know():
    many, few = trials("sets", 0.90, 0.91), trials("sets", 0.7, 0.8, dataset="tops_high")
    found = of_families([many, few])
    assert [one.freedom for one in found] == [1, 1]
    assert found[0].variance == pytest.approx(0.01**2 / 4)
    assert found[1].variance == pytest.approx(0.1**2 / 4)


def test_single_trials_alone_have_no_spread():
    (found,) = of_families([trials("sets", 0.9)])
    assert math.isnan(found.variance) and found.freedom == 0
    error, low, high, sigmas = spreads.interval(0.1, 0.01, (found, Spread(0.0, 5)))
    assert math.isnan(error) and (low, high) == (-math.inf, math.inf) and math.isnan(sigmas)


def test_without_test_jets_it_is_welchs_interval():
    one, other = np.array([0.90, 0.91, 0.94]), np.array([0.80, 0.84])
    sides = [alone(one), alone(other)]
    value = one.mean() - other.mean()
    error, low, high, sigmas = spreads.interval(value, 0.0, sides)
    expected = stats.ttest_ind(one, other, equal_var=False)
    assert value / error == pytest.approx(expected.statistic)
    wanted = expected.confidence_interval(1 - 2 * LEVEL)
    assert (low, high) == pytest.approx((wanted.low, wanted.high))
    assert 2 * stats.norm.sf(sigmas) == pytest.approx(expected.pvalue)


def test_without_a_spread_it_is_three_errors_of_the_jets():
    found = spreads.interval(-0.02, 0.01, (Spread(0.0, 2), Spread(0.0, 2)))
    assert found == pytest.approx((0.01, -0.05, 0.01, -2.0))


def test_a_wild_family_leaves_the_others_alone():
    calm = [trials("variables", 0.930, 0.931), trials("variables", 0.920, 0.921)]
    wild = [trials("graphs", 0.80, 0.90), trials("graphs", 0.70, 0.85)]
    only, beside = (of_families(points)[:2] for points in (calm, calm + wild))
    assert only == beside


def test_without_an_error_of_the_jets_the_interval_of_a_mean_is_students():
    values = np.array([0.90, 0.91, 0.93])
    error, low, high, _ = spreads.interval(values.mean(), 0.0, [alone(values)])
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    reach = stats.t.isf(LEVEL, 2) * error
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach))


def test_errors_add_in_quadrature_and_trials_do_not_shrink_that_of_the_jets():
    many, *_ = spreads.interval(0.9, 0.01, [Spread(0.02**2 / 10**8, 10**8)])
    assert many == pytest.approx(0.01, rel=1e-5)
    both, _, high, _ = spreads.interval(0.0, 3.0, [Spread(4.0, 10**9), Spread(9.0, 10**9)])
    assert both == pytest.approx(np.sqrt(9 + 4 + 9)) and high == pytest.approx(3 * both, rel=1e-4)


def test_two_sides_of_one_pool_are_wrong_together():
    # with equal variances and apart, Welch has twice the freedom
    reach = [
        spreads.interval(0.0, 0.0, [Spread(1.0, 3, pool), Spread(1.0, 3, pool)])[2]
        for pool in ("lola", None)
    ]
    wanted = [np.sqrt(2) * stats.t.isf(LEVEL, freedom) for freedom in (3, 6)]
    assert reach == pytest.approx(wanted)


def test_the_spread_is_pooled_with_its_degrees_of_freedom():
    groups = [pd.Series([1.0, 3.0]), pd.Series([5.0]), pd.Series([1.0, 2.0, 3.0])]
    spread, freedom = spreads.pooled(groups)
    assert (spread**2, freedom) == (pytest.approx((1 * 2 + 2 * 1) / 3), 3)
    assert spreads.pooled([pd.Series([1.0])])[1] == 0


def test_relative_spreads_are_of_shares():
    points = [trials("sets", 10.0, 12.0), trials("sets", 1000.0, 1000.0)]
    found = spreads.of_points(points, kind="family", relative=True)
    share = (np.sqrt(2) / 11) ** 2 / 2  # of two points, one of which does not spread
    assert found[1].variance == pytest.approx(share * 1000**2 / 2)


def most(count, rate=2 * LEVEL):
    """As many as there may be of `count` draws, at three standard deviations."""
    return count * rate + 3 * np.sqrt(count * rate)


def missed_of(count, spread_of, sample, versus, seed=5):
    """How many intervals of a difference of `versus` (kinds) miss the truth, 0."""
    random, missed = np.random.default_rng(seed), 0
    for _ in range(count):
        draws = [
            trials(kind, *random.normal(scale=spread, size=number))
            for kind, spread, number in spread_of
        ]
        kinds = [kind for kind, *_ in spread_of]
        one, other = kinds.index(versus[0]), len(kinds) - 1 - kinds[::-1].index(versus[1])
        sides = of_families(draws)
        value = draws[one]["auc"].mean() - draws[other]["auc"].mean()
        value += random.normal(scale=sample)
        _, low, high, _ = spreads.interval(value, sample, (sides[one], sides[other]))
        missed += not low <= 0 <= high
    return missed


@pytest.mark.parametrize("one, other", [(3.0, 3.0), (0.1, 1.0)])
def test_intervals_miss_the_truth_hardly_more_often_than_they_say(one, other):
    """Two families of two taggers with two trials each; the error of the jets is 1.

    Of 3000 draws 0.5 % missed it, where 0.27 % should.
    """
    points = [("sets", one, 2), ("sets", one, 2), ("graphs", other, 2), ("graphs", other, 2)]
    assert missed_of(300, points, 1.0, ("sets", "graphs")) <= most(300, 4 * LEVEL)


def test_trees_that_hardly_spread_take_nothing_from_networks_that_do():
    """LoLa and DeepTop beside trees, of two and three trials: one pool missed it too often."""
    trees = [("bdt", 0.02, 5)] * 2
    points = [*[("lola", 1.0, 2)] * 4, ("deeptop", 2.0, 3), *trees]
    assert missed_of(200, points, 0.2, ("deeptop", "lola")) <= most(200)


def test_two_trials_of_one_kind_hold_the_truth():
    # plain three standard errors of two trials miss it one time in five
    points = [("lola", 1.0, 2)] * 4
    assert missed_of(250, points, 0.0, ("lola", "lola")) <= most(250)
