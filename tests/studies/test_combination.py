"""Combined taggers: as good as theory allows, and never fitted on the jets that judge them."""

import numpy as np
import pytest
from scipy import stats

from relearn.errors import UserError
from relearn.studies import combination
from relearn.training import metrics


def normal(gaps, n, seed=0):
    """Labels (2n,) and outputs (k, 2n) of taggers whose classes are `gaps` apart, else alike."""
    label = np.tile([1.0, 0.0], n)
    noise = np.random.default_rng(seed).normal(size=(len(gaps), 2 * n))
    return label, noise + np.outer(gaps, label)


def test_outputs_have_mean_0_and_deviation_1_of_their_weights():
    random = np.random.default_rng(3)
    score, weight = random.normal(5, 7, 200), random.uniform(0, 2, 200)
    found = combination.outputs(score, weight)
    assert np.average(found, weights=weight) == pytest.approx(0, abs=1e-12)
    assert np.average(found**2, weights=weight) == pytest.approx(1)
    assert (np.argsort(found) == np.argsort(score)).all()
    assert (combination.outputs(np.full(4, 3.0), np.ones(4)) == 0).all(), "nothing to scale by"


def test_the_mean_counts_all_alike():
    np.testing.assert_allclose(combination.mean(np.array([[1.0, 2.0], [3.0, 8.0]])), [2.0, 5.0])


def test_independent_taggers_add_their_gaps_in_quadrature():
    gaps = np.array([1.0, 0.5, 0.0])
    label, values = normal(gaps, 20_000)
    found = combination.fitted(values, label, np.ones(len(label)))
    best = stats.norm.cdf(np.sqrt((gaps**2).sum()) / np.sqrt(2))
    area, error = metrics.auc_with_error(found, label)
    assert area == pytest.approx(best, abs=3 * error) and error < 0.003
    # the mean, which does not know that one of them is blind: gaps add, deviations by the root
    known = stats.norm.cdf(gaps.sum() / np.sqrt(3) / np.sqrt(2))
    area, error = metrics.auc_with_error(combination.mean(values), label)
    assert area == pytest.approx(known, abs=3 * error)


def test_a_jet_is_not_scored_by_a_fit_that_has_seen_it():
    label, values = normal(np.zeros(60), 100, seed=5)  # noise, which a fit would learn by heart
    area, error = metrics.auc_with_error(
        combination.fitted(values, label, np.ones(len(label))), label
    )
    assert area == pytest.approx(0.5, abs=4 * error) and error < 0.06


def test_scores_follow_the_odds_of_equal_classes_whatever_the_weights():
    label, values = normal([2.0], 3000, seed=2)
    weight = np.random.default_rng(2).uniform(0.5, 1.5, len(label))
    found = combination.fitted(values, label, weight)
    np.testing.assert_allclose(combination.fitted(values, label, 7 * weight), found, atol=1e-4)
    rare = np.where(label == 1, weight / 50, weight)
    np.testing.assert_allclose(combination.fitted(values, label, rare), found, atol=1e-4)
    # ln N(x; 2, 1)/N(x; 0, 1) = 2x − 2
    slope, place = np.polyfit(values[0], found, 1)
    assert (slope, -place / slope) == pytest.approx((2.0, 1.0), rel=0.1)


def test_heavy_jets_count_as_often_as_they_weigh():
    label, values = normal([1.0, 1.0], 2000, seed=4)
    # jets of which the second tagger says the opposite of the truth, and which weigh nothing
    wrong = np.arange(len(label)) % 4 < 2
    values[1, wrong] *= -3
    weight = np.where(wrong, 1e-6, 1.0)
    found = combination.fitted(values, label, weight)
    coefficients = np.linalg.lstsq(np.vstack([values, np.ones(len(label))]).T, found, rcond=None)[0]
    assert coefficients[:2] == pytest.approx([1.0, 1.0], abs=0.15)


def test_a_class_of_one_jet_is_refused():
    label = np.array([1.0, 0.0, 0.0, 0.0])
    with pytest.raises(UserError, match="two test jets of each class.*enlarge `jets`"):
        combination.fitted(np.zeros((2, 4)), label, np.ones(4))
