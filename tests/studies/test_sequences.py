"""Recurrent, recursive and graph taggers, and ParticleNet against others: points made by hand."""

import numpy as np
import pandas as pd
import pytest
from helpers_points import auc_of, inputs
from helpers_taggers import scan, train_job, write_jets

from relearn.errors import UserError
from relearn.studies import along, particlenet, recurrent, recursive, taggers, testjets
from relearn.studies.inputs import StudyInputs
from relearn.training import metrics

# --- along an axis --------------------------------------------------------------------


def test_points_are_compared_with_what_is_else_alike(tmp_path):
    study = inputs(
        tmp_path,
        *(
            {"size": size, "tree": tree, "wrong": [wrong, wrong + 2]}
            for size, tree, wrong in (
                ("small", "kt", 8),
                ("small", "ca", 4),
                ("paper", "kt", 6),
                ("paper", "ca", 10),
                ("medium", "ca", 0),  # nothing to compare it with
            )
        ),
    )
    by = (*recursive.AXES, "tree")
    pairs = along.compare(study, {"tree": "kt"}, by)
    assert pairs["size"].tolist() == ["small", "paper"] and set(pairs["tree"]) == {"ca"}
    assert pairs["difference"].to_numpy() == pytest.approx([4 / 40, -4 / 40])
    assert (pairs["difference_low"] < pairs["difference"]).all()
    none = along.compare(study, {"tree": "antikt"}, by)
    assert none.empty and "difference" in none


def test_jets_are_those_that_a_run_was_made_for(tmp_path):
    path = write_jets(tmp_path / "toy.h5")
    study = StudyInputs(pd.DataFrame(), {"toy": path})
    run = {"dataset": "toy", "kind": "tower", "constituents": 3, "features": "charge+d0"}
    jets = testjets.read(study, run, 10)
    assert jets.p4.shape == (10, 3, 4) and jets.extra_names == ("charge", "d0")
    assert set(jets.label.tolist()) == {0.0, 1.0}
    assert testjets.read(study, run | {"features": "none"}).extra.shape == (48, 3, 0)


# --- recursive nets -------------------------------------------------------------------


def test_trees_and_gates_are_compared_each_for_itself(tmp_path):
    study = inputs(
        tmp_path,
        {"tree": np.nan, "gated": np.nan, "wrong": [12, 10]},  # a scan without these options
        {"tree": "ca", "gated": "no", "wrong": [8, 6]},
        {"tree": "kt", "gated": "yes", "wrong": [4, 2]},
        {"tree": "ca", "gated": "yes", "wrong": [3, None]},
    )
    tables = recursive.measure(study)
    pairs = tables["pairs"].set_index(["changed", "tree", "gated"])["difference"]
    assert pairs.to_dict() == {
        ("tree", "ca", "no"): pytest.approx(auc_of(7) - auc_of(11)),
        ("tree", "ca", "yes"): pytest.approx(auc_of(3) - auc_of(3)),
        ("gated", "kt", "yes"): pytest.approx(auc_of(3) - auc_of(11)),
        ("gated", "ca", "yes"): pytest.approx(auc_of(3) - auc_of(7)),
    }
    points = tables["points"].set_index(["tree", "gated"])
    assert points.loc[("ca", "yes"), "diverged"] == 1 and len(points) == 4
    assert set(tables["roc"]["tree"]) == {"kt", "ca"} and "folder" not in tables[""]


# --- ParticleNet ----------------------------------------------------------------------


def test_the_best_other_tagger_has_rank_one(tmp_path):
    study = inputs(
        tmp_path,
        {"architecture": "lola", "wrong": [6, 6]},
        {"architecture": "particlenet", "wrong": [20, 20]},
        {"architecture": "particlenet", "size": "paper", "wrong": [4, 6]},
        {"architecture": "lite", "size": "medium", "wrong": [0, 0]},
        {"architecture": "pfn", "wrong": [3, None]},
        {"architecture": "gru", "wrong": [9, 8]},
    )
    pairs = particlenet.measure(study)["pairs"].set_index(["architecture", "size"])
    assert pairs["rank"].to_dict() == {
        **{("lola", "small"): 2, ("particlenet", "small"): 0, ("lite", "medium"): 0},
        **{("pfn", "small"): 1, ("gru", "small"): 3},
    }
    assert pairs["reference_auc"].to_numpy() == pytest.approx(auc_of(5)), "of most parameters"
    assert pairs.loc[("pfn", "small"), "difference"] == pytest.approx(2 / 40)


def test_without_a_particlenet_there_is_nothing_to_measure(tmp_path):
    with pytest.raises(UserError, match=r"studies\.particlenet: none of its scans"):
        particlenet.measure(inputs(tmp_path, {"architecture": "lola", "wrong": [1, 2]}))


def test_a_particlenet_that_diverged_is_shown_and_compared_with_nothing(tmp_path):
    tables = particlenet.measure(
        inputs(
            tmp_path,
            {"architecture": "lola", "wrong": [1, 2]},
            {"architecture": "particlenet", "wrong": [None, None]},
        )
    )
    assert tables["pairs"].empty and "rank" in tables["pairs"]
    assert tables["points"].set_index("architecture").loc["particlenet", "diverged"] == 2


# --- recurrent nets -------------------------------------------------------------------


def trained(folder, counts):
    """A study on an LSTM trained on jets with so many constituents, in two orders."""
    path = write_jets(folder / "toy.h5", counts=counts)
    spec = scan("lstm", trials=2, options={"order": ["pt", "random"]})
    train_job(spec, path, folder / "mine/0000")
    return StudyInputs.from_files([folder / "mine"], [path], {})


@pytest.fixture(scope="module")
def lstm(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("lstm"), (7, 4))


@pytest.fixture(scope="module")
def lstm_tables(lstm):
    return recurrent.measure(lstm)


def test_networks_in_their_own_order_score_as_they_were_tested(lstm, lstm_tables):
    reread = lstm_tables["reread"].set_index(["order", "read"])
    assert len(reread) == 2 * len(recurrent.ORDERS)
    for order, runs in lstm.runs.groupby("order"):
        own = reread.loc[(order, order)]
        assert own["own"] == "yes" and own["change"] == 0 and np.isnan(own["change_error"])
        assert own["auc"] == pytest.approx(runs["auc"].mean(), abs=1e-6)


def test_changes_are_those_of_the_networks_one_by_one(lstm, lstm_tables):
    jets = testjets.read(lstm, lstm.runs.iloc[0])
    found = []
    for _, run in lstm.runs[lstm.runs["order"] == "pt"].iterrows():
        label, weight, score = taggers.scores(run)
        network = lstm.network(run)
        network.order = "clustering"
        other = network(*network.prepare(jets)).detach().numpy()
        other = other[:, 1] - other[:, 0]
        found.append(metrics.auc(other, label, weight) - metrics.auc(score, label, weight))
    row = lstm_tables["reread"].set_index(["order", "read"]).loc[("pt", "clustering")]
    assert row["change"] == pytest.approx(np.mean(found), abs=1e-6)
    assert row["change_low"] < row["change"] < row["change_high"] and row["trials"] == 2
    assert row["change_error"] >= row["change_sample"] > 0


def test_the_order_of_one_constituent_changes_nothing(tmp_path):
    reread = recurrent.measure(trained(tmp_path, (1, 1)))["reread"]
    assert (reread["change"] == 0).all() and (reread["change_sample"] == 0).all()


def test_networks_that_diverged_read_nothing(lstm):
    lost = StudyInputs(lstm.runs.assign(status="diverged"), lstm.datasets)
    tables = recurrent.measure(lost)
    assert tables["reread"].empty and tables["pairs"].empty
    assert tables["points"]["diverged"].sum() == len(lstm.runs)
