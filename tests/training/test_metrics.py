"""Areas, rejections and their errors against sums over pairs and closed forms."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from relearn.training import bootstrap, calibration, metrics, quality

Sample = namedtuple("Sample", "score label weight")


def tied(count=300, seed=0, values=12):
    """Few values of the score, so many ties; weights from 0.2 to 3."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(count) % 3 == 0).astype(np.float32)
    score = (rng.integers(0, values, count) + 3 * label).astype(np.float32)
    return Sample(score, label, rng.uniform(0.2, 3, count).astype(np.float32))


def gaussian(signal, background, shift=1.0, seed=0):
    """Scores of width 1 whose means are `shift` apart."""
    rng = np.random.default_rng(seed)
    label = np.concatenate([np.ones(signal), np.zeros(background)])
    return Sample(rng.normal(size=len(label)) + shift * label, label, None)


def pairs(score, label, weight):
    """The weighted share of pairs in the right order, ties half: the area by definition."""
    s, b = label == 1, label != 1
    right = (score[s, None] > score[None, b]) + 0.5 * (score[s, None] == score[None, b])
    both = weight[s, None].astype(float) * weight[None, b]
    return float((right * both).sum() / both.sum())


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_the_share_of_ordered_pairs(seed):
    sample = tied(seed=seed)
    expected = pairs(*sample)
    assert metrics.auc(*sample) == pytest.approx(expected, rel=1e-12)
    assert metrics.auc_with_error(*sample)[0] == pytest.approx(expected, rel=1e-12)
    no_weight = (sample.score, sample.label)
    assert metrics.auc(*no_weight) == pytest.approx(pairs(*no_weight, np.ones(300)), rel=1e-12)


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.integers(0, 1), st.integers(1, 4)), min_size=2, max_size=30
    ).filter(lambda jets: len({label for _, label, _ in jets}) == 2)
)
def test_a_weight_is_that_many_jets(jets):
    score, label, weight = map(np.array, zip(*jets, strict=True))
    repeated = (np.repeat(score, weight), np.repeat(label, weight))
    assert metrics.auc(score, label, weight) == pytest.approx(metrics.auc(*repeated), abs=1e-12)
    turned = metrics.auc(-score, label, weight)
    assert metrics.auc(score, label, weight) + turned == pytest.approx(1, abs=1e-12)


def test_areas_are_those_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    for sample in (tied(seed=5), tied(seed=6, values=1000)):
        expected = sklearn.roc_auc_score(sample.label, sample.score, sample_weight=sample.weight)
        assert metrics.auc(*sample) == pytest.approx(expected, rel=1e-9)


def test_the_error_of_an_area_is_that_of_exponentials():
    """Hanley and McNeil (1982): scores with exponential tails have Q1 and Q2 in closed form."""
    signal, background, rate = 300, 500, 3.0
    area = rate / (1 + rate)
    both, same = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (signal - 1) * (both - area**2)
    variance += (background - 1) * (same - area**2)
    expected = np.sqrt(variance / (signal * background))
    rng, found = np.random.default_rng(1), []
    label = np.concatenate([np.ones(signal), np.zeros(background)])
    for _ in range(200):
        drawn = rng.exponential(np.where(label == 1, rate, 1.0))
        found.append(metrics.auc_with_error(drawn, label))
    areas, errors = np.array(found).T
    assert errors.mean() == pytest.approx(expected, rel=0.02)
    assert areas.mean() == pytest.approx(area, abs=4 * expected / np.sqrt(200))
    assert areas.std() == pytest.approx(expected, rel=4 / np.sqrt(400))


def test_weights_that_are_all_alike_change_no_error():
    sample = gaussian(100, 150)
    error = metrics.auc_with_error(sample.score, sample.label)
    assert metrics.auc_with_error(*sample[:2], np.full(250, 7.0)) == pytest.approx(error)


def test_the_bootstrap_agrees_with_delong():
    weight = np.random.default_rng(2).uniform(0.1, 2, 1100)
    one = gaussian(500, 600)
    other = one.score + np.random.default_rng(3).normal(size=1100)
    for scores, exact in (
        ((one.score,), metrics.auc_with_error(one.score, one.label, weight)),
        ((one.score, other), metrics.auc_difference(one.score, other, one.label, weight)),
    ):
        found = bootstrap.auc_replicas(scores[0], one.label, weight, *scores[1:], replicas=400)
        assert found.std() == pytest.approx(exact[1], rel=4 / np.sqrt(800))
        assert found.mean() == pytest.approx(exact[0], abs=4 * exact[1] / 20)


def test_a_difference_on_the_same_jets_is_known_better_than_its_parts():
    rng, found = np.random.default_rng(4), []
    for seed in range(150):
        common = gaussian(150, 150, seed=seed)
        scores = [common.score + 0.5 * rng.normal(size=300) for _ in range(2)]
        found.append(metrics.auc_difference(*scores, common.label))
    apart, errors = np.array(found).T
    assert abs(apart.mean()) < 4 * errors.mean() / np.sqrt(150)
    assert apart.std() == pytest.approx(errors.mean(), rel=4 / np.sqrt(300))
    alone = metrics.auc_with_error(scores[0], common.label)[1]
    assert errors.mean() < 0.7 * np.sqrt(2) * alone
    assert metrics.auc_difference(scores[0], scores[0], common.label) == (0.0, 0.0)


def test_the_curve_of_two_gaussians():
    sample = gaussian(20_000, 20_000, shift=2.0)
    curve = metrics.roc(*sample)
    assert metrics.auc(*sample) == pytest.approx(norm.cdf(2 / np.sqrt(2)), abs=0.006)
    for efficiency in (0.3, 0.5):
        expected = norm.sf(norm.isf(efficiency) + 2)
        found, error = metrics.rejection(curve, efficiency)
        slope = norm.pdf(norm.isf(efficiency) + 2) / norm.pdf(norm.isf(efficiency))
        variance = expected * (1 - expected) + slope**2 * efficiency * (1 - efficiency)
        wanted = np.sqrt(variance / 20_000) / expected**2
        assert error == pytest.approx(wanted, rel=0.2)
        assert abs(found - 1 / expected) < 4 * wanted


@pytest.mark.parametrize("efficiency", [0.3, 0.5])
def test_rejections_spread_as_their_errors_say(efficiency):
    """With few signal jets: without their part it would be much too little."""
    curves = [metrics.roc(*gaussian(500, 4000, shift=1.5, seed=seed)) for seed in range(300)]
    found, errors = np.array([metrics.rejection(curve, efficiency) for curve in curves]).T
    assert found.std() == pytest.approx(np.sqrt(np.mean(errors**2)), rel=4 / np.sqrt(600))


def test_rejections_by_hand():
    """Two of four signal jets are above all background, and three of four above half of it."""
    score, label = [9, 8, 5, 3, 7, 6, 4, 2], [1, 1, 1, 1, 0, 0, 0, 0]
    curve = metrics.roc(score, label)
    infinite, unknown = metrics.rejection(curve, 0.5)
    assert infinite == np.inf and np.isnan(unknown)
    assert metrics.rejection(curve, 0.75)[0] == 2.0
    assert metrics.rejection(curve, 1.0)[0] == pytest.approx(4 / 3)
    weighted = metrics.roc(score, label, [1, 1, 1, 1, 1, 3, 1, 1])
    assert (weighted.signal_jets, weighted.background_jets) == (4, 36 / 12)
    # the signal's part: along straight lines from (.5, 0) to (.75, 2/3) to (1, 5/6)
    apart = np.sqrt(0.75 * 0.25 / 4)
    moved = (2 / 3 + 1 / 6) * (apart / 0.25) / 2
    wanted = np.sqrt(2 / 27 + moved**2) * 1.5**2
    assert metrics.rejection(weighted, 0.75) == pytest.approx((1.5, wanted))


def test_all_scores_alike_are_a_guess():
    curve = metrics.roc(np.zeros(10), np.arange(10) % 2)
    assert metrics.auc(np.zeros(10), np.arange(10) % 2) == 0.5
    assert metrics.rejection(curve, 0.5)[0] == 2.0


@pytest.mark.parametrize("count", [40, 30_000])
def test_a_thinned_curve_has_the_same_area(count):
    sample = gaussian(count, count, shift=1.5)
    curve = metrics.roc(*sample)
    kept = metrics.thinned(curve)
    assert len(kept) <= metrics.POINTS
    x, y = kept.background_efficiency, kept.signal_efficiency
    assert (x.iloc[0], y.iloc[0], x.iloc[-1], y.iloc[-1]) == (0, 0, 1, 1)
    assert (x.diff()[1:] >= 0).all() and (y.diff()[1:] >= 0).all()
    assert np.trapezoid(y, x) == pytest.approx(metrics.auc(*sample), abs=1e-4)
    thin = metrics.Roc(kept.threshold.to_numpy(), y.to_numpy(), x.to_numpy(), count, count)
    for efficiency in (0.3, 0.5):
        expected = metrics.rejection(curve, efficiency)[0]
        assert metrics.rejection(thin, efficiency)[0] == pytest.approx(expected, rel=0.05)


def test_accuracy():
    score, label, weight = [1.0, -1, 2, -3], [1, 1, 0, 0], [1.0, 1, 1, 5]
    assert metrics.accuracy(score, label) == (0.5, 0.25)
    share, error = metrics.accuracy(score, label, weight)
    assert share == 0.75 and error == pytest.approx(np.sqrt(0.75 * 0.25 * 28 / 64))
    assert metrics.accuracy(score, label, threshold=-2.0)[0] == 0.75


def test_a_calibrated_tagger_is_calibrated_and_a_bold_one_is_not():
    """Gaussians a distance d apart have log-odds of d·x − d²/2."""
    sample = gaussian(30_000, 30_000, shift=2.0)
    odds = 2.0 * sample.score - 2.0
    table = calibration.reliability(calibration.probability(odds), sample.label)
    pulls = (table.signal - table.probability) / table.signal_error
    assert table.weight.sum() == 60_000 and (pulls.abs() < 4.5).all()
    assert calibration.expected_error(table) < 0.006
    bold = calibration.reliability(calibration.probability(3 * odds), sample.label)
    assert calibration.expected_error(bold) > 0.05
    # half of the background taken out of the test jets, the odds are still those of equal shares
    kept = (sample.label == 1) | (np.arange(60_000) % 2 == 0)
    label = sample.label[kept]
    weight = calibration.in_mixture(label, label**0, share=0.5)
    assert weight == pytest.approx(np.where(label == 1, 0.75, 1.5))
    both = [
        quality.of_classifier(odds[kept], label, weight**0, 0.0, mixture).row["miscalibration"]
        for mixture in (weight, weight**0, None)
    ]
    assert both[0] < 0.008 and both[1] > 0.05 and np.isnan(both[2])


def test_calibration_by_hand():
    table = calibration.reliability([0.1, 0.2, 0.9, 1.0], [0, 1, 1, 0], [1, 3, 2, 2], bins=2)
    assert table.probability.tolist() == pytest.approx([0.175, 0.95])
    assert table.signal.tolist() == [0.75, 0.5]
    assert table.signal_error.tolist() == pytest.approx(
        [np.sqrt(0.1875 * 10) / 4, np.sqrt(0.25 * 8) / 4]
    )
    assert calibration.expected_error(table) == pytest.approx((0.575 + 0.45) / 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration.reliability([-1.0, 2.0], [0, 1])


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([1.0, np.nan], [0, 1]), "1 scores are not finite"),
        (([1.0, 2.0], [1, 1]), "signal and background are needed"),
        (([1.0, 2.0], [0, 1], [1.0, 0.0]), "both with weight"),
        (([1.0, 2.0, 3.0], [0, 1]), "scores"),
    ],
)
def test_mistakes_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        metrics.auc(*arguments)
