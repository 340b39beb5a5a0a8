"""What every rule needs, in one table: a profile says only where that goes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from relearn import plan, work
from relearn.config import Config

SPARE = 2.0  # a slow node, a busy one
ROW_MB = 1e-3  # of a dataset when it is built: double precision, copies
SEEN_MB = 1.6e-5  # of a number of a test row in a study: what a network says, an observable
OBSERVABLES = 50


@dataclass(frozen=True)
class Need:
    """Needs of one job at its first attempt; memory and run time grow with the attempt."""

    threads: int = 1
    mem_mb: int = 1000
    runtime: int = 10  # minutes
    gpu: int = 0

    def mem(self, more: int = 0) -> Callable[..., int]:
        """Memory in MB, as a function that Snakemake calls with the attempt.

        Parameters
        ----------
        more
            What a job needs besides, where that is known.
        """
        return lambda wildcards, attempt: (self.mem_mb + more) * attempt

    def minutes(self, seconds: float = 0.0) -> Callable[..., int]:
        """Run time in minutes, as a function that Snakemake calls with the attempt.

        Parameters
        ----------
        seconds
            The job's estimated time, where there is one: it gets `SPARE` times as much.
        """
        wanted = max(self.runtime, math.ceil(SPARE * seconds / 60))
        return lambda wildcards, attempt: wanted * attempt


# Memory: at least half more than what `config/costs.yaml` has, and the two Snakemakes of a job on a
# cluster (300 MB).
NEEDS = {
    "generate": Need(mem_mb=1500, runtime=30),
    "jets": Need(mem_mb=1000, runtime=30),  # parts of any size; 500 of Delphes' own
    "dataset": Need(mem_mb=1500, runtime=20),
    "external": Need(mem_mb=2000, runtime=360),
    "train": Need(mem_mb=3000, runtime=30, gpu=1),
    "measure": Need(mem_mb=3000, runtime=60),
    "draw": Need(mem_mb=2000, runtime=10),
    "report": Need(mem_mb=1000, runtime=10),
}


def dataset_mb(config: Config, dataset: str) -> int:
    """Return the memory that building a dataset needs besides, MB."""
    return math.ceil(ROW_MB * work.rows(config, dataset))


def study_mb(config: Config, study: str) -> int:
    """Return the memory that measuring a study needs besides, MB."""
    rows = max(work.test_rows(config, name) for name in plan.study_datasets(config, study))
    return math.ceil(SEEN_MB * (work.study(config, study).units + OBSERVABLES * rows))
