"""Numbers over networks: their errors and intervals against closed forms, and selections."""

import math

import numpy as np
import pandas as pd
import pytest
from helpers_claims import claim, network_table
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from relearn import deviations, estimates
from relearn.claims import Side
from relearn.errors import UserError

LEVEL = deviations.LEVEL
PATIENT = settings(deadline=None)  # the first call of a distribution is slow
VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=8).map(np.array)


def test_level_is_that_of_three_standard_deviations():
    assert LEVEL == pytest.approx((1 - math.erf(3 / math.sqrt(2))) / 2)


def test_mean_of_two_has_the_interval_of_cauchy():
    # Student's t of one degree of freedom is Cauchy's distribution: quantile cot(π p).
    found = estimates.mean(np.array([1.0, 3.0]))
    assert (found.value, found.error) == (2, pytest.approx(1))
    assert found.high - 2 == pytest.approx(1 / math.tan(math.pi * LEVEL))
    assert 2 - found.low == pytest.approx(found.high - 2)


def test_mean_of_three_has_the_interval_of_two_degrees_of_freedom():
    found = estimates.mean(np.array([0.0, 1.0, 2.0]))
    tail = 2 * LEVEL
    exact = (1 - tail) * math.sqrt(2 / (tail * (2 - tail)))
    assert found.error == pytest.approx(1 / math.sqrt(3))
    assert (found.high - 1) / found.error == pytest.approx(exact)


def test_interval_of_few_trials_holds_the_truth():
    # 0.27 % may lie outside; ±3 standard errors would miss 9.5 %.
    draws = np.random.default_rng(1).standard_normal((3000, 3))
    found = [estimates.mean(draw) for draw in draws]
    outside = np.mean([not one.low < 0 < one.high for one in found])
    naive = np.mean([abs(one.value) > 3 * one.error for one in found])
    assert outside < 0.008 and naive > 0.07


def test_one_network_says_nothing_of_the_spread():
    for found in (
        estimates.mean(np.array([0.5])),
        estimates.mean_difference(np.array([0.5]), np.array([0.1, 0.2])),
    ):
        assert math.isnan(found.error) and (found.low, found.high) == (-math.inf, math.inf)


def test_difference_of_equal_spreads_has_all_degrees_of_freedom():
    left, right = np.array([1.0, 2, 3, 4]), np.array([11.0, 12, 13, 14])
    found = estimates.mean_difference(left, right)
    assert found.value == -10
    assert found.error == pytest.approx(math.sqrt(2 * (5 / 3) / 4))
    assert found.high + 10 == pytest.approx(stats.t.isf(LEVEL, 6) * found.error)


def test_difference_follows_the_only_side_with_a_spread():
    moving, still = np.array([0.0, 1, 2]), np.array([5.0, 5, 5])
    found, alone = estimates.mean_difference(moving, still), estimates.mean(moving)
    assert found.error == pytest.approx(alone.error)
    assert found.high - found.low == pytest.approx(alone.high - alone.low)


@PATIENT
@given(VALUES, VALUES)
def test_difference_agrees_with_welch(left, right):
    found = estimates.mean_difference(left, right)
    if not found.error > 1e-6:
        return
    welch = stats.ttest_ind(left, right, equal_var=False).confidence_interval(1 - 2 * LEVEL)
    assert found.low == pytest.approx(welch.low, rel=1e-6, abs=1e-6)
    assert found.high == pytest.approx(welch.high, rel=1e-6, abs=1e-6)


@PATIENT
@given(VALUES, st.floats(-10, 10), st.floats(0.1, 10))
def test_mean_moves_and_scales_with_its_values(values, shift, scale):
    found, moved = estimates.mean(values), estimates.mean(scale * values + shift)
    for key in ("value", "low", "high"):
        expected = scale * getattr(found, key) + shift
        assert getattr(moved, key) == pytest.approx(expected, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_share_of_all_or_none_has_a_closed_interval(n):
    every, none = estimates.share(np.ones(n, bool)), estimates.share(np.zeros(n, bool))
    assert (every.value, every.high) == (1, 1)
    assert every.low == pytest.approx(LEVEL ** (1 / n))
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(1 - LEVEL ** (1 / n))
    assert every.error == pytest.approx(none.error) and every.error > 0


@PATIENT
@given(st.integers(1, 40), st.data())
def test_share_agrees_with_the_exact_test(n, data):
    k = data.draw(st.integers(0, n))
    found = estimates.share(np.arange(n) < k)
    exact = stats.binomtest(k, n).proportion_ci(1 - 2 * LEVEL, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    a, b = k + 0.5, n - k + 0.5
    assert found.error == pytest.approx(math.sqrt(a * b / (a + b) ** 2 / (a + b + 1)))


def test_five_against_none_of_five_is_no_proof_and_ten_are():
    # Fisher's exact test: 2.7 and 4.4 standard deviations.
    for n, proven in ((5, False), (10, True)):
        found = estimates.share_difference(np.ones(n, bool), np.zeros(n, bool))
        fisher = stats.fisher_exact([[n, 0], [0, n]], alternative="greater").pvalue
        assert (found.low > 0) == proven == (fisher < LEVEL)


@PATIENT
@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_difference_of_shares_turns_round(n, m, data):
    left = np.arange(n) < data.draw(st.integers(0, n))
    right = np.arange(m) < data.draw(st.integers(0, m))
    one, other = (estimates.share_difference(*pair) for pair in ((left, right), (right, left)))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert -1 <= one.low <= one.value <= one.high <= 1


TABLE = pd.DataFrame(
    {
        "hidden": ["10", "10x1", "none"],
        "nodes": [10, 11, 0],
        "same": [True, False, True],
        "dropout": [0.0, 0.1, 0.0],
        "r": [0.5, 0.6, 0.7],
    }
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({}, [0, 1, 2]),
        ({"hidden": "10"}, [0]),
        ({"hidden": 10}, [0]),
        ({"hidden": ["10", "none"]}, [0, 2]),
        ({"nodes": 11}, [1]),
        ({"same": True}, [0, 2]),
        ({"dropout": 0.1}, [1]),
        ({"dropout": 0}, [0, 2]),
        ({"nodes": claim(within={"min": 10}, reduce="share").within}, [0, 1]),
        ({"same": True, "nodes": 10}, [0]),
        ({"nodes": 12}, []),
    ],
)
def test_conditions_choose_rows(where, rows):
    assert list(estimates.select(TABLE, Side("pt_nodes", where, "r")).index) == rows


def test_bad_queries_name_key_and_cure():
    at_most = claim(within={"max": 1}, reduce="share").within
    for side, words in (
        (Side("t", {}, "R"), ["value", "'R'", "hidden"]),
        (Side("t", {}, "hidden"), ["value", "text"]),
        (Side("t", {"node": 1}, "r", "versus."), ["versus.where.node", "nodes"]),
        (Side("t", {"hidden": at_most}, "r"), ["where.hidden", "text"]),
        (Side("t", {"nodes": "10"}, "r"), ["where.nodes", "'10'", "without quotes"]),
    ):
        with pytest.raises(UserError) as caught:
            estimates.select(TABLE, side)
        assert all(word in str(caught.value) for word in words)


def test_rows_of_one_network_are_one_trial():
    table = pd.concat([network_table([1.0, 2.0]), network_table([3.0, 4.0])])
    values, notes = estimates.networks(table, "r")
    assert list(values) == [2, 3] and not notes


def test_one_name_in_two_scans_is_one_trial():
    # The seed comes from the name: the second scan has trained the same networks again.
    once = network_table([1.0, 2.0])
    twice = pd.concat([once, network_table([1.0, 2.0], scan="pt_layers")])
    pd.testing.assert_series_equal(*(estimates.networks(t, "r")[0] for t in (once, twice)))


def test_diverged_and_empty_rows_are_left_out_and_told():
    table = network_table([0.1, math.nan, 0.9, 0.8])
    table.loc[0, "status"] = "diverged"
    values, notes = estimates.networks(table, "r")
    assert list(values) == [0.9, 0.8]
    assert notes == ["1 of 4 rows diverged, left out", "1 of 4 rows have no value, left out"]


def test_tables_without_networks_count_their_rows():
    values, _ = estimates.networks(pd.DataFrame({"r": [1, 2, 2]}), "r")
    assert list(values) == [1, 2, 2]


def test_same_networks_are_compared_one_by_one():
    # Each network gains 0.1 ± 0.001, though they differ among themselves by 1.
    both = claim(versus={"where": {"hidden": "5"}}, expect=0)
    before = network_table(np.arange(4.0))["r"].rename_axis("run")
    gain = pd.Series([0.099, 0.1, 0.101, 0.1], before.index)
    paired = estimates.measure(both, [before + gain, before])
    assert paired.value == pytest.approx(0.1) and paired.error < 0.001 and paired.low > 0
    others = before.set_axis(before.index + 10)
    assert estimates.measure(both, [before + gain, others]).low < 0


def test_share_counts_networks_within():
    values = pd.Series([0.0, 0.99, 0.999, 1.0])
    one = claim(reduce="share", within={"min": 0.99})
    assert estimates.measure(one, [values]).value == 0.75
    two = claim(reduce="share", within={"min": 0.99}, versus={"value": "r2"})
    assert estimates.measure(two, [values, values - 0.5]).value == 0.75
