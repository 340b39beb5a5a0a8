"""From a scan of taggers to its jobs, and about how long they take.

Between the config and Snakemake; the trainer does not know of it, so that a better estimate
retrains nothing unless it really changes what a job holds. Neither numpy nor torch.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from relearn import architectures
from relearn.configtaggers import TaggerTraining
from relearn.taggerruns import TaggerRun, expand
from relearn.training.tagger_settings import devices

DEFAULTS = TaggerTraining()

# Training jets in a second of one core, of 40 constituents: architecture → size → rate. Committed,
# not measured at run time, so that the same config makes the same jobs on every machine.
JETS_PER_SECOND: dict[str, dict[str, float]] = {
    "topodnn": {"small": 343e3, "medium": 248e3, "paper": 127e3},
    "lola": {"small": 60e3, "medium": 50e3, "paper": 42e3},
    "pcnn": {"small": 12.6e3, "medium": 1.8e3, "paper": 300},
    "pfn": {"small": 35e3, "medium": 9.3e3, "paper": 3.9e3},
    "efn": {"small": 32e3, "medium": 8.8e3, "paper": 3.8e3},
    "hybrid": {"small": 30e3, "medium": 8.5e3, "paper": 3.7e3},
    "lstm": {"small": 25e3, "medium": 6.9e3, "paper": 2.8e3},
    "gru": {"small": 19e3, "medium": 9e3, "paper": 3.2e3},
    "recnn": {"small": 17e3, "medium": 11e3, "paper": 5.5e3},  # gated
    "gcn": {"small": 11e3, "medium": 6e3, "paper": 2.1e3},
    "particlenet": {"small": 4.1e3, "medium": 1.4e3, "paper": 92},
    "lite": {"medium": 1.4e3},
    "nsub": {"small": 200e3, "medium": 100e3, "paper": 50e3},
    "image_dense": {"small": 179e3, "medium": 113e3, "paper": 77e3},
    "cnn": {"small": 8.6e3, "medium": 2.1e3, "paper": 1.1e3},
    "deeptop": {"small": 6e3, "medium": 4.4e3, "paper": 1.7e3},
    "macaluso_shih": {"small": 4.3e3, "medium": 860, "paper": 51},
    "resnet": {"small": 6e3, "medium": 810, "paper": 500},
}
REAL_ONLY = ("pfn", "efn", "hybrid")  # what is padding costs them nothing
USUAL_REAL = 70  # constituents of a jet, of no more than 200
IMAGES = ("fisher", "image_dense", "cnn", "deeptop", "macaluso_shih", "resnet")
USUAL_RATE = {"small": 3000.0, "medium": 800.0}
SLOW_RATE = 150.0  # of any other size
USUAL_CONSTITUENTS = 40
FILE_JETS = 1_000_000  # of a file whose jets the config does not count
START_SECONDS = 3.0  # of a job: imports, reading jets
FLOAT_MB = 4e-6  # of a number
JET_COPIES = 4  # as read, as prepared, and those for validation and test
PROCESS_MB = 1000  # of another process of a training, without jets
RUN_SECONDS = 1.0  # of a run: what is computed once, the test jets


@dataclass(frozen=True)
class TaggerBatch:
    """The taggers that one job trains: of one architecture, on one dataset."""

    name: str
    dataset: str
    architecture: str
    runs: tuple[TaggerRun, ...]
    est_seconds: float


def seconds(run: TaggerRun, spec: Mapping[str, Any]) -> float:
    """Return about how long one tagger trains on one core, s."""
    jets = spec["jets"][run.dataset] or FILE_JETS
    epochs = spec["training"].get("epochs", DEFAULTS.epochs)
    passes = 1 if run.architecture in architectures.FITTED_ONCE else epochs
    usual = USUAL_RATE.get(run.size, SLOW_RATE)
    rate = JETS_PER_SECOND.get(run.architecture, {}).get(run.size, usual)
    real = min(run.constituents, USUAL_REAL if run.architecture in REAL_ONLY else math.inf)
    longer = 1.0 if run.architecture in IMAGES else real / USUAL_CONSTITUENTS
    return RUN_SECONDS + passes * jets * longer / rate


def batches(spec: Mapping[str, Any]) -> list[TaggerBatch]:
    """Return the jobs of a scan: one tagger each, or as many short ones as fit.

    Parameters
    ----------
    spec
        What `relearn.config.scan_spec` returns; a job lasts about its ``batch_seconds``.
    """
    groups: list[list[TaggerRun]] = []
    for _, alike in groupby(expand(spec), key=lambda run: (run.architecture, run.dataset)):
        first = True
        for run in alike:
            fits = not first and _cost([*groups[-1], run], spec) <= spec["batch_seconds"]
            if fits:
                groups[-1].append(run)
            else:
                groups.append([run])
            first = False
    return [
        TaggerBatch(f"{number:04d}", g[0].dataset, g[0].architecture, tuple(g), _cost(g, spec))
        for number, g in enumerate(groups)
    ]


def _cost(runs: Sequence[TaggerRun], spec: Mapping[str, Any]) -> float:
    return START_SECONDS + sum(seconds(run, spec) for run in runs)


def module(batch: TaggerBatch) -> str:
    """Return what a job imports by name: the file of its architecture."""
    return architectures.find(batch.architecture).module


def threads(spec: Mapping[str, Any]) -> int:
    """Return the CPU threads of a scan's jobs, of all processes together."""
    return devices(spec) * spec["training"].get("threads", DEFAULTS.threads)


def memory_mb(spec: Mapping[str, Any]) -> int:
    """Return about the memory that a job of a scan needs beside one process, in MB: its jets."""
    jets = max(count or FILE_JETS for count in spec["jets"].values())
    columns = 4 + max(map(len, spec["axes"]["features"]))
    size = jets * max(spec["axes"]["constituents"]) * columns * FLOAT_MB
    held = min(size, 1000 * spec["training"].get("memory_gb", DEFAULTS.memory_gb))
    return math.ceil(JET_COPIES * held * devices(spec)) + PROCESS_MB * (devices(spec) - 1)
