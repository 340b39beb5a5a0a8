"""Correlations of outputs, and the order of taggers, against closed forms and SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from relearn.studies import correlations
from relearn.studies.spreads import Spread

RANDOM = np.random.default_rng(11)


def test_pearson_is_that_of_numpy_with_weights():
    values, weight = RANDOM.normal(size=(3, 50)), RANDOM.uniform(0, 2, 50)
    covariance = np.cov(values, aweights=weight)
    deviation = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(deviation, deviation)
    np.testing.assert_allclose(correlations.pearson(values, weight), expected, atol=1e-12)
    flat = correlations.pearson(np.stack([values[0], np.ones(50)]), weight)
    assert np.isnan(flat[0, 1]) and flat[0, 0] == pytest.approx(1)


def test_ranks_give_spearmans_coefficient_also_of_ties():
    values = RANDOM.integers(0, 9, (2, 80)).astype(float)
    places = np.array([correlations.ranks(one, np.ones(80)) for one in values])
    found = correlations.pearson(places, np.ones(80))[0, 1]
    assert found == pytest.approx(stats.spearmanr(*values).statistic)


def test_a_jet_of_weight_two_is_two_jets():
    values, weight = RANDOM.normal(size=(2, 30)), RANDOM.integers(1, 4, 30)
    twice = np.repeat(values, weight, axis=1)

    def rank(of, weights):
        return correlations.pearson(
            np.array([correlations.ranks(one, weights) for one in of]), weights
        )[0, 1]

    expected = rank(twice, np.ones(twice.shape[1]))
    assert rank(values, weight.astype(float)) == pytest.approx(expected)


def test_ranks_know_only_the_order():
    value, weight = RANDOM.normal(size=40), RANDOM.uniform(0, 1, 40)
    np.testing.assert_allclose(
        correlations.ranks(np.exp(3 * value), weight), correlations.ranks(value, weight)
    )


def test_taggers_beside_each_other_and_trainings_beside_each_other():
    """Trials share a, each has its own noise; b shares half of a, with the opposite sign."""
    n = 40_000
    label = np.tile([1.0, 0.0], n // 2)
    signal = label == 1
    common, own = RANDOM.normal(size=(2, n))
    # only within signal is anything in common
    a = [np.where(signal, common, 0) + RANDOM.normal(size=n) * 0.5 for _ in range(3)]
    b = [np.where(signal, -common, 0) + own]
    table = correlations.table(["a", "b"], [a, b], label, np.ones(n))
    found = table.set_index(["one", "other", "class"])["pearson"]
    error = 4 / np.sqrt(n / 2)
    assert found["a", "a", "signal"] == pytest.approx(1 / 1.25, abs=error)
    assert found["a", "b", "signal"] == pytest.approx(-1 / np.sqrt(1.25 * 2), abs=error)
    assert found["b", "a", "signal"] == found["a", "b", "signal"]
    assert found["a", "a", "background"] == pytest.approx(0, abs=error)
    assert found["a", "b", "background"] == pytest.approx(0, abs=error)
    assert found.loc[["b"]].loc[:, "b"].isna().all(), "one training has none to stand beside"
    # of normal variables rank and linear correlation have a closed relation
    ranked = table.set_index(["one", "other", "class"])["rank"]["a", "b", "signal"]
    expected = 6 / np.pi * np.arcsin(-1 / np.sqrt(1.25 * 2) / 2)
    assert ranked == pytest.approx(expected, abs=error)


# --- the order of taggers -------------------------------------------------------------


def test_kendall_is_that_of_scipy():
    one, other = RANDOM.normal(size=(2, 12))
    expected = stats.kendalltau(one, other).statistic
    assert correlations.kendall(one, other) == pytest.approx(expected)
    assert correlations.kendall(np.array([3.0, 1, 2]), np.array([2.0, 1, 1])) == 1, "no tie counts"


def points(aucs, sample=0.004):
    columns = {"tagger": list(aucs), "auc": list(aucs.values()), "auc_sample": sample}
    return pd.DataFrame(columns)


def pairs(aucs, sample=0.001, reach=0.004):
    rows = [
        {
            **{"one": one, "other": other, "difference": a - b, "difference_sample": sample},
            **{"difference_low": a - b - reach, "difference_high": a - b + reach},
        }
        for one, a in aucs.items()
        for other, b in aucs.items()
        if one != other
    ]
    return pd.DataFrame(rows)


EXPECTED = {"a": 0.98, "b": 0.97, "c": 0.96, "d": 0.95}


def order(*aucs, sample=0.004, trials=0.0005, reach=0.004):
    mine = dict(zip("abcd", aucs, strict=True))
    spreads = dict.fromkeys("abcd", Spread(trials**2, 20))
    return correlations.order(EXPECTED, points(mine, sample), pairs(mine, reach=reach), spreads)


def test_what_is_far_apart_keeps_its_order():
    found = order(0.94, 0.92, 0.90, 0.88)
    assert (found["taggers"], found["tau"], found["told"], found["alike"]) == (4, 1, 6, 6)
    assert found["tau_error"] == 0
    # the interval has room for one pair at least, and τ steps of 2/6
    assert (found["tau_low"], found["tau_high"]) == pytest.approx((1 - 1 / 3, 1))
    assert order(0.88, 0.90, 0.92, 0.94)["tau"] == -1


def test_the_error_common_to_all_taggers_has_no_part_in_their_order():
    assert order(0.94, 0.93, 0.92, 0.91, sample=0.05)["tau_error"] == 0


def test_what_is_near_can_stand_in_either_order():
    found = order(0.9100, 0.9101, 0.9102, 0.9103, reach=0.004)
    assert found["tau"] == -1 and found["told"] == found["alike"] == 0
    assert found["tau_low"] == -1 and found["tau_high"] > 0.9


def test_one_pair_within_its_error_is_as_often_in_order_as_a_normal_variable_says():
    # only c and d are near: their difference of 0.001 has an error by jets and trials
    found = order(0.94, 0.93, 0.911, 0.910, trials=0.0)
    share = stats.norm.cdf(0.001 / 0.001)  # of draws in which they are in order
    expected = (2 / 6) * np.sqrt(share * (1 - share))
    assert found["tau_error"] == pytest.approx(expected, rel=0.02)
    assert (found["tau_low"], found["tau_high"]) == pytest.approx((2 / 3, 1))


def test_without_a_spread_of_trials_nothing_is_known():
    found = order(0.9, 0.8, 0.7, 0.6, trials=np.nan)
    assert np.isnan(found["tau_error"]) and found["tau"] == 1
    assert (found["tau_low"], found["tau_high"]) == (-np.inf, np.inf)
