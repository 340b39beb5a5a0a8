"""A training that was killed goes on to the same result; a broken one says so."""

import numpy as np
import pytest
import torch
from helpers_tagger_training import fitted, flat, jets, same, settings
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from relearn.errors import UserError
from relearn.training.checkpoint import Checkpoints
from relearn.training.sources import Memory
from relearn.training.tagger_epochs import Training

CHANGES = {"jes_smear": 0.1, "rotation": 180.0, "drop": 0.2}


def kill_after(epochs, training, folder, **options):
    """What a killed training leaves behind: the checkpoint of some epoch."""
    one = Training(
        flat(dropout=0.2),
        Memory(jets(128)),
        Memory(jets(64, seed=1)),
        training,
        3,
        torch.device("cpu"),
        **options,
    )
    for _ in range(epochs):
        one.run_epoch()
    Checkpoints(folder, "key").offer(2, one.state, force=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "adam", "schedule": "one_cycle", "augment": CHANGES},
        {"optimiser": "sgd", "schedule": "plateau", "learning_rate": 1.0, "decay": 0.1},
        {"optimiser": "adamw", "schedule": "cosine", "weight_decay": 0.1, "clip": 0.1},
        {"optimiser": "adadelta", "schedule": "exponential", "patience": 3},
    ],
    ids=lambda changes: changes["schedule"],
)
def test_a_killed_training_goes_on_to_the_same_weights(tmp_path, changes, capsys):
    training = settings(epochs=9, **changes)
    _, whole = fitted(training, model=flat(dropout=0.2))
    for epochs in (1, 5):
        kill_after(epochs, training, tmp_path)
        kept = Checkpoints(tmp_path, "key")
        model = flat(dropout=0.2)
        _, found = fitted(training, model=model, checkpoints=kept, number=2, name="toy")
        assert same(found, whole)
        assert f"toy: goes on after epoch {epochs}" in capsys.readouterr().out
        assert all(torch.equal(x, whole.state[name]) for name, x in model.state_dict().items())


def test_a_finished_training_is_read_and_not_done_again(tmp_path):
    _, whole = fitted(checkpoints=Checkpoints(tmp_path, "key"))
    before = (tmp_path / "0000.checkpoint").stat().st_mtime_ns
    _, again = fitted(checkpoints=Checkpoints(tmp_path, "key"))
    assert same(whole, again) and again.seconds == whole.seconds
    assert (tmp_path / "0000.checkpoint").stat().st_mtime_ns == before


def test_damaged_checkpoints_and_those_of_others_are_left_out(tmp_path, capsys):
    _, whole = fitted(model=flat(dropout=0.2))
    kill_after(2, settings(), tmp_path)
    _, found = fitted(model=flat(dropout=0.2), checkpoints=Checkpoints(tmp_path, "other"), number=2)
    assert same(found, whole)
    path = tmp_path / "0002.checkpoint"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # one bit of a number, which PyTorch alone would read
    path.write_bytes(content)
    _, found = fitted(model=flat(dropout=0.2), checkpoints=Checkpoints(tmp_path, "key"), number=2)
    out = capsys.readouterr().out
    assert same(found, whole) and "damaged and ignored" in out and "goes on" not in out


def test_a_jet_that_is_no_number_stops_the_training_and_is_kept(tmp_path):
    train = jets(128)
    train.p4[77, 0, 1] = torch.nan
    model = flat(scaled=False)
    kept = Checkpoints(tmp_path / "job", "key")
    _, found = fitted(train=train, model=model, checkpoints=kept, number=1, name="toy")
    assert (found.status, found.epochs, found.best_epoch) == ("diverged", 1, 0)
    assert found.diverged_batch == tmp_path / "job-0001-diverged-batch.safetensors"
    batch = load_file(found.diverged_batch)
    at = batch["rows"].tolist().index(77)
    assert len(batch["rows"]) == 32 and batch["input0"][at].isnan().sum() == 1
    kept.remove()
    assert found.diverged_batch.exists()
    assert found.history[0]["train_loss"] != found.history[0]["train_loss"]


def test_too_large_steps_end_with_the_best_epoch_before():
    """The step of one_cycle rises until the weights overflow."""
    training = settings(epochs=12, optimiser="sgd", learning_rate=1e6, schedule="one_cycle")
    _, found = fitted(training)
    assert found.status == "diverged" and found.diverged_batch is None
    assert 0 < found.best_epoch < found.epochs < 12
    assert all(x.isfinite().all() for x in found.state.values())


def test_validation_jets_that_are_no_numbers(tmp_path):
    validation = jets(64, seed=1)
    validation.p4[50] = torch.inf
    kept = Checkpoints(tmp_path / "job", "key")
    _, found = fitted(validation=validation, checkpoints=kept)
    assert (found.status, found.epochs) == ("diverged", 1)
    assert 50 in load_file(found.diverged_batch)["rows"].tolist()
    assert found.history[0]["train_loss"] > 0  # that was as ever
    fitted(checkpoints=kept)
    assert not found.diverged_batch.exists(), "it is of a training that is no more"


def test_a_bounded_loss_does_not_hide_infinite_outputs():
    _, found = fitted(settings(loss="mse", optimiser="sgd", learning_rate=1e19, epochs=3))
    assert found.status == "diverged"


@pytest.mark.parametrize("key", ["another's", "key"])
def test_curves_are_the_history_whatever_was_drawn_before(tmp_path, key):
    few, more = (settings(tensorboard=True, epochs=epochs) for epochs in (2, 3))
    fitted(few, checkpoints=Checkpoints(tmp_path / "job", "key"))
    (folder,) = tmp_path.glob("job-*-tensorboard")
    with SummaryWriter(folder) as killed:  # an epoch that was drawn, and not yet in a checkpoint
        killed.add_scalar("train_loss", 9.0, 3)
    _, found = fitted(more, checkpoints=Checkpoints(tmp_path / "job", key))
    curves = EventAccumulator(str(folder)).Reload()
    epochs = [row["epoch"] for row in found.history]
    for name in found.history[0].keys() - {"epoch"}:
        drawn = [(one.step, one.value) for one in curves.Scalars(name)]
        wanted = [row[name] for row in found.history]
        assert drawn == list(zip(epochs, np.float32(wanted), strict=True)), name


def test_curves_need_their_package(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install tensorboard"):
        fitted(settings(tensorboard=True), checkpoints=Checkpoints(tmp_path / "job", "key"))
