"""A whole job: dataset file → weights and tables; killed, resumed, with damaged checkpoints."""

import functools
import hashlib
import io
import json
import pickle
import re

import pandas as pd
import pytest
import torch
from helpers_training import scan, train_job, write_muons

from relearn import batchfiles, models, scans
from relearn.errors import UserError
from relearn.models import storage
from relearn.training import checkpoint, fit, job

TRAINING = {"epochs": 6, "learning_rate": 0.02}
# Two stacks: one hidden layer, and two.
SPEC = scan(hidden=[[3], [6], [4, 2]], training=TRAINING)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Write a checkpoint after every epoch."""
    monkeypatch.setattr(
        checkpoint, "Checkpoints", functools.partial(checkpoint.Checkpoints, every=0.0)
    )


class Killed(BaseException):
    """What a test puts in the place of kill −9: nothing may catch it."""


def train_killed(spec, dataset, monkeypatch, after, **options):
    """Train until so many epochs, of all stacks together, are done."""
    done, run_epoch = [], fit.Fit.run_epoch

    def counted(self):
        if len(done) == after:
            raise Killed
        run_epoch(self)
        done.append(self)

    with monkeypatch.context() as patch:
        patch.setattr(fit.Fit, "run_epoch", counted)
        with pytest.raises(Killed):
            job.run(job.Job(spec, "0000", dataset, device="cpu", **options))


def outcome(folder):
    """All that a job has written, but for how long it took."""
    runs = pd.read_csv(folder / "runs.csv").drop(columns="train_seconds")
    weights = (folder / storage.WEIGHTS).read_bytes()
    return runs.to_csv(), weights, (folder / "history.csv").read_text()


@pytest.fixture(scope="module")
def undisturbed(muons, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "scan/0000"
    train_job(SPEC, muons, folder)
    return folder


def test_what_a_job_writes(undisturbed):
    runs = pd.read_csv(undisturbed / "runs.csv", dtype={"hidden": str})
    expected = [run.name for run in scans.batches(SPEC)[0].runs]
    assert runs["run"].tolist() == expected and len(expected) == 6
    assert set(runs["hidden"]) == {"3", "6", "4x2"}
    assert (runs["status"] == "ok").all() and (runs["epochs"] == 6).all()
    history = pd.read_csv(undisturbed / "history.csv")
    assert set(history["run"]) == set(expected)
    for name, curve in history.groupby("run"):
        row = runs.set_index("run").loc[name]
        assert curve["epoch"].tolist() == list(range(1, 7))
        assert curve["validation_loss"].min() == row["best_validation_loss"]
        assert curve["validation_loss"].idxmin() - curve.index[0] + 1 == row["best_epoch"]
    spec = json.loads((undisturbed / batchfiles.SPEC).read_text())
    assert spec["scan"] == json.loads(json.dumps(SPEC))
    assert spec["versions"]["torch"] == torch.__version__
    assert {path.name for path in undisturbed.iterdir()} == {
        "runs.csv",
        "history.csv",
        storage.WEIGHTS,
        batchfiles.SPEC,
    }


def test_same_config_same_bytes(undisturbed, muons, tmp_path):
    train_job(SPEC, muons, tmp_path / "again")
    assert outcome(tmp_path / "again") == outcome(undisturbed)


def test_a_network_is_the_same_in_another_job(undisturbed, muons, tmp_path):
    """Alone in its job it sees the same batches: only the order of sums differs."""
    spec = scan(hidden=[[6]], training=TRAINING)
    train_job(spec, muons, tmp_path / "alone")
    alone = pd.read_csv(tmp_path / "alone/history.csv").set_index(["run", "epoch"])
    beside = pd.read_csv(undisturbed / "history.csv").set_index(["run", "epoch"])
    pd.testing.assert_frame_equal(alone, beside.loc[alone.index], rtol=1e-4)


@pytest.mark.parametrize("after", [1, 4, 6, 9, 11], ids="after {} epochs".format)
def test_killed_and_resumed_bit_for_bit(after, undisturbed, muons, monkeypatch, tmp_path, capsys):
    kept = {"checkpoints": tmp_path / "checkpoints"}
    train_killed(SPEC, muons, monkeypatch, after, **kept)
    capsys.readouterr()
    train_job(SPEC, muons, tmp_path / "resumed", **kept)
    captured = capsys.readouterr()
    resumed = re.findall(r"stack \d: goes on after epoch (\d)", captured.out)
    assert sum(map(int, resumed)) == after
    # 6 networks × 6 epochs × 4 batches
    assert "100%" in captured.err and "144/144" in captured.err.splitlines()[-1]
    assert outcome(tmp_path / "resumed") == outcome(undisturbed)
    assert not kept["checkpoints"].exists(), "the job is done"


def test_killed_when_all_is_trained_and_nothing_written(
    undisturbed, muons, monkeypatch, tmp_path, capsys
):
    kept = {"checkpoints": tmp_path / "checkpoints"}

    def killed(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_weights", killed)
        with pytest.raises(Killed):
            train_job(SPEC, muons, tmp_path / "resumed", **kept)
    assert kept["checkpoints"].is_dir()
    capsys.readouterr()
    train_job(SPEC, muons, tmp_path / "resumed", **kept)
    assert capsys.readouterr().out.count("goes on after epoch 6") == 2
    assert outcome(tmp_path / "resumed") == outcome(undisturbed)


def test_killed_twice(undisturbed, muons, monkeypatch, tmp_path):
    kept = {"checkpoints": tmp_path / "checkpoints"}
    train_killed(SPEC, muons, monkeypatch, 2, **kept)
    train_killed(SPEC, muons, monkeypatch, 5, **kept)
    train_job(SPEC, muons, tmp_path / "resumed", **kept)
    assert outcome(tmp_path / "resumed") == outcome(undisturbed)


@pytest.mark.parametrize(
    "spec",
    [
        scan(hidden=[[8]], activation=["relu"], dropout=[0.2], training=TRAINING),
        scan(training={"epochs": 30, "learning_rate": 0.2, "patience": 3, "validate_every": 2}),
    ],
    ids=["dropout", "early stop"],
)
def test_resumed_with_all_that_has_a_state(spec, muons, monkeypatch, tmp_path, capsys):
    train_job(spec, muons, tmp_path / "undisturbed")
    runs = pd.read_csv(tmp_path / "undisturbed/runs.csv")
    assert ("stopped" in set(runs["status"])) == bool(spec["training"]["patience"])
    kept = {"checkpoints": tmp_path / "checkpoints"}
    train_killed(spec, muons, monkeypatch, 4, **kept)
    train_job(spec, muons, tmp_path / "resumed", **kept)
    assert "stack 0: goes on after epoch 4" in capsys.readouterr().out
    assert outcome(tmp_path / "resumed") == outcome(tmp_path / "undisturbed")


class Evil:
    """A pickle that makes a file when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def damage(path, how, mark):
    whole = path.read_bytes()
    if how == "cut short":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "overwritten":
        path.write_bytes(b"\0" * len(whole))
    elif how == "one bit":
        half = len(whole) // 2
        path.write_bytes(whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :])
    elif how == "something else":
        torch.save([1, 2, 3], path)
    else:
        path.write_bytes(pickle.dumps(Evil(mark)))


HOW = ("cut short", "empty", "overwritten", "one bit", "something else", "evil")


@pytest.mark.parametrize("how", HOW)
def test_damaged_checkpoint_is_named_and_ignored(
    how, undisturbed, muons, monkeypatch, tmp_path, capsys
):
    kept = {"checkpoints": tmp_path / "checkpoints"}
    train_killed(SPEC, muons, monkeypatch, 3, **kept)
    (path,) = kept["checkpoints"].iterdir()
    damage(path, how, tmp_path / "mark")
    capsys.readouterr()
    train_job(SPEC, muons, tmp_path / "again", **kept)
    printed = capsys.readouterr().out
    assert f"{path} is damaged and ignored" in printed and "goes on" not in printed
    assert outcome(tmp_path / "again") == outcome(undisturbed)
    assert not (tmp_path / "mark").exists(), "code in a checkpoint was run"


def test_checkpoint_of_other_code_is_ignored(undisturbed, muons, monkeypatch, tmp_path, capsys):
    kept = {"checkpoints": tmp_path / "checkpoints"}
    train_killed(SPEC, muons, monkeypatch, 3, code="old", **kept)
    capsys.readouterr()
    train_job(SPEC, muons, tmp_path / "again", code="new", **kept)
    assert "goes on" not in capsys.readouterr().out
    assert outcome(tmp_path / "again") == outcome(undisturbed)


def test_key_of_checkpoints_holds_all_that_matters(muons, tmp_path):
    cpu = torch.device("cpu")
    other = write_muons(tmp_path / "toy.h5", events=(301, 90, 50))
    tasks = [
        job.Job(SPEC, "0000", muons),
        job.Job(SPEC | {"seed": 8}, "0000", muons),
        job.Job(SPEC, "0001", muons),
        job.Job(SPEC, "0000", muons, code="x"),
        job.Job(SPEC, "0000", other),
    ]
    keys = [job._key(task, cpu) for task in tasks]
    keys.append(job._key(tasks[0], torch.device("cuda")))
    assert len(set(keys)) == len(keys)
    assert job._key(job.Job(SPEC, "0000", muons), cpu) == keys[0]


def test_no_checkpoint_before_its_time(tmp_path):
    saved = checkpoint.Checkpoints(tmp_path, "key", every=1000)
    saved.offer(0, lambda: {"epoch": 1})
    assert saved.read(0) is None and not list(tmp_path.iterdir())
    saved.offer(0, lambda: {"epoch": 2}, force=True)
    assert saved.read(0) == {"epoch": 2}
    assert checkpoint.Checkpoints(tmp_path, "other").read(0) is None
    assert checkpoint.Checkpoints(None, "key").read(0) is None


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    content, mark = io.BytesIO(), tmp_path / "it ran"
    torch.save({"key": "key", "state": Evil(mark)}, content)
    digest = hashlib.sha256(content.getvalue()).digest()
    (tmp_path / "0000.checkpoint").write_bytes(digest + content.getvalue())
    with pytest.raises(UserError, match=r"0000\.checkpoint.*delete it"):
        checkpoint.Checkpoints(tmp_path, "key").read(0)
    assert not mark.exists()
    torch.load(io.BytesIO(content.getvalue()), weights_only=False)["state"].close()
    assert mark.exists(), "or there was nothing to refuse"


def test_progress_shows_loss_speed_and_time_left(muons, tmp_path, capsys):
    train_job(scan(training={"epochs": 3}), muons, tmp_path / "x")
    captured = capsys.readouterr()
    assert captured.out.startswith("device: cpu")
    last = re.split(r"[\r\n]", captured.err.strip())[-1]
    # 2 widths × 2 trials × 3 epochs × 4 batches
    assert re.search(r"100%.*48\.0/48\.0 .*network steps/s.*loss=\d", last), last
    assert re.search(r"\[\d\d:\d\d<\d\d:\d\d,", last), last


def test_diverged_networks_are_recorded_and_shown(muons, tmp_path, capsys):
    spec = scan(training={"epochs": 3, "learning_rate": 1e30})
    train_job(spec, muons, tmp_path / "0000")
    printed = capsys.readouterr().out
    runs = pd.read_csv(tmp_path / "0000/runs.csv")
    assert len(runs) == 4 and (runs["status"] == "diverged").all()
    for name in runs["run"]:
        assert f"{name} diverged in epoch 1" in printed
        # never better than at its start: what is kept is finite
        network = models.load(tmp_path / "0000", name)
        assert all(p.isfinite().all() for p in network.parameters())


def test_batch_that_the_scan_lacks(muons):
    with pytest.raises(UserError, match="scan scan has no batch 0009"):
        job.run(job.Job(SPEC, "0009", muons))
