"""Fisher's discriminant: against what is known of two normal distributions, and as a tagger."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers_image_taggers import padded, stored
from scipy import stats

from relearn.errors import UserError
from relearn.models import fisher
from relearn.models.fisher import ledoit_wolf, moments, separation

JETS = stored()
P = 6


def gaussians(n, seed=0, fraction=0.5):
    """Two classes of one covariance: pixels, labels, and the true S and μ1 − μ0."""
    rng = np.random.default_rng(seed)
    root = np.tril(rng.normal(size=(P, P))) + 1.5 * np.eye(P)
    shift = rng.normal(size=P)
    label = (rng.random(n) < fraction).astype(float)
    pixels = rng.normal(size=(n, P)) @ root.T + label[:, None] * shift
    return pixels, label, root @ root.T, shift


def discriminant(pixels, label, weight, shrinkage=None):
    """Direction, offset and λ, which is Ledoit and Wolf's where none is given."""
    known = moments(pixels, label, weight)
    shrinkage = shrinkage or ledoit_wolf(pixels, label, weight, known)
    (direction,) = known.directions([shrinkage]).T
    return direction, known.offset(direction), shrinkage


def test_separation_of_normal_distributions():
    """AUC = Φ(Δ/√2), Δ² = δᵀ S⁻¹ δ, is the best that there is."""
    pixels, label, covariance, shift = gaussians(40_000)
    direction, offset, _ = discriminant(pixels[::2], label[::2], np.ones(20_000))
    score, truth = pixels[1::2] @ direction + offset, label[1::2] == 1
    delta = np.sqrt(shift @ np.linalg.solve(covariance, shift))
    expected = stats.norm.cdf(delta / np.sqrt(2))
    auc = stats.mannwhitneyu(score[truth], score[~truth]).statistic
    auc /= truth.sum() * (~truth).sum()
    error = np.sqrt(expected * (1 - expected) / truth.sum())  # larger than that of the AUC
    assert 0.6 < expected < 0.95 and abs(auc - expected) < 3 * error


def test_score_is_the_logarithm_of_the_probability_ratio():
    pixels, label, covariance, shift = gaussians(40_000, fraction=0.2)
    direction, offset, _ = discriminant(pixels, label, np.ones(len(label)), 1e-6)
    true = np.linalg.solve(covariance, shift)
    assert np.abs(direction - true).max() < 0.1 * np.abs(true).max()
    assert offset == pytest.approx(np.log(0.2 / 0.8) - true @ shift / 2, abs=0.1)


def test_ledoit_wolf_by_its_definition():
    pixels, label, _, _ = gaussians(50, seed=2)
    _, _, shrinkage = discriminant(pixels, label, np.ones(50))
    z = pixels.copy()
    for value in (0, 1):
        z[label == value] -= z[label == value].mean(axis=0)
    sample = z.T @ z / 50
    target = np.trace(sample) / P * np.eye(P)
    noise = sum(((np.outer(row, row) - sample) ** 2).sum() for row in z) / 50**2
    assert 0.01 < shrinkage < 0.99
    assert shrinkage == pytest.approx(noise / ((sample - target) ** 2).sum())


def test_directions_solve_the_equations():
    """((1 − λ) S + λ m 1) w = μ1 − μ0."""
    pixels, label, _, _ = gaussians(100)
    known = moments(pixels, label, np.ones(100))
    for shrinkage, direction in zip((0.01, 0.5), known.directions([0.01, 0.5]).T, strict=True):
        regular = (1 - shrinkage) * known.covariance + shrinkage * known.level * np.eye(P)
        assert np.allclose(regular @ direction, known.mean[1] - known.mean[0])


def test_fishers_criterion():
    """The sum of the two variances stands below: (2 − 0)²/(1 + 1) and (4 − 1)²/(0.25 + 0)."""
    scores = np.array([[-1.0, 1.0], [1.0, 1.0], [1.0, 3.5], [3.0, 4.5]])
    label, weight = np.array([0, 0, 1, 1]), np.ones(4)
    assert separation(scores, label, weight) == pytest.approx([2.0, 36.0])
    repeated = separation(scores[[0, 1, 2, 3, 3]], label[[0, 1, 2, 3, 3]], np.ones(5))
    assert separation(scores, label, np.array([1, 1, 1, 2.0])) == pytest.approx(repeated)


@pytest.mark.parametrize("size", ["small", "medium"])
def test_validation_jets_choose_the_shrinkage(size):
    train, validation = JETS.rows(slice(0, None, 2)), JETS.rows(slice(1, None, 2))
    tagger = fisher.build(size)
    assert tagger.fit(train, validation, seed=0)["shrinkage"] in fisher.GRID
    pixels, label, weight = tagger._arrays(validation)
    best = separation(pixels @ tagger.direction[:, None], label, weight)
    others = []
    for shrinkage in fisher.GRID:
        fixed = fisher.build(size, shrinkage=float(shrinkage))
        fixed.fit(train, validation, seed=0)
        others.append(separation(pixels @ fixed.direction[:, None], label, weight))
    assert best == pytest.approx(max(others)) and max(others) > 1.01 * min(others)


def test_shrinkage_vanishes_with_many_jets():
    found = [discriminant(*gaussians(n)[:2], np.ones(n))[2] for n in (100, 1000, 10_000)]
    assert found[0] > 5 * found[1] > 25 * found[2] > 0


def test_full_shrinkage_leaves_the_difference_of_the_means():
    pixels, label, _, _ = gaussians(200)
    direction, _, _ = discriminant(pixels, label, np.ones(200), 1.0)
    difference = pixels[label == 1].mean(axis=0) - pixels[label == 0].mean(axis=0)
    ratio = direction / difference
    assert np.allclose(ratio, ratio[0]) and ratio[0] > 0


def test_a_weight_of_two_is_a_jet_twice(monkeypatch):
    monkeypatch.setattr(fisher, "CHUNK", 7)
    pixels, label, _, _ = gaussians(60)
    weight = np.where(np.arange(60) < 20, 2.0, 1.0)
    twice = np.r_[np.arange(60), np.arange(20)]
    weighted = discriminant(pixels, label, weight, 0.1)
    repeated = discriminant(pixels[twice], label[twice], np.ones(80), 0.1)
    assert np.allclose(weighted[0], repeated[0]) and weighted[1] == pytest.approx(repeated[1])


@pytest.mark.parametrize(("size", "parameters"), [("small", 101), ("medium", 401), ("paper", 1601)])
def test_sizes(size, parameters):
    assert fisher.build(size).parameters == parameters


def fitted(size="small", jets=JETS, **options):
    tagger = fisher.build(size, **options)
    facts = tagger.fit(jets, jets, seed=0)
    return tagger, facts


@pytest.mark.parametrize("size", ["small", "medium"])
def test_it_tells_the_jets_apart_that_it_was_fitted_to(size):
    tagger, facts = fitted(size)
    score = tagger.score(JETS)
    assert score.shape == (24,) and 0 < facts["shrinkage"] <= 1
    top = JETS.label.numpy() == 1
    assert stats.mannwhitneyu(score[top], score[~top]).statistic / 144 > 0.9


def test_small_adds_up_squares_of_pixels():
    tagger = fisher.build("small", merge=20)
    quarters = np.concatenate(list(tagger._pixels(JETS)))
    picture = tagger.pictures(JETS)
    assert np.allclose(quarters[:, 1], picture[:, 0, :20, 20:].sum(dim=(1, 2)), rtol=1e-4)


def test_state_round_trip():
    tagger, _ = fitted(channels="colours")
    state = tagger.state()
    assert all(isinstance(value, np.ndarray) and value.ndim == 1 for value in state.values())
    other = fisher.build("small", channels="colours")
    other.restore(state)
    assert np.array_equal(other.score(JETS), tagger.score(JETS))
    with pytest.raises(UserError, match="300 pixels, this one 1600: build it with the options"):
        fisher.build("paper").restore(state)


def test_padding_and_chunks_are_of_no_matter(monkeypatch):
    tagger, _ = fitted()
    expected = tagger.score(JETS)
    monkeypatch.setattr(fisher, "CHUNK", 5)
    assert np.allclose(tagger.score(padded(JETS, 4)), expected, atol=1e-5)
    assert len(tagger.score(JETS.rows(slice(0, 0)))) == 0


def test_threshold_may_be_changed_after_the_fit():
    tagger, _ = fitted()
    before = tagger.score(JETS)
    tagger.threshold = 5.0
    assert tagger.threshold == 5.0 and not np.allclose(tagger.score(JETS), before)


def test_one_class_only_is_refused():
    with pytest.raises(UserError, match="needs jets of both classes"):
        fitted(jets=JETS.rows(JETS.label == 1))
    with pytest.raises(UserError, match="needs jets of both classes"):
        fitted(jets=replace(JETS, weight=JETS.label))
    with pytest.raises(UserError, match="needs validation jets of both classes"):
        fisher.build("small").fit(JETS, JETS.rows(JETS.label == 1), seed=0)


def test_pictures_that_are_all_the_same_are_refused():
    with pytest.raises(UserError, match="all pictures of a class are the same"):
        fitted(jets=replace(JETS, p4=torch.zeros_like(JETS.p4)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"merge": 3}, "merge 3 does not divide the 40 rows"),
        ({"shrinkage": 0}, "shrinkage 0 is neither in .0, 1. nor validation or ledoit_wolf"),
        ({"colour": True}, "no option colour; there are channels, merge"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        fisher.build("small", **options)
