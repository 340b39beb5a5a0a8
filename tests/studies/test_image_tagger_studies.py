"""Image taggers compared, with faint pixels made dark, and under a shifted energy scale."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers_taggers import scan, train_job, write_jets

from relearn.studies import (
    image_preprocessing,
    image_taggers,
    jes_image,
    pixel_threshold,
    taggers,
    testjets,
)
from relearn.studies.inputs import StudyInputs

ALL = "centre+rotate+flip+crop"
SHAPE = {"filters": [[2]], "kernels": [4], "pools": [2], "dense": [4]}  # a tiny one
TRAINING = {"optimiser": "adam", "learning_rate": 0.003, "loss": "cross_entropy", "epochs": 2}


def deeptop(name, trials=2, training=None, **options):
    fixed = {key: [value] for key, value in (SHAPE | options).items()}
    one = scan("deeptop", trials, fixed, training=TRAINING | (training or {}), kind=["tower"])
    return one | {"name": name}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of tiny trained scans, and their dataset."""
    root = tmp_path_factory.mktemp("images")
    data = write_jets(root / "toy.h5", {"train": 24, "validation": 12, "test": 20})
    scans = [
        deeptop("plain"),
        deeptop("dark", threshold=5.0),
        deeptop("smeared", training={"augment": {"jes_smear": 0.1}}),
        deeptop("relative", normalise="sum"),
        deeptop("off", trials=1, steps="crop"),
        deeptop("constituents", trials=1, subpixel=True),
        scan("fisher", kind=["tower"]) | {"name": "fisher"},
        scan("bdt", 2, {"inputs": ["softdrop_nsubjettiness"]}, kind=["tower"]) | {"name": "bdt"},
    ]
    for spec in scans:
        train_job(spec, data, root / spec["name"] / "0000")
    return root, data


def inputs(made, *scans, **options):
    root, data = made
    return StudyInputs.from_files([root / name for name in scans], [data], options)


def without_last(study):
    """The same study whose last network diverged."""
    runs = study.runs.copy()
    runs.loc[runs.index[-1], "status"] = "diverged"
    runs.loc[runs.index[-1], ["auc", "auc_error"]] = np.nan
    return replace(study, runs=runs)


# --- compared -------------------------------------------------------------------------


def test_taggers_are_told_apart_by_what_they_see(made):
    study = inputs(made, "plain", "fisher", "bdt")
    study.runs["channels"] = study.runs["architecture"].map({"fisher": "colours"})
    tables = image_taggers.measure(study)
    points = tables["points"]
    names = ["deeptop", "fisher colours", "bdt softdrop_nsubjettiness"]
    assert points["tagger"].tolist() == names and points["largest"].all()
    assert tables["pairs"]["tagger"].tolist() == names[1:]
    mean = points.set_index("tagger")["auc"]
    pairs = tables["pairs"].set_index("tagger")["difference"]
    assert pairs["fisher colours"] == pytest.approx(mean["fisher colours"] - mean["deeptop"])


def test_the_largest_size_of_a_tagger_is_the_reference(made):
    study = inputs(made, "plain", "bdt")
    larger = study.runs[study.runs["architecture"] == "deeptop"].assign(size="paper")
    runs = pd.concat([study.runs, larger], ignore_index=True)
    tables = image_taggers.measure(replace(study, runs=runs))
    largest = tables["points"].set_index(["tagger", "size"])["largest"]
    assert largest.to_dict() == {
        ("deeptop", "small"): False,
        ("bdt softdrop_nsubjettiness", "small"): True,
        ("deeptop", "paper"): True,
    }
    assert len(tables["pairs"]) == 2, "the smaller one is compared with it too"


def test_steps_that_a_scan_does_not_state_are_all_of_them(made):
    tables = image_preprocessing.measure(inputs(made, "plain", "off", "constituents"))
    points = tables["points"][["steps", "subpixel", "trials"]].to_numpy().tolist()
    assert points == [[ALL, "no", 2], ["crop", "no", 1], [ALL, "yes", 1]]
    pairs = tables["pairs"]
    assert pairs[["steps", "subpixel"]].to_numpy().tolist() == [["crop", "no"], [ALL, "yes"]]
    assert np.isfinite(pairs["difference_error"]).all(), "the reference's trials have a spread"


# --- thresholds -----------------------------------------------------------------------


def test_thresholds_of_the_training_and_of_the_test(made, monkeypatch):
    monkeypatch.setattr(pixel_threshold, "TESTED", (0.0, 5.0, 1e6))
    tables = pixel_threshold.measure(inputs(made, "plain", "dark"))
    assert tables["points"]["threshold"].tolist() == [0.0, 5.0]
    assert tables["pairs"]["threshold"].tolist() == [5.0]
    tested = tables["tested"].set_index("threshold")
    assert (tested["trials"] == 2).all(), "only those that were trained without"
    assert tested.loc[0.0, ["change", "change_error", "et"]].tolist() == [0, 0, 1]
    assert tested.loc[0.0, "auc"] == pytest.approx(tables["points"]["auc"][0], abs=1e-6)
    assert tested.loc[1e6, ["auc", "et", "lit"]].tolist() == [0.5, 0, 0], "all is dark"
    assert 0 < tested.loc[5.0, "et"] < 1 and tested.loc[5.0, "lit"] < tested.loc[0.0, "lit"]
    change = tested["auc"] - tested.loc[0.0, "auc"]
    np.testing.assert_allclose(tested["change"], change, atol=1e-12)


def test_a_network_with_a_threshold_is_the_one_that_is_loaded_with_it(made):
    study = inputs(made, "dark")
    row = study.runs.iloc[0]
    network = study.network(row)
    assert network.threshold == 5.0
    jets = testjets.read(study, row)
    own = pixel_threshold.tagger.predict(network, jets).numpy()
    np.testing.assert_allclose(own, taggers.scores(row)[2], atol=1e-6)


def test_no_network_without_a_threshold_leaves_the_table_empty(made):
    tables = pixel_threshold.measure(inputs(made, "dark"))
    assert tables["tested"].empty and "change_low" in tables["tested"]
    assert tables["pairs"].empty


def test_means_over_trials():
    values, errors = np.array([-0.1, -0.3]), np.array([0.01, 0.03])
    mean, spread, sample, error, low, high = pixel_threshold._of_trials(values, errors)
    assert (mean, sample) == pytest.approx((-0.2, 0.02))
    assert spread == pytest.approx(0.2 / np.sqrt(2))
    assert error == pytest.approx(np.hypot(0.02, 0.1)) and low < mean - 3 * error < 0 < high


# --- the energy scale -----------------------------------------------------------------


def test_trainings_are_told_apart_and_compared(made):
    tables = jes_image.measure(inputs(made, "plain", "smeared"))
    assert tables["points"]["jes_smear"].tolist() == [0.0, 0.1]
    shifts = tables["shifts"]
    assert len(shifts) == 4 * len(jes_image.SHIFTS)
    still = shifts[shifts["shift"] == 0]
    changes = ["auc_change", "output_change", "output_signal", "output_background"]
    assert (still[changes] == 0).all(axis=None)
    expected = tables[""].sort_values(["jes_smear", "run"])["auc"]
    np.testing.assert_allclose(still.sort_values(["jes_smear", "run"])["auc"], expected, atol=1e-6)
    sides = shifts[["output_signal", "output_background"]].abs().mean(axis=1)
    assert (shifts["output_change"] >= sides - 1e-9).all(), "no mean is above the mean size"
    means = shifts.groupby(["shift", "jes_smear"])["output_change"].mean().unstack()
    pairs = tables["pairs"].set_index("shift")
    assert pairs.index.tolist() == [-0.1, -0.05, 0.05, 0.1]
    np.testing.assert_allclose(pairs["output_change"], (means[0.1] - means[0.0])[pairs.index])
    assert (pairs["output_change_low"] < pairs["output_change"]).all()


def test_the_error_of_a_pair_is_that_of_what_the_same_jets_do():
    draw = np.random.default_rng(0)
    label, weight = np.arange(200.0) % 2, draw.uniform(0.5, 1.5, 200)
    shares, output = draw.normal(size=(2, 200)), draw.uniform(size=(2, 200))
    one, other = (jes_image.Moved(shares[i], output[i], label, weight) for i in (0, 1))
    assert one.apart(one) == {"auc_change": 0.0, "output_change": 0.0}
    found = one.apart(other)
    apart = output[0] - output[1]
    far = weight * (apart - np.average(apart, weights=weight))
    assert found["output_change"] == pytest.approx(np.sqrt((far**2).sum()) / weight.sum())
    variance = 0.0
    for side in (0, 1):
        w, values = weight[label == side], (shares[0] - shares[1])[label == side]
        far = w * (values - np.average(values, weights=w))
        variance += (far**2).sum() / w.sum() ** 2 * 100 / 99
    assert found["auc_change"] == pytest.approx(np.sqrt(variance))


def test_pairs_of_the_same_networks_have_no_error_of_the_jets(made):
    study = inputs(made, "plain", "smeared")
    shifts = jes_image.measure(study)["shifts"]
    moved = {}
    for run in study.runs.assign(jes_smear=0.0).to_dict("records"):
        if "plain" in str(run["folder"]):
            jes_image._shifted(study, run, moved)
    moved |= {(0.1, *key[1:]): one for key, one in moved.items()}
    same = shifts[shifts["jes_smear"] == 0]
    pairs = jes_image._pairs(pd.concat([same, same.assign(jes_smear=0.1)]), moved)
    spread = same[same["shift"] == 0.1].groupby("trial")["auc_change"].mean().std()
    row = pairs[pairs["shift"] == 0.1].iloc[0]
    assert row["auc_change"] == 0 and row["auc_change_error"] == pytest.approx(spread)


def test_pictures_divided_by_their_sum_know_no_scale(made):
    shifts = jes_image.measure(inputs(made, "relative"))["shifts"]
    assert shifts["output_change"].max() < 1e-5
    plain = jes_image.measure(inputs(made, "plain"))["shifts"]
    assert plain[plain["shift"] != 0]["output_change"].min() > 1e-4


def test_as_many_jets_as_asked_for_and_no_diverged_network(made):
    study = without_last(inputs(made, "plain", "smeared", jets=30))
    tables = jes_image.measure(study)
    assert len(tables["shifts"]) == 3 * len(jes_image.SHIFTS)
    assert tables["points"]["diverged"].tolist() == [0, 1]
    whole = jes_image.measure(inputs(made, "plain", "smeared"))["shifts"]
    assert not np.allclose(whole["auc"][:15], tables["shifts"]["auc"])


def test_errors_of_a_mean_with_weights():
    values, weight = np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 2.0])
    mean, error = jes_image._mean(values, weight)
    assert mean == pytest.approx(15 / 4)
    deviations = weight * (values - mean)
    assert error == pytest.approx(np.sqrt((deviations**2).sum()) / 4)
