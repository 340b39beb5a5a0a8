"""One training by two processes, on CPUs: the same result, killed, diverged, refused."""

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from helpers_tagger_training import fitted, settings
from helpers_taggers import scan, train_job, write_jets
from helpers_workflow import ROOT
from safetensors.torch import load_file

from relearn.errors import UserError
from relearn.models import storage
from relearn.taggerruns import expand


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("data") / "toy.h5")


# jets read from the file in every epoch, norms and losses that all processes must agree on
CHANGES = {"epochs": 40, "memory_gb": 1e-9, "schedule": "plateau", "clip": 0.1}
TWO = {"devices": 2}


def command(spec, data, folder):
    names = [run.name for run in expand(spec)]
    words = [sys.executable, "scripts/train_taggers.py", "--scan", json.dumps(spec), "--runs"]
    words += [*names, "--batch", "0000", "--dataset", str(data), "--device", "cpu"]
    return [*words, "--output", str(folder / "0000"), "--checkpoint", str(folder / "kept")]


def train(spec, data, folder):
    """Train as a job does, and return what it has written and said."""
    words = command(spec, data, folder)
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def numbers(folder):
    """History, weights and scores of a job."""
    history = pd.read_csv(folder / "history.csv").drop(columns=["seconds", "run"])
    scores = {k: x for k, x in np.load(folder / "scores.npz").items() if k.startswith("score")}
    weights = {k: x.numpy() for k, x in load_file(folder / storage.WEIGHTS).items()}
    return history.to_numpy(), list(weights.values()), list(scores.values())


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """A folder with a training by two processes."""
    folder = tmp_path_factory.mktemp("two")
    ran = train(scan(training=CHANGES | TWO), data, folder)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("device: cpu") == 2 and "goes on" not in ran.stdout
    return folder / "0000"


def test_two_processes_do_what_one_does(done, data, tmp_path):
    """But for the order in which gradients are added up."""
    history, weights, scores = numbers(done)
    expected = numbers(train_job(scan(training=CHANGES), data, tmp_path / "one/0000"))
    np.testing.assert_allclose(history, expected[0], rtol=1e-3)
    for found, true in zip([*weights, *scores], [*expected[1], *expected[2]], strict=True):
        np.testing.assert_allclose(found, true, rtol=0.01, atol=1e-3)
    (row,) = pd.read_csv(done / "runs.csv").to_dict("records")
    assert row["status"] == "ok" and row["epochs"] == CHANGES["epochs"]


def test_killed_and_resumed_bit_for_bit(done, data, tmp_path):
    spec = scan(training=CHANGES | TWO)
    process = subprocess.Popen(
        command(spec, data, tmp_path), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 240
    while not list((tmp_path / "kept").glob("*.checkpoint")):
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()  # ends when the processes that it has started have ended too
    assert process.returncode == -9 and not (tmp_path / "0000").exists()
    again = train(spec, data, tmp_path)
    assert again.returncode == 0, again.stderr
    assert "goes on after epoch" in again.stdout
    history, weights, scores = numbers(tmp_path / "0000")
    expected = numbers(done)
    assert np.array_equal(history, expected[0])
    for found, true in zip([*weights, *scores], [*expected[1], *expected[2]], strict=True):
        assert np.array_equal(found, true)


def test_a_diverged_training_ends_in_all_processes_and_its_whole_batch_is_kept(data, tmp_path):
    training = {"epochs": 6, "learning_rate": 1e30, "optimiser": "sgd"}
    done = train(scan("pfn", training=training | TWO), data, tmp_path)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "0000/runs.csv")["status"].tolist() == ["diverged"]
    batch = load_file(tmp_path / "kept-0000-diverged-batch.safetensors")
    assert len(set(batch["rows"].tolist())) == len(batch["input0"]) == 16


def test_the_trainer_alone_does_not_start_processes():
    with pytest.raises(UserError, match=r"devices: 2, but there are 1 processes.*torchrun"):
        fitted(settings(devices=2))


def test_batches_must_split():
    with pytest.raises(UserError, match=r"batch_size: 32.*devices: 3"):
        settings(devices=3)
