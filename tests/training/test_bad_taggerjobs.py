"""What a job on taggers says of bad input, and a file of weights of another config."""

import json
import pickle
import shutil

import h5py
import numpy as np
import pytest
import torch
from helpers_taggers import scan, task, train_job, write_jets
from torch import nn

from relearn import models, taggerruns
from relearn.errors import UserError
from relearn.models import lola, taggerfile
from relearn.studies import taggers
from relearn.training import onetagger, tagger, taggerjob


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("data") / "toy.h5")


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mine/0000"
    return train_job(scan("lola", trials=2, training={"epochs": 1}), data, folder)


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of the batch that a test may damage."""
    return shutil.copytree(trained, tmp_path / "mine/0000")


NAME = "lola-small-n6-eflow-toy-t0"


def run_changed(**changes):
    """Change the runs in a spec, as if the config had been another."""

    def damage(folder):
        path = folder / "spec.json"
        spec = json.loads(path.read_text())
        for entry in spec["runs"]:
            entry.update(changes)
        path.write_text(json.dumps(spec))

    return damage


def run_without(key):
    def damage(folder):
        path = folder / "spec.json"
        spec = json.loads(path.read_text())
        del spec["runs"][0][key]
        path.write_text(json.dumps(spec))

    return damage


def cut(name):
    def damage(folder):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])

    return damage


def other_run(folder):
    """The weights of another batch in place of this one's."""
    taggerfile.write(folder / "weights.safetensors", {"x": {"w": torch.zeros(2)}})


# What is wrong → what the message must say.
BAD_FILES = {
    "another size": (run_changed(size="paper"), "does not belong to its spec.json.*is \\(.*not"),
    "other constituents": (run_changed(constituents=5), "does not belong to its spec.json"),
    "other extra columns": (run_changed(features=["charge"]), "does not belong.*tensors differ"),
    "another architecture": (run_changed(architecture="pfn"), "does not belong.*absent"),
    "weights of another batch": (other_run, "does not belong to its spec.json.*absent"),
    "unknown architecture": (run_changed(architecture="os"), "no architecture 'os'"),
    "unknown option": (run_changed(options=[["colour", 1]]), "lola: no option colour"),
    "unknown size": (run_changed(size="huge"), "lola has no size 'huge'"),
    "missing field": (run_without("kind"), "spec.json cannot be read.*kind.*rm -r"),
    "weights cut short": (cut("weights.safetensors"), "weights.safetensors cannot be read.*rm -r"),
    "no weights": (lambda f: (f / "weights.safetensors").unlink(), "weights.safetensors cannot"),
}


@pytest.mark.parametrize(("damage", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_does_not_fit_is_told(damage, message, copy):
    damage(copy)
    with pytest.raises(UserError, match=message):
        models.load(copy, NAME)


def test_state_of_another_tagger_that_is_no_network_is_told(data, tmp_path):
    spec = scan("fisher")
    folder = train_job(spec, data, tmp_path / "mine/0000")
    other_run(folder)
    with pytest.raises(UserError, match="does not belong to its spec.json"):
        models.load(folder, taggerruns.expand(spec)[0].name)


def test_code_in_a_file_of_weights_is_not_run(copy):
    class Evil:
        def __reduce__(self):
            return (open, (str(copy / "mark"), "w"))

    (copy / "weights.safetensors").write_bytes(pickle.dumps(Evil()))
    (copy / "scores.npz").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="cannot be read"):
        models.load(copy, NAME)
    with pytest.raises(UserError, match="cannot be read"):
        taggers.scores({"folder": copy, "run": NAME})
    assert not (copy / "mark").exists()


def one_bit(folder):
    """A number in the file is another than its checksum says."""
    path = folder / "scores.npz"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


BAD_SCORES = {
    "cut short": cut("scores.npz"),
    "one bit": one_bit,
    "missing": lambda folder: (folder / "scores.npz").unlink(),
    "of other taggers": lambda folder: np.savez(folder / "scores.npz", label=[1.0], weight=[1.0]),
}


@pytest.mark.parametrize("damage", BAD_SCORES.values(), ids=BAD_SCORES)
def test_damaged_scores_are_named_with_their_cure(damage, copy):
    damage(copy)
    (run, *_) = taggers.runs([copy.parent]).to_dict("records")
    with pytest.raises(UserError, match=f"{copy}/scores.npz cannot be read.*rm -r {copy}"):
        taggers.scores(run)


def test_a_table_of_taggers_cut_short_is_named(copy):
    cut("runs.csv")(copy)
    with pytest.raises(UserError, match=f"{copy}/runs.csv is cut short.*rm -r {copy}"):
        taggers.runs([copy.parent])


def one_class(file):
    for split in file:
        file[f"{split}/label"][:] = 1


def one_class_to_test(file):
    file["test/label"][:] = 0


def not_finite(file):
    file["train/eflow/p4"][3, 0] = np.nan


# What is wrong with the dataset → what the message must say.
BAD_DATA = {
    "one class": (one_class, "train/label: all 96 jets are signal; a tagger needs both classes"),
    "one class to test": (one_class_to_test, "test/label: all 48 jets are background"),
    "not finite": (not_finite, "train/eflow/p4 has 1 jets that are not finite.*row 3"),
    "no such jets": (lambda file: [file.__delitem__(f"{s}/eflow") for s in file], "no eflow jets"),
}


@pytest.mark.parametrize(("damage", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_a_dataset_that_cannot_be_used_is_told_before_the_training(
    damage, message, data, tmp_path, monkeypatch
):
    path = shutil.copy(data, tmp_path / "toy.h5")
    with h5py.File(path, "a") as file:
        damage(file)
    monkeypatch.setattr(tagger, "fit", None)
    with pytest.raises(UserError, match=message):
        taggerjob.run(task(scan("lola"), path))


# What is wrong with the scan → what the message must say.
BAD_SCANS = {
    "too many constituents": ({"constituents": [99]}, "stores 8 constituents.*99 are asked for"),
    "unknown option": ({"options": {"colour": ["red"]}}, "no option colour; there are"),
    "unknown size": ({"size": ["huge"]}, "no size 'huge'"),
    "unknown observable": (
        {"target": "charm"},
        "toy.h5 has no charm, only pt, eta.*`observables` in the config",
    ),
    "large batch": ({"training": {"batch_size": 97}}, "batch_size 97 is more than the 96"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_SCANS.values(), ids=BAD_SCANS)
def test_a_scan_that_does_not_fit_is_told(changes, message, data):
    with pytest.raises(UserError, match=message):
        taggerjob.run(task(scan("lola", **changes), data))


def test_a_run_that_the_scan_lacks_is_told(data):
    with pytest.raises(UserError, match="scan mine has no run lola-t9"):
        taggerjob.TaggerJob(scan("lola"), "0000", ["lola-t9"], data).runs  # noqa: B018


def test_no_regression_without_a_network(data):
    with pytest.raises(UserError, match="fisher: no option outputs"):
        taggerjob.run(task(scan("fisher", target="sd_mass"), data))


class Demanding(lola.Tagger):
    """Needs an extra column and an observable."""

    needs = ("charge", "sd_mass")

    def __init__(self, **options):
        super().__init__()
        self.last = nn.Linear(2, 2)

    def prepare(self, jets):
        return jets.column("charge").sum(dim=1), jets.column("sd_mass")

    def forward(self, charge, mass):
        return self.last(torch.stack([charge, mass], dim=1))


def test_what_a_tagger_needs_is_read_or_told(data, monkeypatch):
    monkeypatch.setattr(lola, "build", lambda size, **options: Demanding(**options))
    with pytest.raises(UserError, match="needs the extra column charge: add it to `features`"):
        taggerjob.run(task(scan("lola"), data))
    outcome = taggerjob.run(task(scan("lola", features=[["charge"]]), data))
    assert [one.row["status"] for one in outcome.trained.values()] == ["ok"]


def test_an_architectures_own_large_batches_fit_few_jets(monkeypatch):
    monkeypatch.setattr(lola, "DEFAULTS", {"batch_size": 1024, "learning_rate": 0.5})
    spec = scan("lola")
    given = onetagger.settings_of(taggerruns.expand(spec)[0], spec)
    assert (given.batch_size, given.learning_rate) == (16, 0.5)
    del spec["training"]["batch_size"]
    assert onetagger.settings_of(taggerruns.expand(spec)[0], spec).batch_size == 96
