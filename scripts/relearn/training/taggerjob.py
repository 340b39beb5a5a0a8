"""One job on taggers: a batch of a scan → weights, tables, and their scores of the test jets.

A diverged tagger has a row too, without metrics.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from relearn import batchfiles
from relearn.data.hdf5 import SPLITS
from relearn.errors import UserError
from relearn.files import atomic
from relearn.models import storage, taggerfile
from relearn.taggerruns import TaggerRun, expand, to_dict
from relearn.training import devices, jetdata, onetagger
from relearn.training.checkpoint import Checkpoints, key_of
from relearn.training.onetagger import Trained

SCORES, ROC = "scores.npz", "roc.csv"
HISTORY = ("run", "epoch", "train_loss", "validation_loss")  # where nothing has epochs


@dataclass(frozen=True)
class TaggerJob:
    """What a job trains and where from.

    Attributes
    ----------
    spec
        The scan (`relearn.plan.tagger_spec`).
    batch
        Name of the batch, ``0000`` ….
    names
        Of the batch's runs.
    dataset
        The HDF5 file.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    code
        Fingerprint of the code, for checkpoints and the record.
    checkpoints
        Folder for checkpoints; None keeps none.
    """

    spec: Mapping[str, Any]
    batch: str
    names: Sequence[str]
    dataset: Path
    device: str = "auto"
    code: str = ""
    checkpoints: Path | None = None

    @property
    def runs(self) -> tuple[TaggerRun, ...]:
        """The taggers of the batch."""
        there = {run.name: run for run in expand(self.spec)}
        if absent := [name for name in self.names if name not in there]:
            raise UserError(f"scan {self.spec['name']} has no run {absent[0]}")
        return tuple(there[name] for name in self.names)


@dataclass(frozen=True)
class Outcome:
    """The taggers of a job by name, in its order."""

    trained: Mapping[str, Trained]
    device: torch.device


def run(job: TaggerJob) -> Outcome:
    """Train the taggers of a job.

    Raises
    ------
    UserError
        If the device is not there, or dataset, architecture and options do not fit together.
    """
    device = devices.resolve(job.device)
    print(f"device: {devices.describe(device)}", flush=True)
    kept = Checkpoints(job.checkpoints, _key(job, device))
    read = lru_cache(maxsize=len(SPLITS))(jetdata.source)  # those of one kind of jets
    trained = {}
    for number, one in enumerate(job.runs):
        settings = onetagger.settings_of(one, job.spec)
        trained[one.name] = onetagger.train(one, settings, job.dataset, read, device, kept, number)
    return Outcome(trained, device)


def write(job: TaggerJob, outcome: Outcome, folder: Path) -> None:
    """Write the files of a batch; the checkpoints go once they are there."""
    trained = outcome.trained
    taggerfile.write(folder / storage.WEIGHTS, {name: t.state for name, t in trained.items()})
    points = {
        one.name: {"run": one.name, "scan": one.scan, "batch": job.batch, **one.columns}
        | {"trial": one.trial, "seed": one.seed}
        for one in job.runs
    }
    rows = [points[name] | one.row for name, one in trained.items()]
    curves = [{"run": name, **row} for name, one in trained.items() for row in one.history]
    rocs = [one.roc.assign(run=name) for name, one in trained.items()]
    tables = {
        batchfiles.RUNS: pd.DataFrame(rows),
        batchfiles.HISTORY: pd.DataFrame(curves, columns=list(curves[0]) if curves else HISTORY),
        ROC: pd.concat(rocs, ignore_index=True),
    }
    batchfiles.write_tables(folder, tables)
    scores = {f"score/{name}": one.scores for name, one in trained.items()}
    first = next(iter(trained.values()))  # all have the same test jets, but not the same target
    for name, one in trained.items():
        if not np.array_equal(one.truth, first.truth):
            scores[f"label/{name}"] = one.truth
    with atomic(folder / SCORES) as temporary:
        np.savez(temporary, label=first.truth, weight=first.weight, **scores)
    spec = {
        "scan": job.spec,
        "batch": job.batch,
        "runs": [to_dict(one) for one in job.runs],
        "trained": {name: one.record for name, one in trained.items()},
        "code": job.code,
        "device": devices.describe(outcome.device),
    }
    storage.write_spec(folder, spec)
    Checkpoints(job.checkpoints, "").remove()


def _key(job: TaggerJob, device: torch.device) -> str:
    texts = (json.dumps(job.spec, sort_keys=True), *job.names, job.code, torch.__version__)
    return key_of(*texts, device.type, files=(job.dataset,))
