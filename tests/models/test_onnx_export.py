"""ONNX files against PyTorch, on random events and on those of a dataset."""

import json
import runpy
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers_training import ROOT_SEED, network, scan, train_job, write_muons
from helpers_workflow import ROOT

from relearn import batchfiles, models, scans
from relearn.data import hdf5
from relearn.data.scaling import Standardiser
from relearn.errors import UserError
from relearn.models import export, mlp, storage

EVERY_ACTIVATION = "relu+leaky_relu+elu+softplus+tanh+sigmoid+linear"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A dataset of muons, and the folder of a scan that was trained on it."""
    folder = tmp_path_factory.mktemp("export")
    data = write_muons(folder / "toy.h5")
    spec = scan(hidden=[[6]], trials=1, training={"epochs": 20})
    train_job(spec, data, folder / "scan/0000")
    return data, folder / "scan"


def test_command_line_writes_the_trained_network(trained, tmp_path, monkeypatch, capsys):
    data, folder = trained
    file = tmp_path / "pt.onnx"
    run = "mlp-h6-leaky_relu-toy-pt-t0"
    monkeypatch.setattr("relearn.cli.die_with_parent", lambda: None)
    command = ["export_onnx", "--models", str(folder), "--run", run, "--output", str(file)]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(ROOT / "scripts/export_onnx.py"), run_name="__main__")
    assert "pt.onnx: differs from PyTorch by at most" in capsys.readouterr().out

    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file)
    (given,), (answer,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape, answer.name) == ("features", ["events", 8], "pt")
    block = hdf5.read(data, "test", "pt")
    real = block.inputs.astype(np.float32)
    with torch.inference_mode():
        expected = models.load(folder, run)(torch.from_numpy(real)).numpy()
    for events in (real, real[:1], real[:0]):
        (found,) = session.run(None, {"features": events})
        np.testing.assert_allclose(found, expected[: len(events)], rtol=1e-5, atol=1e-3)
    # natural units in and out: closer to the truth than its mean is
    truth = block.targets["pt"]
    assert np.mean((expected - truth) ** 2) < np.var(truth)
    assert list(tmp_path.iterdir()) == [file]


def test_every_activation_and_several_outputs(tmp_path):
    hidden = (7, 6, 5, 6, 5, 4, 5)
    run = network(hidden, EVERY_ACTIVATION, target="square", convention="pytorch")
    generator = torch.Generator().manual_seed(ROOT_SEED)
    layers = mlp.initial_layers(run.sizes, "pytorch", generator)
    widths = {"inputs": np.array([50.0, 40, 30]), "square": np.array([2500.0, 1600, 900])}
    scaling = {name: Standardiser(width / 3, width) for name, width in widths.items()}
    storage.write_weights(tmp_path / storage.WEIGHTS, {run.name: layers}, scaling)
    spec = {"runs": [scans.to_dict(run)]}
    (tmp_path / batchfiles.SPEC).write_text(json.dumps(spec))
    difference = export.to_onnx(tmp_path, run.name, tmp_path / "square.onnx")
    assert 0 <= difference < 1e-5
    operators = {node.op_type for node in onnx.load(tmp_path / "square.onnx").graph.node}
    assert {"Relu", "LeakyRelu", "Elu", "Softplus", "Tanh", "Sigmoid"} <= operators


def test_file_that_differs_does_not_appear(trained, tmp_path, monkeypatch):
    _, folder = trained
    write = export._write

    def wrong(network, example, target, file):
        with torch.no_grad():
            network.layers[0].weight[0, 0] += 0.5
        write(network, example, target, file)
        with torch.no_grad():
            network.layers[0].weight[0, 0] -= 0.5

    monkeypatch.setattr(export, "_write", wrong)
    with pytest.raises(RuntimeError, match="differs from PyTorch by .* is not written"):
        export.to_onnx(folder, "mlp-h6-leaky_relu-toy-pt-t0", tmp_path / "pt.onnx")
    assert list(tmp_path.iterdir()) == []


def test_unknown_run_is_named(trained, tmp_path):
    _, folder = trained
    with pytest.raises(UserError, match="has no run 'mlp'"):
        export.to_onnx(folder, "mlp", tmp_path / "pt.onnx")
