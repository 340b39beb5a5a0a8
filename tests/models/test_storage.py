"""Trained networks on disk: one comes out of its stack as it was trained; damage is named."""

import json
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from helpers_training import scan, sequential, train_job, write_muons

from relearn import batchfiles, models, scans
from relearn.data import hdf5
from relearn.errors import UserError
from relearn.training import job

# Two jobs, of which the first holds networks of different width and activation in one stack.
SPEC = scan(
    hidden=[[], [3], [6], [5, 4]],
    activation=["relu", "softplus"],
    trials=2,
    training={"epochs": 8, "learning_rate": 0.02},
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_muons(tmp_path_factory.mktemp("data") / "toy.h5")


@pytest.fixture(scope="module")
def outcome(data):
    return job.run(job.Job(SPEC, "0000", data, device="cpu"))


@pytest.fixture(scope="module")
def written(data, outcome, tmp_path_factory):
    """A folder of a scan with its one batch."""
    folder = tmp_path_factory.mktemp("models") / "scan"
    job.write(job.Job(SPEC, "0000", data, device="cpu"), outcome, folder / "0000")
    return folder


@pytest.fixture
def copy(written, tmp_path):
    """A copy that a test may damage: folder of the scan, and of the batch."""
    folder = shutil.copytree(written, tmp_path / "scan")
    return folder, folder / "0000"


NAMES = [run.name for run in scans.expand(SPEC)]


@pytest.mark.parametrize("name", NAMES)
def test_module_is_the_trained_network(name, outcome, written, data):
    network = models.load(written / "0000", name)
    assert isinstance(network, torch.nn.Module) and not network.training
    for layer, (weight, bias) in zip(network.layers, outcome.trained[name].layers, strict=True):
        assert torch.equal(layer.weight, weight) and torch.equal(layer.bias, bias)
    # natural units: what the layers give between standardised inputs and outputs
    run = next(run for run in scans.expand(SPEC) if run.name == name)
    block = hdf5.read(data, "validation", "pt")
    inputs = torch.from_numpy(outcome.scaling["inputs"].apply(block.inputs).astype(np.float32))
    with torch.no_grad():
        plain = sequential(run, outcome.trained[name].layers)(inputs).numpy()
        found = network(torch.from_numpy(block.inputs.astype(np.float32))).numpy()
    np.testing.assert_allclose(found, outcome.scaling["pt"].invert(plain), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_of_the_best_epoch(name, written, data):
    """In natural units, the loss is the recorded one times the target's variance."""
    runs = pd.read_csv(written / "0000/runs.csv").set_index("run")
    train, validation = (hdf5.read(data, split, "pt") for split in ("train", "validation"))
    with torch.no_grad():
        events = torch.from_numpy(validation.inputs.astype(np.float32))
        predicted = models.load(written, name)(events).numpy()
    loss = np.mean((predicted - validation.targets["pt"]) ** 2) / train.targets["pt"].var()
    assert loss == pytest.approx(runs.loc[name, "best_validation_loss"], rel=1e-3)


def test_from_the_folder_of_the_scan_as_from_the_batchs(written):
    for name in NAMES[::3]:
        one, other = (models.load(folder, name) for folder in (written, str(written / "0000")))
        for key, tensor in one.state_dict().items():
            assert torch.equal(tensor, other.state_dict()[key])


def test_any_batch_of_a_scan_is_found(data, tmp_path):
    spec = SPEC | {"batch_seconds": 1e-9}
    batches = scans.batches(spec)
    assert len(batches) > 2
    for batch in batches[-2:]:  # the first says how many there are
        task = job.Job(spec, batch.name, data, device="cpu")
        job.write(task, job.run(task), tmp_path / "scan" / batch.name)
    with pytest.raises(UserError, match=r"scan has no trained networks.*0000.*train it"):
        models.load(tmp_path / "scan", batches[-1].runs[0].name)
    train_job(spec, data, tmp_path / "scan/0000")
    for batch in batches[-2:]:
        assert models.load(tmp_path / "scan", batch.runs[0].name)
    with pytest.raises(UserError, match=rf"scan has no run '{batches[1].runs[0].name}'"):
        models.load(tmp_path / "scan", batches[1].runs[0].name)


def test_what_an_earlier_scan_left_behind_is_not_found(copy):
    folder, batch = copy
    left = shutil.copytree(batch, folder / "0008")
    spec = json.loads((left / "spec.json").read_text())
    spec["runs"][0]["name"] = "left-t0"
    (left / "spec.json").write_text(json.dumps(spec))
    assert batchfiles.batch_folders(folder) == [batch]
    with pytest.raises(UserError, match="no run 'left-t0'; the names are in runs.csv"):
        models.load(folder, "left-t0")


def test_missing_folder_or_run_is_named(written, tmp_path):
    with pytest.raises(UserError, match=r"nowhere has no trained networks.*train it"):
        models.load(tmp_path / "nowhere", NAMES[0])
    with pytest.raises(UserError, match=rf"{written} has no run 'mlp-h7'.*runs\.csv"):
        models.load(written, "mlp-h7")


def changed_spec(change):
    def damage(batch):
        spec = json.loads((batch / "spec.json").read_text())
        change(spec)
        (batch / "spec.json").write_text(json.dumps(spec))

    return damage


def cut(name, share):
    def damage(batch):
        whole = (batch / name).read_bytes()
        (batch / name).write_bytes(whole[: int(share * len(whole))])

    return damage


def other_architecture(spec):
    for run in spec["runs"]:
        run["architecture"] = "os"


def wider(spec):
    for run in spec["runs"]:
        run["hidden"] = [n + 1 for n in run["hidden"]] or [2]
        run["activation"] = ["relu"] * len(run["hidden"])


# What is wrong → what the message must say.
BAD = {
    "weights cut short": (cut("weights.safetensors", 0.9), "weights.safetensors cannot be read"),
    "weights cut in the header": (cut("weights.safetensors", 0.01), "weights.safetensors cannot"),
    "no weights": (lambda b: (b / "weights.safetensors").unlink(), "weights.safetensors cannot"),
    "spec cut short": (cut("spec.json", 0.5), "spec.json cannot be read"),
    "spec that is a list": (
        lambda b: (b / "spec.json").write_text("[]"),
        "spec.json cannot be read",
    ),
    "spec without runs": (changed_spec(lambda s: s.pop("runs")), "spec.json cannot.*'runs'"),
    "unknown field of a run": (
        changed_spec(lambda s: s["runs"][0].update(colour="red")),
        "spec.json cannot be read.*colour",
    ),
    "missing field of a run": (
        changed_spec(lambda s: s["runs"][0].pop("convention")),
        "spec.json cannot be read.*convention",
    ),
    "spec of other networks": (changed_spec(wider), "does not belong to its spec.json: .* layers"),
    "unknown architecture": (changed_spec(other_architecture), "no architecture 'os'.*are mlp"),
}


@pytest.mark.parametrize(("damage", "message"), BAD.values(), ids=BAD)
def test_damage_is_named(damage, message, copy):
    _, batch = copy
    damage(batch)
    with pytest.raises(UserError, match=message) as caught:
        models.load(batch, "mlp-h3-relu-toy-pt-t0")
    if "architecture" not in message:
        assert str(batch) in str(caught.value)
        assert f"rm -r {batch}" in str(caught.value)


class Evil:
    """A pickle that makes a file when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def test_code_in_a_file_of_weights_is_not_run(copy, tmp_path):
    _, batch = copy
    path = batch / "weights.safetensors"
    evil = pickle.dumps(Evil(tmp_path / "mark"))
    torch.save({"x": torch.zeros(1)}, path)
    for content in (evil, path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"weights\.safetensors cannot be read"):
            models.load(batch, NAMES[0])
    assert not (tmp_path / "mark").exists()
    pickle.loads(evil).close()
    assert (tmp_path / "mark").exists(), "the file was harmless: nothing was tested"
