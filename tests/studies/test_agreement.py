"""Tests of agreement on samples whose answer is known."""

import numpy as np
import pytest
from scipy import special, stats

from relearn.studies import agreement

RNG = np.random.default_rng(9)


def test_z_in_closed_form():
    assert agreement.means((1.0, 0.3), (0.0, 0.4))["statistic"] == pytest.approx(2.0)
    assert agreement.means((1.0, 0.3), (0.0, 0.4))["p"] == pytest.approx(2 * stats.norm.sf(2.0))
    one, two = np.array([1.0, 2.0, 4.0, 5.0]), np.array([0.0, 2.0, 2.0, 4.0])
    found = agreement.paired_means(one, two)
    assert found["statistic"] == pytest.approx(1.0 / np.sqrt(2 / 3 / 4))
    assert found["statistic"] == pytest.approx(stats.ttest_rel(one, two).statistic)
    assert (found["ours"], found["delphes"]) == (3.0, 2.0)
    found = agreement.shares(60, 40, 100)
    assert found["statistic"] == pytest.approx(0.2 / np.sqrt(0.25 * 2 / 100))
    assert agreement.shares(50, 500, 100, 1000)["statistic"] == 0


def test_few_successes_have_the_exact_p():
    # all of 9 beside none of 9: two of the (18 over 9) ways to choose 9 successes
    found = agreement.shares(9, 0, 9)
    assert found["p"] == pytest.approx(2 / special.comb(18, 9), rel=1e-6)
    # 15 of 20 beside 95 % of 20000: unlikely, but the normal distribution would call it failed
    found = agreement.shares(15, 19000, 20, 20000)
    assert abs(found["statistic"]) > 3.9 and found["p"] > agreement.P_MIN and found["pass"]
    assert found["p"] == pytest.approx(stats.binom.cdf(15, 20, 0.95), rel=0.05)


def test_equal_samples_pass_and_have_no_distance():
    values = RNG.normal(size=100)
    for test in (agreement.paired_means, agreement.paired_spreads, agreement.shapes):
        found = test(values, values)
        assert found["pass"] and found["p"] == 1 and found["statistic"] == 0


def test_p_values_of_equal_samples_are_uniform():
    p = {"paired_means": [], "paired_spreads": [], "shapes": [], "shares": []}
    for _ in range(300):
        common = 3 * RNG.normal(size=400)
        one, two = common + RNG.normal(size=400), common + RNG.normal(size=400)
        for name in ("paired_means", "paired_spreads"):
            p[name].append(getattr(agreement, name)(one, two)["p"])
        p["shapes"].append(agreement.shapes(RNG.normal(size=400), RNG.normal(size=400))["p"])
        counts = RNG.binomial(2000, 0.3, 2)
        p["shares"].append(agreement.shares(*counts, 2000)["p"])
    for name, values in p.items():
        assert stats.kstest(values, "uniform").pvalue > 1e-3, name


def test_equal_weights_are_none():
    one, two = RNG.normal(size=60), RNG.normal(size=80)
    found = agreement.weighted_shapes(one, np.full(60, 3.0), two, np.full(80, 0.2))
    assert found == agreement.shapes(one, two)


def test_the_distance_of_weighted_samples_is_that_of_repeated_ones():
    one, two, weight = RNG.normal(size=60), RNG.normal(size=80), RNG.integers(0, 4, 60)
    found = agreement.weighted_shapes(one, weight.astype(float), two, np.ones(80))
    repeated = agreement.shapes(np.repeat(one, weight), two)
    assert found["statistic"] == pytest.approx(repeated["statistic"])
    assert found["ours"] == pytest.approx(np.sort(np.repeat(one, weight))[(weight.sum() - 1) // 2])
    assert found["p"] > repeated["p"], "weights tell less than so many numbers"


def test_p_values_of_weighted_samples_are_uniform():
    p = []
    for _ in range(300):
        values, weights = RNG.normal(size=(2, 500)), RNG.exponential(size=(2, 500))
        p.append(agreement.weighted_shapes(values[0], weights[0], values[1], weights[1])["p"])
    assert stats.kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    ("test", "change"),
    [
        ("paired_means", lambda x: x + 0.2),
        ("paired_spreads", lambda x: 1.3 * x),
        ("shapes", np.abs),
    ],
)
def test_a_difference_fails(test, change):
    common = RNG.normal(size=2000)
    one, two = common + 0.3 * RNG.normal(size=(2, 2000))
    assert getattr(agreement, test)(one, two)["pass"]
    assert not getattr(agreement, test)(change(one), two)["pass"]
