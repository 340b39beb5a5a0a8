"""What a run says while it runs: which stage, how many jobs of how many, about how long yet.

Expected times are those of `relearn.jobcosts`, at the pace that this run has shown;
`relearn.runlog` tells which jobs have ended.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relearn import scans, taggerscans, work
from relearn.config import Config
from relearn.forecast import STAGES, duration
from relearn.work import Work

Batches = Mapping[str, Sequence[scans.Batch | taggerscans.TaggerBatch]]  # scan → its jobs
# The estimates themselves count as so much of a run before there is anything else to go by.
TRUSTED_SECONDS = 60.0
STAGE_OF_RULE = {
    "generate": "events",
    "jets": "jets",
    "dataset": "datasets",
    "train": "trainings",
    "measure": "studies",
    "fig": "figures",
    "claims": "report",
    "provenance": "report",
    "report": "report",
}


@dataclass(frozen=True)
class Job:
    """A job of a run: its stage, and the seconds that it is expected to take on a core."""

    stage: str
    seconds: float


def job_work(
    config: Config, batches: Batches, rule: str, wildcards: Mapping[str, str]
) -> tuple[str, Work] | None:
    """Return stage and work of one of the workflow's jobs; none of a rule that only collects.

    Parameters
    ----------
    batches
        Of every scan that is used.
    rule
        Its name: ``generate``, ``train_tagger``, ``measure_pt_nodes``.
    wildcards
        The parts of its output's name.
    """
    first, _, rest = rule.partition("_")
    stage = STAGE_OF_RULE.get(first)
    if stage is None:
        return None
    match stage:
        case "events" | "jets":
            return stage, work.part(config, first, wildcards["sample"])
        case "datasets":
            return stage, work.dataset(config, wildcards["dataset"])
        case "trainings":
            return stage, work.training(batches[wildcards["scan"]][int(wildcards["batch"])])
        case "studies":
            return stage, work.study(config, rest)
        case "figures":
            return stage, Work("draw")
        case _:
            return stage, Work(f"report/{first}")


class Progress:
    """How far a run is.

    Parameters
    ----------
    jobs
        Job number → job, of all that are to run.
    at_a_time
        How many run side by side; None where it is not known, as on a cluster.
    clock
        Seconds, from anywhere.
    """

    def __init__(
        self,
        jobs: Mapping[int, Job],
        at_a_time: int | None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._waiting = dict(jobs)
        self._clock = clock
        self._begun = clock()
        self._pace = float(at_a_time or 0)  # expected seconds of jobs done in a second
        self._done_seconds = 0.0
        self._total = {stage: 0 for stage in STAGES}
        for job in jobs.values():
            self._total[job.stage] += 1
        self._done = dict.fromkeys(STAGES, 0)

    def finish(self, number: int) -> None:
        """Count a job as finished; one that is not among the jobs counts nothing."""
        if job := self._waiting.pop(number, None):
            self._done[job.stage] += 1
            self._done_seconds += job.seconds

    def seconds_left(self) -> float | None:
        """Return about how long it takes yet, s; None where nothing is known of the pace."""
        trusted = TRUSTED_SECONDS if self._pace else 0.0
        elapsed = self._clock() - self._begun + trusted
        done = self._done_seconds + trusted * self._pace
        if not done:
            return None
        return sum(job.seconds for job in self._waiting.values()) * elapsed / done

    def line(self) -> str:
        """Return where the run is, for the terminal."""
        done, total = sum(self._done.values()), sum(self._total.values())
        stages = [
            f"{stage} {self._done[stage]}/{self._total[stage]}"
            for stage in STAGES
            if self._total[stage] and self._done[stage] < self._total[stage]
        ]
        left = self.seconds_left()
        time_left = f", about {duration(left)} left" if left and self._waiting else ""
        jobs = "job" if total == 1 else "jobs"
        return f"{done} of {total} {jobs} done{time_left} ({', '.join(stages) or 'all'})"


def jobs_of(
    config: Config,
    batches: Batches,
    jobs: Iterable[tuple[int, str, Mapping[str, str]]],
    seconds: Callable[[Work], float],
) -> dict[int, Job]:
    """Return job number → job.

    Parameters
    ----------
    batches
        Of every scan that is used.
    jobs
        Number, rule and wildcards of each.
    seconds
        What a piece of work takes on a core (`relearn.jobcosts.Costs.seconds`).
    """
    found = {}
    for number, rule, wildcards in jobs:
        if (known := job_work(config, batches, rule, wildcards)) is not None:
            found[number] = Job(known[0], seconds(known[1]))
    return found
