"""One training job: a batch of a scan → weights, runs.csv, history.csv, spec.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from relearn import batchfiles, scans
from relearn.data.scaling import Standardiser
from relearn.errors import UserError
from relearn.models import mlp, storage
from relearn.scans import Run
from relearn.training import arrange, checkpoint, devices, pretrained, tables
from relearn.training.fit import Fit, Trained, results, train
from relearn.training.stack import Layers, Stack

FROZEN_LAYERS = {"scratch": 0, "pretrained": 0, "frozen": 2}


@dataclass(frozen=True)
class Job:
    """What a job trains and where from.

    Attributes
    ----------
    spec
        The scan (`relearn.config.scan_spec`).
    batch
        Name of the batch, ``0000`` ….
    dataset
        The HDF5 file.
    pretrained
        Folder of the scan that networks start from, where there is one.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    code
        Fingerprint of the code, for checkpoints and the record.
    checkpoints
        Folder for checkpoints; None keeps none.
    """

    spec: Mapping[str, Any]
    batch: str
    dataset: Path
    pretrained: Path | None = None
    device: str = "auto"
    code: str = ""
    checkpoints: Path | None = None

    @property
    def runs(self) -> tuple[Run, ...]:
        """The networks of the batch."""
        for batch in scans.batches(self.spec):
            if batch.name == self.batch:
                return batch.runs
        raise UserError(f"scan {self.spec['name']} has no batch {self.batch}")


def initial_layers(run: Run, start: Path | None) -> Layers:
    """Return a network's weights before its training.

    Raises
    ------
    UserError
        If it starts from another scan's network and there is none.
    """
    generator = torch.Generator().manual_seed(run.seed)
    layers = mlp.initial_layers(run.sizes, run.initialiser, generator)
    if run.start != "scratch":
        if start is None:
            raise UserError(f"{run.name}: start: {run.start} needs the folder of `pretrained`")
        first = pretrained.first_layers(start, run)
        layers[: len(first)] = first
    return layers


@dataclass(frozen=True)
class Outcome:
    """The networks of a job by name, in its order; the scaling of their inputs and targets."""

    trained: Mapping[str, Trained]
    scaling: Mapping[str, Standardiser]
    device: torch.device


def run(job: Job) -> Outcome:
    """Train the networks of a job.

    Raises
    ------
    UserError
        If the device is not there or the dataset cannot be used.
    """
    training = job.spec["training"]
    torch.set_num_threads(training["threads"])
    device = devices.resolve(job.device)
    print(f"device: {devices.describe(device)}", flush=True)
    events = tables.load(job.dataset, list(dict.fromkeys(r.target for r in job.runs)), device)
    initial = {r.name: initial_layers(r, job.pretrained) for r in job.runs}
    stacks = arrange.stacks(job.runs, training["batch_size"], device.type)
    saved = checkpoint.Checkpoints(job.checkpoints, _key(job, device))

    found: dict[str, Trained] = {}
    steps = len(job.runs) * training["epochs"] * (len(events.inputs) // training["batch_size"])
    with tqdm(total=steps, unit=" network steps", unit_scale=True, mininterval=5) as bar:
        for number, rows in enumerate(stacks):
            some = next(r for row in rows for r in row if r)
            stack = Stack(
                rows,
                initial,
                events.columns,
                training["batch_size"],
                training["learning_rate"],
                device,
                FROZEN_LAYERS[some.start],
            )
            fit = Fit(stack, events, training, job.spec["seed"])
            if state := saved.read(number):
                fit.restore(state)
                bar.write(f"stack {number}: goes on after epoch {fit.epoch}")
                before = int(fit.epochs.sum()) * fit.steps
                bar.initial, bar.n = bar.initial + before, bar.n + before  # no part of the speed

            def advance(taken: int, loss: float) -> None:
                bar.set_postfix(loss=f"{loss:.3g}", refresh=False)
                bar.update(taken)

            train(fit, lambda fit, n=number: saved.offer(n, fit.state), advance)
            if len(stacks) > 1:
                saved.offer(number, fit.state, force=True)
            done = results(fit)
            for name, network in done.items():
                if network.row["status"] == "diverged":
                    bar.write(f"{name} diverged in epoch {network.row['epochs']}")
            found |= done
    return Outcome({r.name: found[r.name] for r in job.runs}, events.scaling, device)


def write(job: Job, outcome: Outcome, folder: Path) -> None:
    """Write the four files of a batch; the checkpoints go once they are there."""
    trained, device = outcome.trained, outcome.device
    layers = {name: network.layers for name, network in trained.items()}
    storage.write_weights(folder / storage.WEIGHTS, layers, outcome.scaling)
    rows = [_columns(job, r) | trained[r.name].row | {"device": device.type} for r in job.runs]
    curves = [(name, *entry) for name, t in trained.items() for entry in t.curve]
    columns = ["run", "epoch", "train_loss", "validation_loss"]
    history = pd.DataFrame(curves, columns=columns)
    tables_of = {batchfiles.RUNS: pd.DataFrame(rows), batchfiles.HISTORY: history}
    batchfiles.write_tables(folder, tables_of)
    spec = {
        "scan": job.spec,
        "batch": job.batch,
        "runs": [scans.to_dict(r) for r in job.runs],
        "code": job.code,
        "device": devices.describe(device),
    }
    storage.write_spec(folder, spec)
    checkpoint.Checkpoints(job.checkpoints, "").remove()


def _columns(job: Job, run: Run) -> dict[str, Any]:
    return {
        "run": run.name,
        "scan": run.scan,
        "batch": job.batch,
        "architecture": run.architecture,
        "dataset": run.dataset,
        "target": run.target,
        "hidden": "x".join(map(str, run.hidden)) or "none",
        "layers": len(run.hidden),
        "nodes": sum(run.hidden),
        "activation": "+".join(
            run.activation if len(set(run.activation)) > 1 else run.activation[:1]
        ),
        "convention": run.convention,
        "initialiser": run.initialiser,
        "dropout": run.dropout,
        "start": run.start,
        "trial": run.trial,
        "seed": run.seed,
        "parameters": run.parameters,
    }


def _key(job: Job, device: torch.device) -> str:
    files = [job.dataset]
    if job.pretrained:
        files += sorted(job.pretrained.glob(f"[0-9]*/{storage.WEIGHTS}"))
    texts = (json.dumps(job.spec, sort_keys=True), job.batch, job.code, torch.__version__)
    return checkpoint.key_of(*texts, device.type, files=tuple(files))
