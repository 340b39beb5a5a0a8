"""Networks that start from the best network of another scan."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from helpers_training import scan, train_job

from relearn import models
from relearn.errors import UserError
from relearn.training import job

TRAINING = {"epochs": 6, "learning_rate": 0.02}


def frozen_scan(**changes):
    axes = {
        "target": ["norm_squared"],
        "hidden": [[5, 3]],
        "activation": ["relu+linear"],
        "start": ["scratch", "pretrained", "frozen"],
    }
    return scan("intuitive", pretrained="square", training=TRAINING, **(axes | changes))


@pytest.fixture(scope="module")
def squares(momenta, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "square"
    spec = scan(
        "square", hidden=[[5], [2]], activation=["relu"], target=["square"], training=TRAINING
    )
    train_job(spec, momenta, folder / "0000")
    return folder


def test_start_from_the_best_network_of_another_scan(squares, momenta, tmp_path):
    train_job(frozen_scan(), momenta, tmp_path / "0000", pretrained=squares)
    table = pd.read_csv(squares / "0000/runs.csv")
    best = table[table["hidden"] == 5].sort_values("best_validation_loss")["run"].iloc[0]
    first = models.load(squares, best).layers
    for start, equal in (("frozen", True), ("pretrained", False), ("scratch", False)):
        suffix = "" if start == "scratch" else f"-{start}"
        for trial in (0, 1):
            name = f"mlp-h5x3-relu+linear-toy-norm_squared{suffix}-t{trial}"
            network = models.load(tmp_path / "0000", name)
            for ours, theirs in zip(network.layers, first, strict=False):
                assert torch.equal(ours.weight, theirs.weight) == equal
                assert torch.equal(ours.bias, theirs.bias) == equal
    runs = pd.read_csv(tmp_path / "0000/runs.csv").set_index("run")
    assert runs.loc[name.replace("-t1", "-t0"), "start"] == "scratch"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": [[7, 3]]}, r"7 nodes, relu, keras, on toy.*add 7 to scans\.square\.hidden"),
        ({"hidden": [[5, 4]]}, r"4 nodes where .* has 3 outputs: change scans\.intuitive\.hidden"),
        ({"hidden": [[5]], "activation": ["relu"]}, r"two hidden layers or more.*intuitive"),
        ({"activation": ["tanh+linear"]}, r"5 nodes, tanh"),
        ({"convention": ["pytorch"]}, r"relu, pytorch"),
    ],
)
def test_start_that_does_not_fit_is_named(changes, message, squares, momenta):
    task = job.Job(frozen_scan(start=["frozen"], **changes), "0000", momenta, pretrained=squares)
    with pytest.raises(UserError, match=message):
        job.run(task)


def test_start_from_nothing_is_named(momenta, tmp_path):
    spec = frozen_scan(start=["frozen"])
    with pytest.raises(UserError, match="needs the folder of `pretrained`"):
        job.run(job.Job(spec, "0000", momenta))
    with pytest.raises(UserError, match=r"square has no trained networks.*train it"):
        job.run(job.Job(spec, "0000", momenta, pretrained=tmp_path / "square"))


def test_what_an_earlier_scan_left_behind_is_no_start(squares, momenta, tmp_path):
    """A batch that the scan has no more, with a network that claims to be the best."""
    before = job.run(job.Job(frozen_scan(), "0000", momenta, pretrained=squares))
    larger = shutil.copytree(squares, tmp_path / "square")
    (larger / "0007").mkdir()
    table = pd.read_csv(larger / "0000/runs.csv").assign(best_validation_loss=0.0)
    table.assign(run=table["run"] + "0").to_csv(larger / "0007/runs.csv", index=False)
    after = job.run(job.Job(frozen_scan(), "0000", momenta, pretrained=larger))
    for name, one in before.trained.items():
        np.testing.assert_array_equal(one.curve, after.trained[name].curve)
