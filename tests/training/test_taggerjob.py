"""A whole job on taggers: dataset file → weights, tables, scores; killed, resumed, diverged."""

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from helpers_taggers import scan, task, train_job, write_jets
from helpers_workflow import ROOT
from safetensors.torch import load_file

from relearn import batchfiles, models, taggerruns
from relearn.data import tagfile
from relearn.models import storage
from relearn.studies import taggers
from relearn.training import calibration, jetdata, metrics, tagger, tagger_epochs, taggerjob

FILES = {"weights.safetensors", "runs.csv", "history.csv", "spec.json", "scores.npz", "roc.csv"}
SPEC = scan("lola", trials=2, constituents=[4, 6], features=[["charge"], []])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("data") / "toy.h5")


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """The folder of a trained batch."""
    return train_job(SPEC, data, tmp_path_factory.mktemp("models") / "mine/0000")


def timeless(folder):
    """All that a job has written, but for how long it took."""
    runs = pd.read_csv(folder / "runs.csv")
    history = pd.read_csv(folder / "history.csv").drop(columns="seconds")
    times = [name for name in runs if "second" in name]
    scores = dict(np.load(folder / "scores.npz"))
    weights = (folder / storage.WEIGHTS).read_bytes()
    return (
        runs.drop(columns=times).to_csv(),
        history.to_csv(),
        {name: one.tobytes() for name, one in scores.items()},
        weights,
    )


def test_what_a_job_writes(done, data):
    assert {path.name for path in done.iterdir()} == FILES
    runs = pd.read_csv(done / "runs.csv", keep_default_na=False)
    expected = [run.name for run in taggerruns.expand(SPEC)]
    assert runs["run"].tolist() == expected and len(expected) == 8
    assert (
        runs["features"].tolist() == ["charge"] * 2 + ["none"] * 2 + ["charge"] * 2 + ["none"] * 2
    )
    assert set(runs["status"]) == {"ok"} and set(runs["epochs"]) == {3}
    history = pd.read_csv(done / "history.csv")
    for name, curve in history.groupby("run"):
        row = runs.set_index("run").loc[name]
        assert curve["epoch"].tolist() == [1, 2, 3]
        assert curve["validation_loss"].min() == pytest.approx(row["best_validation_loss"])
        assert curve["epoch"].iloc[curve["validation_loss"].argmin()] == row["best_epoch"]
    spec = json.loads((done / batchfiles.SPEC).read_text())
    assert spec["scan"] == json.loads(json.dumps(SPEC))
    assert {one["training"]["epochs"] for one in spec["trained"].values()} == {3}
    assert spec["versions"]["torch"] == torch.__version__


def test_tables_say_what_the_scores_say(done, data):
    label = tagfile.read(data, "test").label
    runs = taggers.runs([done.parent])
    roc = pd.read_csv(done / "roc.csv").set_index("run")
    for row in runs.to_dict("records"):
        truth, weight, score = taggers.scores(row)
        assert score.dtype == np.float32 and np.array_equal(truth, label)
        assert row["auc"] == pytest.approx(metrics.auc(score, truth, weight), rel=1e-6)
        assert row["accuracy"] == pytest.approx(((score > 0) == truth).mean(), rel=1e-6)
        told = calibration.reliability(calibration.probability(score), truth, weight)
        expected = calibration.expected_error(told)
        assert row["miscalibration"] == pytest.approx(expected, rel=1e-6)
        curve = roc.loc[row["run"]]
        area = np.trapezoid(curve["signal_efficiency"], curve["background_efficiency"])
        assert area == pytest.approx(row["auc"], abs=1e-6)


def test_a_loaded_tagger_gives_the_scores_again(done, data):
    for run in taggerruns.expand(SPEC)[::3]:
        model = models.load(done.parent, run.name)
        assert not model.training
        jets = jetdata.load(data, "test", run.kind, run.constituents, run.features)
        _, _, scores = taggers.scores({"folder": done, "run": run.name})
        np.testing.assert_allclose(tagger.predict(model, jets).numpy(), scores, rtol=1e-5)
        row = pd.read_csv(done / "runs.csv").set_index("run").loc[run.name]
        assert row["parameters"] == sum(p.numel() for p in model.parameters())


def test_it_learns_what_there_is_to_learn(data, tmp_path):
    spec = scan("pfn", training={"epochs": 30, "learning_rate": 0.01}, constituents=[8])
    runs = pd.read_csv(train_job(spec, data, tmp_path / "0000") / "runs.csv")
    assert runs["auc"][0] > 0.97  # seven constituents against four


def test_a_run_is_the_same_in_another_job(done, data, tmp_path):
    alone = scan("lola", constituents=[6], trials=2)
    train_job(alone, data, tmp_path / "mine/0000")
    name = taggerruns.expand(alone)[1].name
    one, other = (
        taggers.scores({"folder": f, "run": name})[2] for f in (done, tmp_path / "mine/0000")
    )
    assert np.array_equal(one, other)


class Killed(BaseException):
    """What a test puts in the place of kill −9: nothing may catch it."""


@pytest.mark.parametrize("after", [2, 3, 13])
def test_killed_and_resumed_bit_for_bit(after, done, data, tmp_path, monkeypatch, capsys):
    kept, epochs, run_epoch = tmp_path / "kept", [], tagger_epochs.Training.run_epoch

    def counted(self, *arguments):
        warming_up = self.steps == 1
        if len(epochs) == after and not warming_up:
            raise Killed
        run_epoch(self, *arguments)
        if not warming_up:
            epochs.append(self)

    with monkeypatch.context() as patch:
        patch.setattr(tagger_epochs.Training, "run_epoch", counted)
        with pytest.raises(Killed):
            taggerjob.run(task(SPEC, data, checkpoints=kept))
    capsys.readouterr()
    train_job(SPEC, data, tmp_path / "mine/0000", checkpoints=kept)
    assert capsys.readouterr().out.count("goes on after epoch") == -(-after // 3)
    assert timeless(tmp_path / "mine/0000") == timeless(done)
    assert not kept.exists(), "the job is done"


def test_kill_9_of_the_command_and_the_same_again(data, tmp_path):
    spec, kept, output = (
        scan("lola", training={"epochs": 15}),
        tmp_path / "kept",
        tmp_path / "0000",
    )
    (name,) = (run.name for run in taggerruns.expand(spec))
    words = [sys.executable, "scripts/train_taggers.py", "--scan", json.dumps(spec), "--runs", name]
    words += ["--batch", "0000", "--dataset", str(data), "--device", "cpu", "--output", str(output)]
    words += ["--checkpoint", str(kept)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 120
    while not list(kept.glob("*.checkpoint")):
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -9 and not output.exists()
    process.stdout.close()
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert f"{name}: goes on after epoch" in again.stdout
    assert timeless(output) == timeless(train_job(spec, data, tmp_path / "whole/0000"))


def test_checkpoints_of_other_code_or_data_are_not_used(data, tmp_path):
    cpu = torch.device("cpu")
    other = write_jets(tmp_path / "toy.h5", counts=(6, 4))
    tasks = [
        task(SPEC, data),
        task(SPEC | {"seed": 8}, data),
        task(SPEC, data, code="x"),
        task(SPEC, other),
        task(scan("lola", training={"epochs": 4}), data),
    ]
    keys = [taggerjob._key(one, cpu) for one in tasks]
    keys.append(taggerjob._key(tasks[0], torch.device("cuda")))
    assert len(set(keys)) == len(keys)
    assert taggerjob._key(task(SPEC, data), cpu) == keys[0]


def test_a_diverged_tagger_has_a_row_without_metrics(data, tmp_path):
    spec = scan("pfn", training={"learning_rate": 1e30, "optimiser": "sgd"})
    folder = train_job(spec, data, tmp_path / "mine/0000", checkpoints=tmp_path / "kept")
    batch = load_file(tmp_path / "kept-0000-diverged-batch.safetensors")
    assert len(batch["rows"]) == len(batch["weight"]) == 16 and not (tmp_path / "kept").exists()
    row = taggers.runs([folder.parent]).iloc[0]
    assert row["status"] == "diverged"
    assert row[["auc", "auc_error", "accuracy", "rejection30", "miscalibration"]].isna().all()
    assert np.isnan(taggers.scores(row)[2]).all()
    assert all(p.isfinite().all() for p in models.load(folder, row["run"]).parameters())
    assert pd.read_csv(folder / "roc.csv").empty


def test_a_tagger_that_is_no_network(data, tmp_path):
    folder = train_job(scan("fisher", constituents=[8]), data, tmp_path / "mine/0000")
    row = taggers.runs([folder.parent]).iloc[0]
    assert row["status"] == "ok" and np.isnan(row["flops"]) and row["epochs"] == 0
    model = models.load(folder, row["run"])
    _, _, scores = taggers.scores(row)
    np.testing.assert_allclose(model.score(jetdata.load(data, "test")), scores, rtol=1e-5)
    assert pd.read_csv(folder / "history.csv").empty


def test_a_regression_of_an_observable(data, tmp_path):
    spec = scan("pfn", target="sd_mass", training={"epochs": 2}, constituents=[8])
    folder = train_job(spec, data, tmp_path / "mine/0000")
    row = taggers.runs([folder.parent]).iloc[0]
    truth, weight, found = taggers.scores(row)
    there = tagfile.read(data, "test", observables=["sd_mass"]).observables["sd_mass"]
    assert np.array_equal(truth, there)
    assert row["rmse"] == pytest.approx(np.sqrt(np.average((found - truth) ** 2, weights=weight)))
    assert row["correlation"] == pytest.approx(np.corrcoef(found, truth)[0, 1], rel=1e-4)
    assert row["target"] == "sd_mass"


def test_each_regression_of_a_job_keeps_its_own_truth(data, tmp_path):
    targets = ["sd_mass", "multiplicity"]
    spec = scan("pfn", target=targets, training={"epochs": 2}, trials=2)
    folder = train_job(spec, data, tmp_path / "mine/0000")
    runs = taggers.runs([folder.parent])
    there = tagfile.read(data, "test", observables=targets).observables
    assert sorted(runs["target"]) == sorted(2 * targets)
    for _, row in runs.iterrows():
        truth, weight, found = taggers.scores(row)
        assert np.array_equal(truth, there[row["target"]])
        off = np.sqrt(np.average((found - truth) ** 2, weights=weight))
        assert row["rmse"] == pytest.approx(off)
