"""What a study looks at where several scans have trained the same points; damaged tables."""

import shutil

import pytest
import torch
from helpers_training import scan, train_job, write_muons

from relearn.errors import UserError
from relearn.studies.evaluate import evaluate
from relearn.studies.inputs import StudyInputs

POINTS = {
    "one": scan("one", trials=2, training={"epochs": 2}),
    "more": scan("more", trials=2, training={"epochs": 2}, hidden=[[3]]) | {"first_trial": 1},
    "longer": scan("longer", trials=2, training={"epochs": 3}, hidden=[[3]]),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of three scans: trials 0 and 1 of two sizes, 1 and 2 of one, and for longer."""
    folder = tmp_path_factory.mktemp("models")
    data = write_muons(folder / "toy.h5")
    for name, spec in POINTS.items():
        train_job(spec, data, folder / name / "0000")
    return folder


def looked_at(folder, *names, where=None):
    folders = [folder / name for name in names]
    return StudyInputs.from_files(folders, [folder / "toy.h5"], {}, where)


def test_a_network_of_two_scans_counts_once(trained):
    table = evaluate(looked_at(trained, "one", "more"))
    small = table[table["hidden"] == "3"]
    assert small["trial"].tolist() == [0, 1, 2]
    assert small["scan"].tolist() == ["one", "one", "more"]
    assert len(table) == 2 + 3 and table["run"].is_unique


def test_it_is_the_same_network(trained):
    first, second = (looked_at(trained, name) for name in ("one", "more"))
    both = []
    for inputs in (first, second):
        runs = inputs.runs
        row = runs[(runs["hidden"] == "3") & (runs["trial"] == 1)].to_dict("records")
        both.append(inputs.predictions(*row)[1])
    torch.testing.assert_close(*map(torch.from_numpy, both), rtol=1e-4, atol=1e-4)


def test_longer_training_makes_another_network(trained):
    runs = looked_at(trained, "one", "longer").runs
    small = runs[runs["hidden"] == "3"]
    assert small["scan"].tolist() == ["one", "one", "longer", "longer"]
    assert small["epochs"].tolist() == [2, 2, 3, 3]
    assert small["run"].nunique() == 2


def test_where_keeps_what_is_asked_for(trained):
    runs = looked_at(trained, "one", "more", where={"hidden": ["3"], "dropout": [0]}).runs
    assert set(runs["hidden"]) == {"3"} and len(runs) == 3
    assert runs.index.tolist() == [0, 1, 2]


def test_nothing_left_is_named(trained):
    with pytest.raises(UserError, match="where.*'99'"):
        looked_at(trained, "one", where={"hidden": ["99"]})


def test_a_study_of_datasets_alone_has_no_networks(trained):
    assert looked_at(trained).runs.empty


def row_less(whole):
    return whole[: whole[:-1].rindex(b"\n") + 1]


# What is wrong with a table → how it came to be so, and what the message must say.
BAD = {
    "cut in a row": (lambda whole: whole[:-7], "runs.csv is cut short"),
    "cut behind a row": (row_less, "runs.csv has 3 rows that are not those of the 4 networks"),
    "cut in the head": (lambda whole: whole[:2] + b"\n", "runs.csv has 0 rows that are not those"),
    "empty": (lambda whole: b"", "runs.csv cannot be read"),
    "rows of unequal length": (lambda whole: whole + b"a" + 99 * b"," + b"\n", "cannot be read"),
    "no text": (lambda whole: b"\xff" + whole, "runs.csv cannot be read"),
    "of other networks": (lambda whole: whole.replace(b"-t1", b"-t7"), "4 rows that are not those"),
}


@pytest.mark.parametrize(("damage", "message"), BAD.values(), ids=BAD)
def test_a_damaged_table_of_runs_is_named_with_its_cure(damage, message, trained, tmp_path):
    batch = shutil.copytree(trained / "one", tmp_path / "one") / "0000"
    (batch / "runs.csv").write_bytes(damage((batch / "runs.csv").read_bytes()))
    with pytest.raises(UserError, match=message) as caught:
        looked_at(tmp_path, "one")
    assert f"{batch}/runs.csv" in str(caught.value) and f"rm -r {batch}" in str(caught.value)


def test_damaged_histories_and_missing_tables_are_named(trained, tmp_path):
    batch = shutil.copytree(trained / "one", tmp_path / "one") / "0000"
    inputs = looked_at(tmp_path, "one")
    assert len(inputs.history()) == 4 * 2
    whole = (batch / "history.csv").read_bytes()
    (batch / "history.csv").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=f"{batch}/history.csv is cut short.*rm -r {batch}"):
        inputs.history()
    (batch / "runs.csv").unlink()
    with pytest.raises(UserError, match=f"{batch}/runs.csv is missing: train this part"):
        looked_at(tmp_path, "one")
