"""All taggers on the same events: names, combined taggers, pairs and the published order."""

from dataclasses import replace

import helpers_points as made
import numpy as np
import pandas as pd
import pytest
from helpers_taggers import CONSTITUENTS, scan, train_job, write_jets

from relearn.errors import UserError
from relearn.studies import tagger_comparison as study
from relearn.studies import taggers, tagging
from relearn.studies.inputs import StudyInputs

COSTS = {"flops": 50.0, "epochs": 3, "train_jets_per_second": 1e3}
COSTS["inference_jets_per_second"] = 2e3


def inputs(folder, *points):
    """A study of made-up points, with their cost."""
    found = made.inputs(folder, *points)
    classic = found.runs["architecture"].isin(["cuts", "bdt"])
    runs = found.runs.assign(**COSTS)
    return replace(found, runs=runs.assign(flops=runs["flops"].where(~classic)))


POINTS = (
    {"architecture": "lola", "wrong": [8, 9]},
    {"architecture": "lola", "size": "paper", "wrong": [5, 6]},
    {"architecture": "pfn", "wrong": [2, 3]},
    {"architecture": "nsub", "bodies": 8.0, "wrong": [4, 4]},
    {"architecture": "nsub", "bodies": 6.0, "wrong": [7, 6]},
    {"architecture": "deeptop", "channels": "colours", "kind": "tower", "wrong": [3, 4]},
    {"architecture": "cuts", "of": "mass", "kind": "tower", "wrong": [15]},
    {"architecture": "gcn", "wrong": [None, None]},
)


def test_names_say_what_tells_taggers_apart(tmp_path):
    runs = study.named(inputs(tmp_path, *POINTS).runs)
    names = ["lola", "pfn", "nsub 8", "nsub 6", "deeptop colours", "cuts mass", "gcn"]
    assert list(dict.fromkeys(runs["tagger"])) == names
    families = runs.drop_duplicates("tagger").set_index("tagger")["family"]
    assert families["nsub 8"] == families["cuts mass"] == "variables"
    assert (families["lola"], families["deeptop colours"]) == ("four-vectors", "images")
    lola = runs[runs["tagger"] == "lola"]
    assert (lola["largest"] == (lola["size"] == "paper")).all() and lola["largest"].sum() == 2


def test_axes_tell_taggers_of_one_name_apart_and_new_ones_have_a_family(tmp_path):
    points = (
        {"wrong": [1]},
        {"kind": "tower", "wrong": [1]},
        {"architecture": "mine", "wrong": [1]},
    )
    runs = study.named(inputs(tmp_path, *points).runs)
    assert list(runs["tagger"]) == ["lola eflow", "lola tower", "mine"]
    assert runs["family"].iloc[2] == "other"


def test_combined_taggers_are_points_that_cost_what_their_parts_cost(tmp_path):
    tables = study.measure(inputs(tmp_path, *POINTS))
    points = tables["points"].set_index("tagger")
    combined = points[points["family"] == "combined"]
    assert list(combined["trials"]) == [1, 2, 2]  # of the best; of all, as many as most have
    # lola paper 30, five others 10; the diverged one has no part
    assert points.loc["combined mean", "parameters"] == 30 + 5 * 10
    assert points.loc["combined fit", "parameters"] == 80 + 7, "a weight of each, and one more"
    assert points.loc["combined mean", "train_seconds"] == 6
    assert points.loc["combined mean", "flops"] == 250, "of those that have operations"
    assert points.loc["combined mean", "inference_jets_per_second"] == pytest.approx(2e3 / 6)
    assert points.loc["combined trials", "parameters"] == 20, "both trials of the best"
    runs = tables[""]
    assert "folder" not in runs and (runs["family"] == "combined").sum() == 5
    assert points.loc["gcn", "diverged"] == 2 and np.isnan(points.loc["gcn", "auc"])


def test_the_mean_is_that_of_the_trials_with_one_number(tmp_path):
    given = inputs(tmp_path, {"wrong": [4, 2]}, {"architecture": "pfn", "wrong": [1, 6]})
    tables = study.measure(given)
    runs = tables[""].set_index("run")
    scores = [taggers.scores(run)[2].astype(float) for _, run in given.runs.iterrows()]
    scores = [(one - one.mean()) / one.std() for one in scores]
    for trial in (0, 1):
        both = scores[trial] + scores[2 + trial]
        expected = study.quality.of_classifier(both, made.LABEL, np.ones(80), 0.0).row
        found = runs.loc[f"combined-mean-toy-t{trial}"]
        assert found["auc"] == pytest.approx(expected["auc"])
        assert found["rejection50"] == pytest.approx(expected["rejection50"])


def test_pairs_are_there_both_ways_and_are_those_of_tagging(tmp_path):
    given = inputs(tmp_path, *POINTS[2:4])
    tables = study.measure(given)
    pairs = tables["pairs"].set_index(["one", "other"]).sort_index()
    assert len(pairs) == 5 * 4
    way, back = (pairs.loc[ends] for ends in (("pfn", "nsub 8"), ("nsub 8", "pfn")))
    assert way["difference"] == pytest.approx(made.auc_of(2.5) - made.auc_of(4))
    assert back["difference"] == -way["difference"] and back["sigmas"] == -way["sigmas"]
    assert (back["difference_low"], back["difference_high"]) == pytest.approx(
        (-way["difference_high"], -way["difference_low"])
    )
    assert (way["auc"], way["reference_auc"]) == (back["reference_auc"], back["auc"])
    assert (way["one_rank"], way["other_rank"]) == (1, 2)
    best = tables["pairs"].query("one_best").set_index("other")["one"]
    assert best["pfn"] == "nsub 8" and set(best.drop("pfn")) == {"pfn"} and best.index.is_unique
    sample = tagging.compare(given, {"architecture": "pfn"})["difference_sample"].iloc[0]
    assert way["difference_sample"] == pytest.approx(sample)


def test_ranks_count_the_largest_single_taggers(tmp_path):
    points = study.measure(inputs(tmp_path, *POINTS))["points"]
    ranks = points[points["rank"] > 0].sort_values("rank")["tagger"]
    assert list(ranks) == ["pfn", "deeptop colours", "nsub 8", "lola", "nsub 6", "cuts mass"]
    left = points[points["rank"] == 0]
    assert set(left["family"]) == {"combined", "graphs", "four-vectors"}  # with the small LoLa


def test_the_published_order_is_that_of_taggers_with_the_same_inputs(tmp_path):
    orders = study.measure(inputs(tmp_path, *POINTS))["orders"]
    (row,) = orders.to_dict("records")
    # pfn, nsub 8, lola, nsub 6 are in this order, in ours and in the paper; images are of towers
    assert (row["source"], row["kind"], row["taggers"], row["tau"]) == ("1902.09914", "eflow", 4, 1)
    assert row["tau_low"] < 1 and row["told"] >= row["alike"]
    few = study.measure(inputs(tmp_path / "few", *POINTS[2:4]))["orders"]
    assert few.empty and list(few) == list(study.ORDERS)


def test_correlations_know_equal_taggers(tmp_path):
    # trial k of both has the same random numbers, so that k alone makes a difference
    given = inputs(tmp_path, {"wrong": [4, 4]}, {"architecture": "pfn", "wrong": [4, 4]})
    table = study.measure(given)["correlations"].set_index(["one", "other", "class"])
    assert table["rank"]["lola", "pfn", "background"] == pytest.approx(1)
    assert abs(table["rank"]["lola", "lola", "background"]) < 0.7
    assert set(table["dataset"]) == {"toy"}


def test_taggers_of_other_jets_are_refused(tmp_path):
    one = inputs(tmp_path / "a", {"wrong": [4]})
    two = inputs(tmp_path / "b", {"architecture": "pfn", "wrong": [4]})
    path = tmp_path / "b/scores.npz"
    with np.load(path) as file:
        content = dict(file)
    content["label"] = content["label"][::-1]
    np.savez(path, **content)
    runs = pd.concat([one.runs, two.runs], ignore_index=True)
    with pytest.raises(UserError, match="b: the test jets of pfn-.* are not those of lola-.*toy"):
        study.measure(StudyInputs(runs, {}))


def test_nothing_that_trained_leaves_tables_without_rows(tmp_path):
    tables = study.measure(inputs(tmp_path, {"wrong": [None]}, {"size": "paper", "wrong": [None]}))
    assert len(tables["points"]) == 2 and (tables["points"]["trials"] == 0).all()
    for name in ("pairs", "correlations", "orders"):
        assert tables[name].empty and len(tables[name].columns)


def test_small_trained_taggers_are_named_and_combined(tmp_path):
    """Whatever a training writes into runs.csv is either known or an option."""
    path = write_jets(tmp_path / "toy.h5", constituents=CONSTITUENTS)
    scans = (
        scan("pfn", trials=2),
        scan("cuts", options={"of": ["mass", "box"]}),
        scan("nsub", options={"bodies": [4]}),
        scan("efn", training={"learning_rate": 1e30, "optimiser": "sgd"}),
    )
    folders = []
    for spec in scans:
        folders.append(tmp_path / "models" / spec["axes"]["architecture"][0])
        train_job(spec, path, folders[-1] / "0000")
    found = StudyInputs.from_files(folders, [path], {})
    points = study.measure(found)["points"]
    names = ["pfn", "cuts mass", "cuts box", "nsub 4", "efn"]
    names += ["combined trials", "combined mean", "combined fit"]
    assert list(points["tagger"]) == names
    told = points.set_index("tagger")["miscalibration"]
    odds = ["pfn", "cuts mass", "nsub 4", "combined fit"]  # all others are no log-odds
    assert list(told[told.between(0, 1)].index) == odds and told.drop(odds).isna().all()
    lost = points["tagger"] == "efn"
    assert (points["diverged"] == lost).all() and (points["auc"].between(0, 1) == ~lost).all()
    assert (points.loc[~lost, "parameters"] > 0).all()
