"""Jets from memory and from a file are the same jets in the same order; bad files are named."""

import h5py
import numpy as np
import pytest
import torch
from helpers_tagger_training import fitted, flat, jets, same, settings
from helpers_tagging import WINDOW, write_tagging
from hypothesis import given
from hypothesis import strategies as st

from relearn.data import tagfile
from relearn.errors import UserError
from relearn.models.jetbatch import Jets
from relearn.training import feed, jetdata, sources

COUNTS = {"train": 50, "validation": 20, "test": 5}
STORED = 5
COLUMNS = {"features": ("charge", "d0"), "observables": ("mass", "tau3_b1")}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_tagging(tmp_path_factory.mktemp("tagger") / "toy.h5", COUNTS, STORED)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 4 jets and pools of 16, so that 100 jets are many of both."""
    for module in (sources, jetdata):
        monkeypatch.setattr(module, "BLOCK", 4)
    for module in (sources, feed):
        monkeypatch.setattr(module, "POOL", 16)
    monkeypatch.setattr(jetdata, "PIECE", 7)


@given(st.integers(1, 5000), st.integers(0, 5))
def test_an_epoch_has_each_jet_once(count, seed):
    found = torch.cat(sources.pools(count, torch.Generator().manual_seed(seed)))
    assert torch.equal(found.sort().values, torch.arange(count))


def test_pools_are_shuffled_within(small_blocks):
    found = sources.pools(99, torch.Generator().manual_seed(0))
    assert sum(map(len, found)) == 99 and len(found) == 7  # of 25 blocks, 4 to a pool
    for rows in found:
        assert len((rows // 4).unique()) == -(-len(rows) // 4)  # whole blocks
        assert not torch.equal(rows, rows.sort().values)


def test_what_is_loaded_is_what_is_stored(dataset, small_blocks):
    found = jetdata.load(dataset, "train", "tower", 3, **COLUMNS)
    with h5py.File(dataset) as file:
        group = file["train/tower"]
        features = list(group["features"].attrs["columns"])
        named = list(group["observables"].attrs["columns"])
        assert np.array_equal(found.p4, group["p4"][:, :3])
        for place, name in enumerate(COLUMNS["features"]):
            column = group["features"][:, :3, features.index(name)]
            assert np.array_equal(found.extra[..., place], column)
            assert torch.equal(found.column(name), found.extra[..., place])
        for name in COLUMNS["observables"]:
            assert np.array_equal(found.column(name), group["observables"][:, named.index(name)])
        assert np.array_equal(found.label, file["train/label"])
        assert np.array_equal(found.weight, file["train/weight"])
    assert found.radius == WINDOW["radius"] and len(found) == 2 * COUNTS["train"]


def test_without_extra_columns(dataset):
    found = jetdata.load(dataset, "test")
    assert found.p4.shape == (10, STORED, 4) and found.extra.shape == (10, STORED, 0)
    assert found.observables.shape == (10, 0)


def test_batches_of_a_file_are_those_of_memory(dataset, small_blocks):
    file = jetdata.File(dataset, "train", **COLUMNS)
    memory = sources.Memory(jetdata.load(dataset, "train", **COLUMNS))
    many = [list(x.batches(torch.Generator().manual_seed(5), 7)) for x in (file, memory)]
    assert len(many[0]) == len(many[1]) == 100 // 7
    for (rows, one), (others, other) in zip(*many, strict=True):
        assert torch.equal(rows, others) and torch.equal(one.label, memory.label[rows])
        for name in ("p4", "extra", "observables", "label", "weight"):
            assert torch.equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("changes", [{}, {"jes_smear": 0.1, "drop": 0.3}])
def test_a_training_on_a_file_is_that_in_memory(dataset, small_blocks, changes):
    training = settings(epochs=3, batch_size=15, augment=changes)
    found = []
    for memory_gb in (1.0, 1e-9):
        splits = [
            jetdata.source(dataset, split, memory_gb=memory_gb) for split in ("train", "validation")
        ]
        kind = sources.Memory if memory_gb == 1.0 else jetdata.File
        assert all(isinstance(one, kind) for one in splits)
        model = flat(constituents=STORED, dropout=0.2)
        found.append(fitted(training, model=model, train=splits[0], validation=splits[1])[1])
    assert same(*found)


def test_jets_that_are_prepared_in_each_step_are_those_prepared_once(small_blocks):
    once, each = (fitted(settings(epochs=2, memory_gb=gb))[1] for gb in (1.0, 1e-9))
    assert same(once, each)


def test_jets_are_prepared_once(monkeypatch):
    model, calls = flat(), []
    prepare = model.prepare
    monkeypatch.setattr(model, "prepare", lambda some: calls.append(len(some)) or prepare(some))
    train, validation = jets(128), jets(64, seed=1)
    fitted(settings(epochs=5), model=model, train=train, validation=validation)
    assert sum(calls) == 128 + 64 + 2  # one of each to know the size


def test_jets_to_be_changed_are_moved_once_where_they_fit(monkeypatch):
    moved, to = [], Jets.to
    monkeypatch.setattr(
        Jets, "to", lambda self, device: moved.append(len(self)) or to(self, device)
    )
    train, cpu = sources.Memory(jets(128)), torch.device("cpu")
    fitting = feed.Feed(train, flat(), cpu, 1.0, {"rotation": 1.0})
    assert moved == [128] and not fitting.prepared
    moved.clear()
    assert feed.Feed(train, flat(), cpu, 1e-9, {"rotation": 1.0}).source is train
    assert not moved


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"constituents": 6}, "stores 5 constituents of a jet, 6 are asked for"),
        ({"constituents": 0}, "0 are asked for"),
        ({"features": ["d1"]}, "has no d1, only kind, charge"),
        ({"observables": ["tau9"]}, "observables has no tau9"),
        ({"kind": "tracks"}, "has no tracks jets, only eflow, tower"),
    ],
)
def test_what_a_file_has_not_is_named(dataset, asked, words):
    with pytest.raises(UserError, match=words):
        jetdata.load(dataset, "train", **asked)


def test_one_class_only(tmp_path):
    path = write_tagging(tmp_path / "toy.h5", {"train": 4, "validation": 3, "test": 3})
    with h5py.File(path, "r+") as file:
        file["train/label"][:] = tagfile.LABELS["signal"]
    with pytest.raises(UserError, match="all 8 jets are signal"):
        jetdata.load(path, "train")


def test_no_numbers_in_a_file(tmp_path):
    path = write_tagging(tmp_path / "toy.h5", {"train": 4, "validation": 3, "test": 3})
    with h5py.File(path, "r+") as file:
        file["train/eflow/p4"][6, 0, 0] = np.nan
    with pytest.raises(UserError, match="train/eflow/p4 has 1 jets that are not finite.* row 6"):
        jetdata.load(path, "train")
