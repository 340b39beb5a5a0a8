"""What every rule needs, in one table: a profile says only where that goes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """Needs of one job at its first attempt; memory and run time grow with the attempt."""

    threads: int = 1
    mem_mb: int = 1000
    runtime: int = 10  # minutes
    gpu: int = 0

    def mem(self) -> Callable[..., int]:
        """Memory in MB, as a function that Snakemake calls with the attempt."""
        return lambda wildcards, attempt: self.mem_mb * attempt

    def minutes(self) -> Callable[..., int]:
        """Run time in minutes, as a function that Snakemake calls with the attempt."""
        return lambda wildcards, attempt: self.runtime * attempt


NEEDS = {
    "generate": Need(mem_mb=1500, runtime=30),
    "jets": Need(mem_mb=2000, runtime=30),
    "dataset": Need(mem_mb=2000, runtime=20),
    "external": Need(mem_mb=2000, runtime=360),
    "train": Need(mem_mb=3000, runtime=240, gpu=1),
    "measure": Need(mem_mb=3000, runtime=60),
    "draw": Need(mem_mb=1000, runtime=10),
    "report": Need(mem_mb=1000, runtime=10),
}
