"""From a scan of taggers to its jobs, and about how long they take.

Between the config and Snakemake; the trainer does not know of it, so that a better estimate
retrains nothing unless it really changes what a job holds. Neither numpy nor torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from relearn.taggerruns import TaggerRun, expand

# Training jets in a second of one core, of 40 constituents: architecture → size → rate. Committed,
# not measured at run time, so that the same config makes the same jobs on every machine.
JETS_PER_SECOND: dict[str, dict[str, float]] = {}
USUAL_RATE = {"small": 3000.0, "medium": 800.0}
SLOW_RATE = 150.0  # of any other size
USUAL_CONSTITUENTS = 40
USUAL_EPOCHS = 20
FITTED_ONCE = ("bdt", "cuts", "fisher")  # no epochs
FILE_JETS = 1_000_000  # of a file whose jets the config does not count
START_SECONDS = 3.0  # of a job: imports, reading jets
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
    epochs = spec["training"].get("epochs", USUAL_EPOCHS)
    passes = 1 if run.architecture in FITTED_ONCE else epochs
    usual = USUAL_RATE.get(run.size, SLOW_RATE)
    rate = JETS_PER_SECOND.get(run.architecture, {}).get(run.size, usual)
    return RUN_SECONDS + passes * jets * run.constituents / USUAL_CONSTITUENTS / rate


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
