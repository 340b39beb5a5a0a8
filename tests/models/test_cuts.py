"""Cuts: nested windows against closed forms of normal distributions, and as taggers."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers_variables import auc, observed
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy import stats

from relearn.errors import UserError
from relearn.models import cuts
from relearn.models.cuts import windows

ERROR = 0.006  # three standard deviations of an AUC of 20 000 jets, fit and test together


def normal(n, seed=0, shift=0.0, width=1.0, fraction=0.5):
    """Values of two normal distributions, and their labels: background is N(0, 1)."""
    rng = np.random.default_rng(seed)
    label = (rng.random(n) < fraction).astype(float)
    return np.where(label == 1, rng.normal(shift, width, n), rng.normal(size=n)), label


def odds_of_others(found, seed, **how):
    """Scores and labels of jets that were not fitted."""
    values, label = normal(20_000, seed, **how)
    return found.odds[found.piece(values)], label


def test_a_shifted_normal_distribution_has_the_closed_form():
    """AUC = Φ(δ/√2) of two of the same width: the windows are open to one side."""
    values, label = normal(20_000, shift=1.2)
    found = windows(values, label, np.ones(20_000), 100, limit=False)
    assert auc(*odds_of_others(found, 1, shift=1.2)) == pytest.approx(
        stats.norm.cdf(1.2 / math.sqrt(2)), abs=ERROR
    )


def test_a_narrow_peak_has_the_closed_form():
    """AUC = (2/π) arctan(1/σ) of N(0, σ) on N(0, 1): the best cuts are |x| < c."""
    values, label = normal(20_000, width=0.3)
    found = windows(values, label, np.ones(20_000), 100, limit=False)
    assert auc(*odds_of_others(found, 1, width=0.3)) == pytest.approx(
        2 / math.pi * math.atan(1 / 0.3), abs=ERROR
    )
    low, high = found.window(0.5)  # half of the peak is within 0.674 σ
    assert (low, high) == pytest.approx((-0.2, 0.2), abs=0.06)


def test_odds_are_those_of_the_distributions():
    values, label = normal(100_000, shift=1.0, fraction=0.2)
    found = windows(values, label, np.ones(100_000), 50, limit=False)
    there = np.linspace(-1, 2, 31)
    assert np.abs(found.odds[found.piece(there)] - (there - 0.5 + math.log(0.25))).max() < 0.3


@examples(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), cells=st.integers(2, 60), limit=st.booleans())
def test_windows_are_nested(seed, cells, limit):
    values, label = normal(200, seed, shift=0.7, width=0.5)
    found = windows(values, label, np.ones(200), cells, limit)
    assert len(found.edges) + 1 == len(found.odds) <= cells
    assert (np.diff(found.edges) > 0).all() and np.isfinite(found.odds).all()
    steps = np.diff(found.odds)
    assert not (np.diff(np.sign(steps)) > 0).any()  # never down and up again
    assert not (limit and (steps > 0).any())
    # every window keeps what is said, of the jets that it was made from
    for level, kept in zip(found.odds, found.kept, strict=True):
        inside = found.odds[found.piece(values[label == 1])] >= level
        assert inside.mean() == pytest.approx(kept)


def test_no_other_unimodal_odds_make_the_jets_likelier():
    values, label = normal(60, seed=3)
    found = windows(values, label, np.ones(60), 6, limit=False)

    def likelihood(odds):
        share = 1 / (1 + np.exp(-odds[found.piece(values)]))
        return np.log(np.where(label == 1, share, 1 - share)).sum()

    best, rng = likelihood(found.odds), np.random.default_rng(0)
    for _ in range(500):
        odds = found.odds + rng.normal(0, 0.3, len(found.odds))
        if not (np.diff(np.sign(np.diff(odds))) > 0).any():
            assert likelihood(odds) < best


def test_a_spike_and_jets_without_weight_are_no_fault():
    values = np.concatenate([np.zeros(50), np.ones(50), np.linspace(2, 3, 20)])
    label, weight = (
        np.r_[np.zeros(50), np.ones(50), np.zeros(20)],
        np.r_[np.ones(100), np.zeros(20)],
    )
    found = windows(values, label, weight, 10, limit=False)
    assert len(found.odds) == 2 and 0 < found.edges[0] <= 1
    least = math.log(0.5 / 120 / (1 - 0.5 / 120))  # half a jet
    assert found.odds == pytest.approx([least, -least])


def test_a_weight_of_two_is_a_jet_twice():
    values, label = normal(400, shift=1.0)
    twice = np.repeat(np.arange(400), np.where(label == 1, 2, 1))
    weighted = windows(values, label, np.where(label == 1, 2.0, 1.0), 20, limit=False)
    # the same cells, so that nothing but the weights differs
    edges = np.quantile(values, np.linspace(0, 1, 21)[1:-1])
    where = np.searchsorted(edges, values[twice], side="right").astype(float)
    repeated = windows(where, label[twice], np.ones(len(twice)), 500, limit=False)
    assert weighted.odds == pytest.approx(repeated.odds)
    assert weighted.kept == pytest.approx(repeated.kept)


def tops(n, seed=0):
    """A peak at 173 GeV with little τ32, on a broad background."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    mass = np.where(label == 1, rng.normal(173, 15, n), rng.gamma(2, 50, n))
    ratio = np.where(label == 1, rng.normal(0.5, 0.1, n), rng.normal(0.7, 0.1, n)).clip(0.05, 1)
    tau2 = rng.uniform(0.1, 0.4, n)
    columns = {"mass": mass + 5, "sd_mass": mass, "tau2_b1": tau2, "tau3_b1": tau2 * ratio}
    return observed(columns, label)


def fitted(of, jets=None, size="small"):
    tagger = cuts.build(size, of=of, constituents=40, features=1)
    jets = tops(4000) if jets is None else jets
    return tagger, tagger.fit(jets, tops(2000, 1), seed=0)


@pytest.mark.parametrize("of", ["mass", "sd_mass"])
def test_the_window_is_about_the_peak(of):
    tagger, facts = fitted(of)
    low, high = facts["windows"][of]
    middle = 178 if of == "mass" else 173
    assert middle - 25 < low < middle < high < middle + 25
    assert tagger.needs == (of,)
    assert auc(tagger.score(tops(2000, 2)), tops(2000, 2).label) > 0.85


def test_tau32_has_an_upper_limit_alone():
    tagger, facts = fitted("tau32")
    low, high = facts["windows"]["tau32"]
    assert low is None and 0.45 < high < 0.55  # half of the signal is below 0.5
    assert tagger.needs == ("tau3_b1", "tau2_b1")
    jets = tops(2000, 2)
    ratio = jets.column("tau3_b1") / jets.column("tau2_b1")
    assert auc(tagger.score(jets), jets.label) == pytest.approx(auc(-ratio, jets.label), abs=0.01)


def test_a_jet_without_a_second_prong_is_none():
    tagger, _ = fitted("tau32")
    jets = tops(4)
    jets.observables[:, 2:] = 0
    assert (tagger.score(jets) == tagger.windows["tau32"].odds.min()).all()


def test_the_box_is_a_box_and_better_than_either_cut():
    tagger, facts = fitted("box")
    jets = tops(4000, 2)
    score, label = tagger.score(jets), jets.label
    singles = [auc(fitted(of)[0].score(jets), label) for of in ("sd_mass", "tau32")]
    assert auc(score, label) > max(singles) + 0.03
    mass = jets.column("sd_mass").numpy()
    ratio = (jets.column("tau3_b1") / jets.column("tau2_b1")).numpy()
    for threshold in np.quantile(score, [0.3, 0.6, 0.9]):
        taken = score >= threshold
        inside = (mass >= mass[taken].min()) & (mass <= mass[taken].max())
        assert (inside & (ratio <= ratio[taken].max()) == taken).all()
    assert set(facts["windows"]) == {"sd_mass", "tau32"} and 0 < facts["pace"] < 1


def shuffled(jets, *columns):
    """The same jets with nothing to learn from some columns."""
    order = torch.randperm(len(jets), generator=torch.Generator().manual_seed(0))
    values = jets.observables.clone()
    for column in columns:
        values[:, column] = values[order, column]
    return replace(jets, observables=values)


@pytest.mark.parametrize(("useless", "least", "most"), [((2, 3), 0.75, 1), ((1,), 0, 0.25)])
def test_validation_jets_choose_how_the_box_tightens(useless, least, most):
    train, validation = (shuffled(tops(4000, seed), *useless) for seed in (0, 1))
    tagger = cuts.build("small", of="box")
    pace = tagger.fit(train, validation, seed=0)["pace"]
    assert least <= pace <= most
    areas = []
    for tagger.pace in cuts.PACES:
        areas.append(auc(tagger.score(validation), validation.label))
    assert areas[int(np.argmin(abs(cuts.PACES - pace)))] == pytest.approx(max(areas))


def test_weights_count_where_the_box_is_chosen():
    train, validation = tops(1000), tops(600, 1)
    # a top is worth most where the mass is right, QCD where it is not
    near = (validation.column("sd_mass") - 173).abs() < 20
    weighted = replace(validation, weight=torch.where(near == (validation.label == 1), 3.0, 1.0))
    repeated = validation.rows(torch.repeat_interleave(weighted.weight.long()))
    paces = []
    for jets in (weighted, repeated, validation):
        tagger = cuts.build("small", of="box")
        paces.append(tagger.fit(train, jets, seed=0)["pace"])
    assert paces[0] == paces[1] != paces[2]


@pytest.mark.parametrize("of", cuts.CUTS)
def test_state_round_trip(of):
    tagger, _ = fitted(of)
    other = cuts.build("paper", of=of)
    other.restore(tagger.state())
    assert np.array_equal(other.score(tops(500, 3)), tagger.score(tops(500, 3)))
    assert other.parameters == tagger.parameters
    with pytest.raises(UserError, match="build it with the options that it was trained with"):
        cuts.build(of="mass" if of == "tau32" else "tau32").restore(tagger.state())


def test_parameters_are_edges_and_odds():
    values = np.repeat([0.0, 1.0, 2.0], 40)
    label = np.concatenate([np.arange(40) < k for k in (10, 30, 20)]).astype(float)
    jets = observed({"mass": values}, label)
    tagger = cuts.build("small", of="mass")
    tagger.fit(jets, jets, seed=0)
    assert tagger.parameters == 2 + 3
    assert tagger.score(jets)[::40] == pytest.approx(np.log([1 / 3, 3, 1]))


def test_what_is_missing_is_named():
    jets = tops(20)
    bare = replace(jets, observables=jets.observables[:, :1], observable_names=("mass",))
    with pytest.raises(UserError, match="needs the observables sd_mass, tau3_b1, tau2_b1; these"):
        cuts.build("small", of="box").fit(bare, bare, seed=0)
    with pytest.raises(UserError, match="not fitted yet"):
        cuts.build("small").score(jets)


def test_one_class_only_is_refused():
    jets = tops(40)
    with pytest.raises(UserError, match="training jets of both classes"):
        cuts.build("small").fit(jets.rows(jets.label == 1), jets, seed=0)
    with pytest.raises(UserError, match="validation jets of both classes"):
        cuts.build("small", of="box").fit(jets, jets.rows(jets.label == 1), seed=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "tau21"}, "of: 'tau21' is none of mass, sd_mass, tau32, box"),
        ({"cells": 1}, "cells: 1 leave nothing to cut"),
        ({"width": 1}, "no option width; there are cells, of"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        cuts.build("small", **options)
