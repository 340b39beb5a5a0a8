"""The studies of LoLa: points made by hand, and a small network with a trained metric."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers_points import auc_of, inputs
from helpers_taggers import scan, train_job, write_jets

from relearn.studies import (
    lola_ablation,
    lola_constituents,
    lola_metric,
    lola_nvector,
    lola_roc,
    references,
)
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

SHARE = 1 / 40  # of the AUC, for each signal jet that is on the wrong side


def differences(pairs, *columns):
    """Point → difference, in jets on the wrong side."""
    found = pairs.set_index([*columns])["difference"] / SHARE
    assert found.index.is_unique
    return {key: pytest.approx(value, abs=1e-9) for key, value in found.items()}


# --- several references ---------------------------------------------------------------


def test_each_reference_has_its_pairs(tmp_path):
    kinds, numbers = ("eflow", "tower"), (10, 40)
    wrong = {("eflow", 10): 8, ("eflow", 40): 2, ("tower", 10): 6, ("tower", 40): 5}
    points = (
        {"kind": k, "constituents": n, "wrong": [wrong[k, n]] * 2} for k in kinds for n in numbers
    )
    pairs = lola_constituents.measure(inputs(tmp_path, *points))["pairs"]
    assert differences(pairs, "against", "kind", "constituents") == {
        ("forty", "eflow", 10): 2 - 8,
        ("forty", "tower", 10): 5 - 6,
        ("tower", "eflow", 10): 6 - 8,
        ("tower", "eflow", 40): 5 - 2,
    }


def test_a_reference_that_is_not_there_has_none(tmp_path):
    study = inputs(tmp_path, {"features": "charge", "wrong": [3, 4]})
    pairs = references.compare(study, lola_nvector.REFERENCES, AXES)
    assert pairs.empty and {"against", "difference", "relative_low"} <= set(pairs)


def test_extra_columns_are_compared_with_momenta_and_with_the_truth(tmp_path):
    wrong = {"none": 10, "charge": 9, "d0+z0": 2, "d0_smeared+z0_smeared": 5}
    study = inputs(tmp_path, *({"features": f, "wrong": [n, n, None]} for f, n in wrong.items()))
    tables = lola_nvector.measure(study)
    found = differences(tables["pairs"], "against", "features")
    assert found == {
        **{("momenta", name): 10 - n for name, n in wrong.items() if name != "none"},
        **{("truth", name): 2 - n for name, n in wrong.items() if name != "d0+z0"},
    }
    assert (tables["points"]["diverged"] == 1).all() and "folder" not in tables[""]
    assert set(tables["roc"]["features"]) == set(wrong)


# --- against images and trees ---------------------------------------------------------


def test_taggers_are_compared_with_lola_on_either_kind_of_each_dataset(tmp_path):
    trees = {"architecture": "bdt", "kind": "tower", "inputs": "mother_of_taggers"}
    points = [
        {"kind": "eflow", "inputs": np.nan, "wrong": [4, 4]},
        {"kind": "tower", "inputs": np.nan, "wrong": [6, 6]},
        {"architecture": "deeptop", "kind": "tower", "constituents": 9, "inputs": np.nan}
        | {"wrong": [5, 5]},
        trees | {"wrong": [12, 12]},
        {"dataset": "high", "kind": "eflow", "inputs": np.nan, "wrong": [1, 1]},
        trees | {"dataset": "high", "wrong": [3, 3]},
    ]
    tables = lola_roc.measure(inputs(tmp_path, *points))
    found = differences(tables["pairs"], "dataset", "against", "tagger", "kind")
    bdt = "bdt mother_of_taggers"
    assert found == {
        ("toy", "eflow", "lola", "tower"): 4 - 6,
        ("toy", "eflow", "deeptop", "tower"): 4 - 5,
        ("toy", "eflow", bdt, "tower"): 4 - 12,
        ("toy", "tower", "lola", "eflow"): 6 - 4,
        ("toy", "tower", "deeptop", "tower"): 6 - 5,
        ("toy", "tower", bdt, "tower"): 6 - 12,
        ("high", "eflow", bdt, "tower"): 1 - 3,
    }
    assert set(tables["points"]["tagger"]) == {"lola", "deeptop", bdt}


def test_without_trees_there_are_no_inputs(tmp_path):
    tables = lola_roc.measure(inputs(tmp_path, {"wrong": [1, 2]}))
    assert tables["points"]["tagger"].tolist() == ["lola"]


# --- ablation -------------------------------------------------------------------------


def test_what_is_missing_is_named_by_the_options(tmp_path):
    runs = pd.DataFrame(
        {
            "rows": [np.nan, "mass", "last", "last", np.nan],
            "order": ["random", np.nan, np.nan, np.nan, np.nan],
            "sums": [np.nan, np.nan, np.nan, 1.0, np.nan],
            "minima": [np.nan, np.nan, np.nan, 0.0, np.nan],
            "variant": [np.nan, np.nan, np.nan, np.nan, "talk002"],
        }
    )
    expected = ["order=random", "rows=mass", "rows=last", "rows=last+sums=1+minima=0"]
    expected += ["variant=talk002"]
    assert lola_ablation.ablations(runs) == expected
    assert lola_ablation.ablations(runs[[]]) == ["full"] * 5, "no scan has such options"


def test_changes_are_relative_to_the_full_network(tmp_path):
    study = inputs(
        tmp_path,
        {"rows": "mass", "wrong": [20, 20]},
        {"rows": np.nan, "wrong": [4, 4]},
        {"rows": "first_three", "wrong": [5, 5]},
    )
    pairs = lola_ablation.measure(study)["pairs"].set_index("ablation")
    for name, wrong in (("rows=mass", 20), ("rows=first_three", 5)):
        change = 100 * (auc_of(wrong) / auc_of(4) - 1)
        assert pairs.loc[name, "relative"] == pytest.approx(change)
    assert len(pairs) == 2


# --- the metric -----------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1.0, -0.01, 250.0])
def test_any_factor_of_a_metric_is_taken_out(factor):
    metric = np.array([2.0, -1.0, -3.0, 2.0])
    expected = [1, -0.5, -1.5, 1]
    np.testing.assert_allclose(lola_metric.normalised(factor * metric), expected)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """A study on LoLas with fixed and trained metrics; those from Minkowski's hardly move."""
    folder = tmp_path_factory.mktemp("metric")
    path = write_jets(folder / "toy.h5")
    for name, options, rate in (
        ("still", {"metric": ["trained"], "metric_start": ["minkowski"]}, 1e-12),
        ("moved", {"metric": ["trained"], "metric_start": ["euclid", "random"]}, 0.01),
        ("fixed", {}, 0.01),
    ):
        spec = scan(trials=2, options=options, training={"learning_rate": rate}) | {"name": name}
        train_job(spec, path, folder / name / "0000")
    folders = [folder / name for name in ("still", "moved", "fixed")]
    return StudyInputs.from_files(folders, [path], {})


@pytest.fixture(scope="module")
def metric_tables(metrics):
    return lola_metric.measure(metrics)


def test_a_metric_that_is_not_trained_stays_where_it_was(metric_tables):
    table = metric_tables[""]
    still = table[table["scan"] == "still"]
    np.testing.assert_allclose(still[[*"KLMN"]], [[1, -1, -1, -1]] * 2, atol=1e-6)
    assert (still["opposite"] == 1).all() and still["factor"].to_numpy() == pytest.approx(1)
    assert still[["anisotropy", "travelled"]].to_numpy() == pytest.approx(0, abs=1e-6)
    assert table.loc[table["scan"] == "fixed", [*"KLMN"]].isna().all(axis=None)


def test_metrics_are_those_of_the_networks(metrics, metric_tables):
    rows = metric_tables["components"].set_index(["run", "component"])
    moved = metrics.runs[metrics.runs["scan"] == "moved"]
    steps = 3 * 6  # of Adam, which moves a number by its learning rate at most, or little more
    for _, run in moved.iterrows():
        g = np.array(metrics.network(run).metric)
        expected = g / np.abs(g).mean() * np.sign(g[0])
        np.testing.assert_allclose(rows.loc[run["run"], "value"][[*"KLMN"]], expected, rtol=1e-6)
        found = metric_tables[""].set_index("run").loc[run["run"]]
        assert 0.005 < found["travelled"] < 1.5 * 0.01 * steps
        assert found["opposite"] == (np.sign(g[1:]) == -np.sign(g[0])).all()
        space = np.abs(g[1:])
        spread = (space.max() - space.min()) / space.mean()
        assert found["anisotropy"] == pytest.approx(spread, rel=1e-5)


def test_starts_are_where_the_networks_began(metrics, metric_tables):
    rows = metric_tables["components"].pivot(index="run", columns="component", values="start")
    starts = metrics.runs.set_index("run")["metric_start"]
    for name, start in rows.iterrows():
        expected = {"minkowski": [1, -1, -1, -1], "euclid": [1, 1, 1, 1]}.get(starts[name])
        if expected:
            np.testing.assert_allclose(start[[*"KLMN"]], expected, atol=1e-6)
    random = rows[starts[rows.index] == "random"]
    assert np.abs(random).mean(axis=1).to_numpy() == pytest.approx(1)
    assert np.abs(random.diff().iloc[1:]).min(axis=None) > 1e-3, "each trial begins elsewhere"


def test_a_random_start_is_near_its_end_after_a_few_steps(metrics):
    for _, run in metrics.runs[metrics.runs.get("metric_start") == "random"].iterrows():
        start = lola_metric.start_of(run)
        assert np.abs(np.array(metrics.network(run).metric) - start).max() < 0.3


def test_each_start_is_compared_with_the_fixed_metric_for_itself(metrics, metric_tables):
    pairs = metric_tables["pairs"].set_index("metric_start")
    assert set(pairs.index) == {"minkowski", "euclid", "random"}
    auc = metrics.runs.fillna({"metric_start": "none"}).groupby("metric_start")["auc"].mean()
    for start, row in pairs.iterrows():
        assert row["difference"] == pytest.approx(auc[start] - auc["none"], abs=1e-6)
    points = metric_tables["points"]
    assert len(points) == 4 and (points["trials"] == 2).all()
    alone = replace(metrics, runs=metrics.runs[metrics.runs["scan"] != "moved"])
    again = lola_metric.measure(alone)["pairs"].set_index("metric_start")
    expected = pairs.loc["minkowski", "difference_error"]
    assert again.loc["minkowski", "difference_error"] == pytest.approx(expected)


def test_without_a_trained_metric_there_are_no_components(metrics):
    fixed = replace(metrics, runs=metrics.runs[metrics.runs["scan"] == "fixed"])
    tables = lola_metric.measure(fixed)
    assert tables["components"].empty and tables["pairs"].empty and len(tables["points"]) == 1


def test_networks_that_diverged_have_no_metric(metrics):
    lost = replace(metrics, runs=metrics.runs.assign(status="diverged"))
    tables = lola_metric.measure(lost)
    assert tables["components"].empty and tables[""]["opposite"].isna().all()
    assert tables["points"]["diverged"].sum() == len(metrics.runs)
