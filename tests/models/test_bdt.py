"""Boosted decision trees: against scikit-learn, closed forms and trees made by hand."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers_tagging import NAMES
from helpers_variables import auc, observed, random_jets
from safetensors.numpy import load, save
from scipy import stats

from relearn.errors import UserError
from relearn.models import bdt

SOFTDROP, MOTHER = bdt.INPUTS.values()
KWARGS = {"leaf_jets": 5, "patience": 10}


def fitted(jets, seed=0, validation=None, **options):
    tagger = bdt.build("small", constituents=40, features=1, **{**KWARGS, **options})
    facts = tagger.fit(jets, jets if validation is None else validation, seed)
    return tagger, facts


def cross_entropy(score, jets):
    """The weighted mean of −ln p of the truth."""
    sign = 2 * jets.label.numpy().astype(float) - 1
    return np.average(np.logaddexp(0, -sign * score), weights=jets.weight.numpy())


def test_inputs_are_the_talks():
    taus = {"tau2_b1", "tau3_b1", "tau2_b1_sd", "tau3_b1_sd"}
    assert set(SOFTDROP) == {"sd_mass", "mass"} | taus
    assert set(MOTHER) == set(SOFTDROP) | {"m_rec", "f_rec", "delta_r_opt"}
    assert set(MOTHER) <= set(NAMES) and (len(SOFTDROP), len(MOTHER)) == (6, 9)


@pytest.mark.parametrize("bags", [1, 4])
def test_a_planted_signal_is_found(bags):
    """AUC = Φ(δ/√2) of normal distributions is the best that there is."""
    train, validation, test = (random_jets(2000, SOFTDROP, seed, mass=1.5) for seed in range(3))
    tagger, _ = fitted(train, validation=validation, bags=bags)
    best = stats.norm.cdf(1.5 / math.sqrt(2))
    assert best - 0.03 < auc(tagger.score(test), test.label) < best + 0.02


def test_mother_of_taggers_sees_more():
    train, test = (random_jets(2000, MOTHER, seed, m_rec=2.0) for seed in (0, 1))
    areas = [
        auc(fitted(train, inputs=name, trees=60)[0].score(test), test.label) for name in bdt.INPUTS
    ]
    assert areas[0] < 0.56 < 0.88 < areas[1]


def grown_by_the_library(monkeypatch):
    """Return a list that all models of scikit-learn that are made from now on go into."""
    from sklearn import ensemble

    made, usual = [], ensemble.HistGradientBoostingClassifier

    def remember(**settings):
        made.append(usual(**settings))
        return made[-1]

    monkeypatch.setattr(ensemble, "HistGradientBoostingClassifier", remember)
    return made


@pytest.mark.parametrize(("bags", "leaves"), [(1, 8), (3, 31)])
def test_scores_are_the_librarys_bit_for_bit(monkeypatch, bags, leaves):
    made = grown_by_the_library(monkeypatch)
    train, validation = (random_jets(600, SOFTDROP, seed, mass=1.0) for seed in (0, 1))
    tagger, facts = fitted(train, validation=validation, bags=bags, leaves=leaves)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1000, 6)).astype(np.float32)
    # values at the very thresholds, as far as float32 has them
    rows[:500] = rng.choice(tagger.arrays["threshold"], (500, 6))
    strangers = observed(dict(zip(SOFTDROP, rows.T, strict=True)), np.arange(1000) % 2)
    for jets in (train, validation, strangers):
        total = 0.0
        for model, trees in zip(made, facts["trees"], strict=True):
            stages = list(model.staged_decision_function(jets.observables.double()))
            total = total + stages[trees - 1]
        assert np.array_equal(tagger.score(jets), total / bags)


def test_as_many_trees_are_kept_as_validation_jets_like_best(monkeypatch):
    made = grown_by_the_library(monkeypatch)
    train, validation = (random_jets(600, SOFTDROP, seed, mass=1.0) for seed in (0, 1))
    weight = torch.where(validation.label == 1, 3.0, 1.0)
    validation = replace(validation, weight=weight)
    tagger, facts = fitted(train, validation=validation)
    stages = made[0].staged_decision_function(validation.observables.double())
    losses = [cross_entropy(one, validation) for one in stages]
    assert facts["trees"] == [int(np.argmin(losses)) + 1]
    assert len(losses) == facts["trees"][0] + KWARGS["patience"] < 400
    assert facts["validation_loss"] == pytest.approx([min(losses)])
    assert cross_entropy(tagger.score(validation), validation) == pytest.approx(min(losses))


def test_one_branching_has_the_values_of_newtons_step():
    """A leaf: rate × Σ w (y − p)/Σ w p (1 − p), p being the share of signal before."""
    label = np.repeat([0, 1], [60, 140])
    step = np.concatenate([np.arange(60) >= 45, np.arange(140) >= 20]).astype(float)
    jets = observed(dict.fromkeys(SOFTDROP, step), label)
    tagger, _ = fitted(jets, trees=1, leaves=2, learning_rate=0.3)
    low, high = (0.3 * (n_s / (n_s + n_b) - 0.7) / 0.21 for n_s, n_b in ((20, 45), (120, 15)))
    expected = math.log(0.7 / 0.3) + np.where(step == 1, high, low)
    assert tagger.score(jets) == pytest.approx(expected, rel=1e-5)
    assert tagger.parameters == 2 + 2 + 1  # variable and threshold, two leaves, the start


def test_weights_count():
    """Half of the jets have the wrong label: their weight decides which half is believed."""
    jets = random_jets(1000, SOFTDROP, mass=2.0)
    wrong = torch.arange(1000) % 4 < 2
    for weight, right in ((4.0, False), (0.25, True)):
        mixed = replace(
            jets,
            label=torch.where(wrong, 1 - jets.label, jets.label),
            weight=torch.where(wrong, weight, 1.0),
        )
        area = auc(fitted(mixed, trees=20)[0].score(jets), jets.label)
        assert area > 0.85 if right else area < 0.15


def test_the_unit_of_the_weights_is_of_no_matter():
    jets = random_jets(400, SOFTDROP, mass=1.0)
    scores = [
        fitted(replace(jets, weight=torch.full((400,), w)), trees=20)[0].score(jets)
        for w in (1.0, 2.0**-20)
    ]
    assert np.array_equal(*scores)


@pytest.mark.parametrize("bags", [1, 2])
def test_the_seed_alone_decides(bags):
    jets = random_jets(400, SOFTDROP, mass=1.0)
    one, again, other = (fitted(jets, seed, bags=bags, trees=20)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.score(jets), again.score(jets))
    assert not np.array_equal(one.score(jets), other.score(jets))


def test_bags_are_halves_of_each_class():
    tagger, draw = bdt.build("small", bags=2), np.random.default_rng(0)
    label = np.arange(100) % 5 == 0
    first, second = (tagger._bag(label, draw) for _ in range(2))
    assert len(set(first)) == 50 and label[first].sum() == 10
    assert not np.array_equal(first, second)


def test_it_overfits_a_few_jets():
    jets = random_jets(32, SOFTDROP)
    tagger, _ = fitted(jets, leaf_jets=1, learning_rate=0.3)
    assert auc(tagger.score(jets), jets.label) == 1
    assert cross_entropy(tagger.score(jets), jets) < 0.05


def by_hand():
    """Two bags of one tree: mass ≤ 100, then τ3 ≤ 0.5; and a tree that is a leaf."""
    return {
        "variable": np.array([1, -1, 3, -1, -1, -1], dtype="i4"),
        "threshold": np.array([100, 0, 0.5, 0, 0, 0], dtype="f8"),
        "left": np.array([1, 0, 3, 0, 0, 0], dtype="i4"),
        "right": np.array([2, 0, 4, 0, 0, 0], dtype="i4"),
        "value": np.array([0, -1, 0, 2, 0.5, 4], dtype="f8"),
        "roots": np.array([0, 5], dtype="i4"),
        "trees": np.array([1, 1], dtype="i4"),
        "start": np.array([0.25, 0], dtype="f8"),
        "variables": np.array([6], dtype="i4"),
    }


def test_trees_made_by_hand():
    tagger = bdt.build("small")
    tagger.restore(by_hand())
    columns = dict.fromkeys(SOFTDROP, np.zeros(3))
    columns |= {"mass": [100, 101, 101], "tau3_b1": [0.1, 0.5, 0.6]}
    expected = (0.25 + np.array([-1, 2, 0.5]) + 4) / 2
    assert np.array_equal(tagger.score(observed(columns, [0, 1, 1])), expected)
    assert tagger.parameters == 2 * 2 + 4 + 2
    nothing = observed(columns, [0, 1, 1]).rows(slice(0, 0))
    assert len(tagger.score(nothing)) == 0


def test_state_round_trip_through_a_file_without_the_library(monkeypatch):
    jets = random_jets(300, SOFTDROP, mass=1.0)
    tagger, _ = fitted(jets, bags=2, trees=20)
    stored = save(tagger.state())
    monkeypatch.setitem(sys.modules, "sklearn", None)  # as where it is not installed
    other = bdt.build("paper")
    other.restore(load(stored))
    assert np.array_equal(other.score(jets), tagger.score(jets))
    assert other.parameters == tagger.parameters


@pytest.mark.parametrize(
    ("name", "node", "value"),
    [("left", 0, 0), ("right", 2, 9), ("variable", 0, 6), ("roots", 1, 6), ("trees", 0, 2)],
)
def test_arrays_that_are_no_trees_are_refused(name, node, value):
    state = by_hand()
    state[name][node] = value
    with pytest.raises(ValueError, match="no trees"):
        bdt.build("small").restore(state)


def test_trees_of_other_inputs_are_refused():
    with pytest.raises(UserError, match="build it with the `inputs` that it was trained with"):
        bdt.build("small", inputs="mother_of_taggers").restore(by_hand())
    state = by_hand()
    del state["left"]
    with pytest.raises(KeyError, match="left"):
        bdt.build("small").restore(state)


def test_what_is_missing_is_named():
    jets = random_jets(40, SOFTDROP)
    with pytest.raises(UserError, match="bdt needs the observables m_rec, f_rec, delta_r_opt; th"):
        fitted(jets, inputs="mother_of_taggers")
    with pytest.raises(UserError, match="not fitted yet"):
        bdt.build("small").score(jets)
    assert bdt.build("small").parameters == 0


def test_one_class_only_is_refused():
    jets = random_jets(40, SOFTDROP)
    tops = jets.rows(jets.label == 1)
    for train, validation in ((tops, jets), (jets, tops)):
        with pytest.raises(UserError, match="jets of both classes"):
            fitted(train, validation=validation)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": "everything"}, "'everything' is none of softdrop_nsubjettiness, mother_of_ta"),
        ({"leaves": 1}, "leaves: 1 is less than 2"),
        ({"bags": 0}, "bags: 0 is less than 1"),
        ({"learning_rate": 0}, "learning_rate: 0 is not positive"),
        ({"depth": 3}, "no option depth; there are bags, inputs"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        bdt.build("small", **options)
