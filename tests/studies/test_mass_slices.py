"""Sliced masses: distances in closed form, and taggers whose answers are made by hand."""

import numpy as np
import pandas as pd
import pytest
from helpers_tagging import write_tagging

from relearn.errors import UserError
from relearn.models.variables import tau
from relearn.studies import mass_slices
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import calibration

COUNT = 40  # test jets of each class
LABEL = np.tile([1.0, 0.0], COUNT).astype(np.float32)
RUN = {"dataset": "toy", "size": "small", "kind": "tower", "constituents": 5, "features": "none"}
SURE = 3.0  # log-odds of 0.95
MASSES = {"signal": 180.0 + np.arange(COUNT), "background": 60.0 + np.arange(COUNT)}
COLUMNS = {
    "mass": MASSES,
    "sd_mass": MASSES,
    tau(2): {"signal": np.ones(COUNT), "background": np.ones(COUNT)},
    tau(3): {"signal": np.full(COUNT, 0.5), "background": np.full(COUNT, 0.8)},
}


def logit(probability):
    return float(np.log(probability / (1 - probability)))


def dataset(folder, **columns):
    """A dataset of jets with these columns, of either class, in all splits."""
    jets = dict.fromkeys(("train", "validation", "test"), COUNT)
    return write_tagging(folder / "toy.h5", jets, **COLUMNS | columns)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("slices"))


def study(folder, path, **answers):
    """A study of taggers: architecture → what each of its trials says of tops and of QCD."""
    rows, scores = [], {}
    for architecture, trials in answers.items():
        for trial, (signal, background) in enumerate(trials):
            name = f"{architecture}-t{trial}"
            score = np.empty(2 * COUNT, np.float32)
            score[LABEL == 1], score[LABEL == 0] = signal, background
            scores[f"score/{name}"] = score
            point = {"run": name, "architecture": architecture, "trial": trial}
            rows.append(RUN | point | {"status": "ok", "auc": 0.5, "folder": str(folder)})
    np.savez(folder / "scores.npz", label=LABEL, weight=np.ones_like(LABEL), **scores)
    return StudyInputs(pd.DataFrame(rows), {"toy": path})


def row(table, architecture, side="signal", variable="mass"):
    mine = (table["architecture"] == architecture) & (table["side"] == side)
    (found,) = table[mine & (table["variable"] == variable)].to_dict("records")
    return found


# --- distances ------------------------------------------------------------------------


@pytest.mark.parametrize("moved", [0, 1, 7])
def test_the_distance_of_what_is_moved_is_by_how_much(moved):
    counts = np.zeros(200)
    counts[20:60] = np.random.default_rng(0).random(40)
    other = 3 * np.roll(counts, moved)  # of another total
    assert mass_slices.distance(counts, other, 400.0) == pytest.approx(2.0 * moved, abs=1e-9)


def test_the_distance_is_the_area_between_cumulative_distributions():
    draw = np.random.default_rng(1)
    one, other = draw.uniform(0, 400, 5000), draw.normal(200, 50, 5000).clip(0, 400)
    counts = [np.histogram(x, 200, (0, 400))[0] for x in (one, other)]
    exact = np.abs(np.sort(one) - np.sort(other)).mean()
    assert mass_slices.distance(*counts, 400.0) == pytest.approx(exact, rel=0.02)


def test_a_distance_to_nothing_is_none():
    assert np.isnan(mass_slices.distance(np.zeros(5), np.ones(5), 1.0))


# --- selections -----------------------------------------------------------------------


def test_who_knows_the_truth_selects_the_truth(tmp_path, toy):
    tables = mass_slices.measure(study(tmp_path, toy, deeptop=[(SURE, -SURE)] * 2))
    for side in ("signal", "background"):
        for variable in ("mass", "sd_mass", "tau32"):
            found = row(tables["points"], "deeptop", side, variable)
            assert found["distance"] == 0 == found["ratio"] == found["ratio_error"]
            assert (found["purity"], found["efficiency"], found["jets"]) == (1, 1, 40)
        apart = row(tables["points"], "truth", side)["apart"]
        assert apart == pytest.approx(120), "the masses differ by that much"
    tau32 = row(tables["points"], "truth", variable="tau32")
    assert tau32["apart"] == pytest.approx(0.3, abs=0.006)
    assert tau32["mean"] == pytest.approx(0.5, abs=0.003)


def test_who_takes_one_for_the_other_selects_the_other(tmp_path, toy):
    tables = mass_slices.measure(study(tmp_path, toy, deeptop=[(-SURE, SURE)]))
    found = row(tables["points"], "deeptop")
    assert found["ratio"] == pytest.approx(1) and found["purity"] == 0 == found["efficiency"]
    assert found["mean"] == pytest.approx(row(tables["points"], "truth", "background")["mean"])


def test_half_of_what_is_chosen_is_of_the_other_side(tmp_path, toy):
    half = np.where(np.arange(COUNT) % 2, SURE, 0.0)  # every second jet of each class
    found = row(
        mass_slices.measure(study(tmp_path, toy, deeptop=[(half, half)]))["points"], "deeptop"
    )
    assert found["jets"] == 40
    assert (found["purity"], found["efficiency"]) == (0.5, 0.5)
    assert found["ratio"] == pytest.approx(0.5, abs=0.02), "half of them are 120 GeV away"


@pytest.mark.parametrize(
    ("score", "chosen"),
    [(0.81, "signal"), (0.79, None), (0.21, None), (0.19, "background")],
)
def test_limits_are_of_the_probability(tmp_path, toy, score, chosen):
    tables = mass_slices.measure(study(tmp_path, toy, deeptop=[(logit(score), 0.0)]))
    for side in ("signal", "background"):
        found = row(tables["points"], "deeptop", side)
        assert found["jets"] == (40 if side == chosen else 0)
        assert np.isnan(found["ratio"]) == (side != chosen)


def test_histograms_are_densities_and_errors_shrink_where_all_is_alike(tmp_path, toy):
    tables = mass_slices.measure(study(tmp_path, toy, deeptop=[(SURE, -SURE), (SURE, 0.0)]))
    for _, mine in tables["histograms"].groupby(["architecture", "side", "variable"]):
        width = mine["high"] - mine["low"]
        assert (mine["density"] * width).sum() == pytest.approx(1) or mine["density"].isna().all()
        assert (mine["density_low"] <= mine["density_high"]).all() or mine["density"].isna().all()
    lost = row(tables["points"], "deeptop", "background")
    assert np.isnan(lost["ratio"]), "one trial chooses none"
    mass = tables["histograms"].query("architecture == 'truth' and variable == 'mass'")
    signal = mass[mass["side"] == "signal"]
    np.testing.assert_allclose(signal["density"][signal["low"].between(180, 210)], 1 / 40)


def test_trees_with_other_inputs_are_other_points(tmp_path, toy):
    given = study(tmp_path, toy, bdt=[(SURE, -SURE)] * 2, deeptop=[(SURE, 0.0)])
    given.runs["inputs"] = ["softdrop_nsubjettiness", "mother_of_taggers", np.nan]
    points = mass_slices.measure(given)["points"]
    there = points.drop_duplicates([*AXES, "inputs"])[["architecture", "inputs", "trials"]]
    assert there.to_numpy().tolist() == [
        ["truth", "none", 1],
        ["bdt", "softdrop_nsubjettiness", 1],
        ["bdt", "mother_of_taggers", 1],
        ["deeptop", "none", 1],
    ]


def test_calibration_is_that_of_the_probabilities(tmp_path, toy):
    signal = np.where(np.arange(COUNT) < 30, logit(0.75), logit(0.25))
    background = np.where(np.arange(COUNT) < 10, logit(0.75), logit(0.25))
    table = mass_slices.measure(study(tmp_path, toy, deeptop=[(signal, background)]))["calibration"]
    assert table["probability"].tolist() == pytest.approx([0.25, 0.75])
    assert table["signal"].tolist() == pytest.approx([0.25, 0.75])
    assert calibration.expected_error(table) == pytest.approx(0, abs=1e-7)


# --- jets -----------------------------------------------------------------------------


def test_jets_without_a_partner_and_without_a_ratio_are_left_out(tmp_path):
    lost = {side: np.arange(COUNT) >= 10 for side in MASSES}
    none = {side: np.where(np.arange(COUNT) < 20, 0.0, 1.0) for side in MASSES}
    columns = {"tower__found": lost, tau(2): none}
    tables = mass_slices.measure(
        study(tmp_path, dataset(tmp_path, **columns), deeptop=[(SURE, -SURE)])
    )
    assert row(tables["points"], "truth")["jets"] == 30
    sample = mass_slices.read(tmp_path / "toy.h5", "tower")
    everything = np.ones(80, bool)
    assert sample.counts("mass", everything).sum() == 60
    assert sample.counts("tau32", everything).sum() == 40


def test_jets_beyond_the_range_count_at_its_end(tmp_path):
    heavy = {side: np.full(COUNT, 900.0 if side == "signal" else 60.0) for side in MASSES}
    tables = mass_slices.measure(
        study(tmp_path, dataset(tmp_path, mass=heavy), deeptop=[(SURE, -SURE)])
    )
    assert row(tables["points"], "truth")["outside"] == 0.5
    mine = tables["histograms"].query("architecture == 'truth' and variable == 'mass'")
    assert mine[mine["side"] == "signal"]["density"].iloc[-1] == pytest.approx(0.1)


def test_scores_of_other_jets_are_refused(tmp_path, toy):
    given = study(tmp_path, toy, deeptop=[(SURE, -SURE)])
    with np.load(tmp_path / "scores.npz") as file:
        stored = dict(file)
    np.savez(tmp_path / "scores.npz", **stored | {"label": 1 - stored["label"]})
    with pytest.raises(UserError, match="not those of the dataset toy.*again"):
        mass_slices.measure(given)


def test_without_a_network_the_tables_are_empty(tmp_path, toy):
    given = study(tmp_path, toy, deeptop=[(SURE, -SURE)])
    given.runs["status"] = "diverged"
    tables = mass_slices.measure(given)
    assert len(tables.pop("")) == 1 and all(table.empty for table in tables.values())
