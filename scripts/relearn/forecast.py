"""What a run of a scale takes, before it: jobs, events, trainings, hours, disk, the longest path.

From the config, the yields and `relearn.jobcosts`, without Snakemake. No GPU has been measured:
trainings are taken to go `GPU_SPEEDUP` times as fast on one as on a core, which can be said anew.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relearn import plan, work
from relearn.config import Config
from relearn.jobcosts import Costs
from relearn.work import Work

GPU_SPEEDUP = 20.0  # of a training, against one core: assumed
STAGES = ("events", "jets", "datasets", "trainings", "studies", "figures", "report")
HOUR = 3600.0


@dataclass(frozen=True)
class Task:
    """A job: its stage, its time on one core (a training: or on a GPU), and what comes before."""

    name: str
    stage: str
    work: Work
    seconds: float
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecast:
    """A whole scale.

    Attributes
    ----------
    tasks
        Every job but Snakemake's own ``all``, each after those that it needs.
    events, networks
        How many are generated and trained.
    kept_gb
        Of what stays; event files that only jets are made of do not.
    part_gb
        The largest such file, one for each job at work on them.
    path
        The longest chain of jobs that wait for each other.
    unmeasured
        Kinds of work that are taken as another of their rule.
    """

    scale: str
    gpus: bool
    tasks: tuple[Task, ...]
    events: int
    networks: int
    kept_gb: float
    part_gb: float
    path: tuple[Task, ...]
    unmeasured: tuple[str, ...]

    def hours(self, *stages: str) -> float:
        """Return the sum over the jobs of some stages, h."""
        return sum(task.seconds for task in self.tasks if task.stage in stages) / HOUR

    @property
    def gpu_hours(self) -> float:
        """Hours of GPUs; 0 where trainings are on CPUs."""
        return self.hours("trainings") if self.gpus else 0.0

    @property
    def cpu_hours(self) -> float:
        """Hours of cores; a training on a GPU takes a core besides."""
        return self.hours(*STAGES)

    @property
    def submissions(self) -> int:
        """Submissions to SLURM: jets go with events, figures with tables, the report as one."""
        alone = ("events", "datasets", "trainings", "studies")
        return sum(task.stage in alone for task in self.tasks) + 1


def forecast(
    config: Config,
    yields: Mapping[str, float],
    costs: Costs,
    root: Path,
    gpus: bool = False,
    gpu_speedup: float = GPU_SPEEDUP,
) -> Forecast:
    """Return what a run takes from nothing to its report.

    Parameters
    ----------
    yields
        As `relearn.plan.read_yields` gives them.
    root
        Of the repository, for the cards.
    gpus
        Whether trainings have a GPU each.
    gpu_speedup
        How many times as fast one is as a core.

    Raises
    ------
    UserError
        If a yield has not been measured.
    """
    parts = {sample: plan.parts(config, sample, yields, root) for sample in config.samples}
    parts = {sample: names for sample, names in parts.items() if names}
    tasks = _tasks(config, parts, costs, gpu_speedup if gpus else 1.0)
    events = sum(config.samples[sample].events_per_part * len(parts[sample]) for sample in parts)
    batches = {scan: plan.scan_batches(config, scan) for scan in plan.used_scans(config)}
    kept, of_parts = [], [0.0]
    for sample in parts:
        made = costs.megabytes(work.part(config, "events", sample))
        if plan.keeps_events(config, sample):
            kept.append(made * len(parts[sample]))
        else:
            of_parts.append(made)
        if config.samples[sample].jets:
            kept.append(costs.megabytes(work.part(config, "jets", sample)) * len(parts[sample]))
    kept += [costs.megabytes(work.dataset(config, name)) for name in plan.used_datasets(config)]
    kept += [costs.megabytes(work.models(config, b)) for found in batches.values() for b in found]
    return Forecast(
        scale=config.scale,
        gpus=gpus,
        tasks=tuple(tasks),
        events=events,
        networks=sum(len(batch.runs) for found in batches.values() for batch in found),
        kept_gb=sum(kept) / 1000,
        part_gb=max(of_parts) / 1000,
        path=tuple(longest_path(tasks)),
        unmeasured=tuple(sorted({task.work.kind for task in tasks if not costs.knows(task.work)})),
    )


def _tasks(
    config: Config, parts: Mapping[str, list[str]], costs: Costs, speedup: float
) -> list[Task]:
    """Return every job, each after those that it needs."""
    tasks: list[Task] = []

    def add(name: str, stage: str, job: Work, after: list[str]) -> str:
        seconds = costs.seconds(job) / (speedup if stage == "trainings" else 1.0)
        tasks.append(Task(name, stage, job, seconds, tuple(after)))
        return name

    made = {}  # sample → what its datasets wait for
    for sample, names in parts.items():
        found = [
            add(f"generate/{sample}/{one}", "events", work.part(config, "generate", sample), [])
            for one in names
        ]
        if config.samples[sample].jets:
            job = work.part(config, "jets", sample)
            found = [add(one.replace("generate", "jets", 1), "jets", job, [one]) for one in found]
        made[sample] = found
    built = {}
    for name in plan.used_datasets(config):
        before = [one for sample in plan.samples_of(config, name) for one in made[sample]]
        built[name] = add(f"dataset/{name}", "datasets", work.dataset(config, name), before)
    trained: dict[str, list[str]] = {}
    scans = plan.used_scans(config)
    for scan in sorted(scans, key=lambda one: bool(config.scans[one].pretrained)):
        start = trained.get(config.scans[scan].pretrained or "", [])
        trained[scan] = [
            add(
                f"train/{scan}/{batch.name}",
                "trainings",
                work.training(batch),
                [built[batch.dataset], *start],
            )
            for batch in plan.scan_batches(config, scan)
        ]
    measured, drawn = [], []
    for name, study in config.studies.items():
        before = [built[one] for one in plan.study_datasets(config, name)]
        before += [one for scan in study.scans for one in trained[scan]]
        measured.append(add(f"measure/{name}", "studies", work.study(config, name), before))
        drawn.append(add(f"draw/{name}", "figures", Work("draw"), measured[-1:]))
    claims = add("report/claims", "report", Work("report/claims"), measured)
    made_of = add("report/provenance", "report", Work("report/provenance"), [claims, *drawn])
    add("report/report", "report", Work("report/report"), [claims, made_of, *drawn])
    return tasks


def longest_path(tasks: list[Task]) -> list[Task]:
    """Return the chain of jobs that takes longest, however many run at a time.

    Parameters
    ----------
    tasks
        Each after those that it needs.
    """
    by_name, ends, before = {}, {}, {}
    for task in tasks:
        by_name[task.name] = task
        last = max(task.after, key=ends.__getitem__, default=None)
        before[task.name] = last
        ends[task.name] = task.seconds + (ends[last] if last else 0.0)
    path, name = [], max(ends, key=ends.__getitem__, default=None)
    while name:
        path.insert(0, by_name[name])
        name = before[name]
    return path


def past_limit(found: Forecast, minutes: int, retries: int) -> str | None:
    """Return what a cluster's limits mean for the longest job; None where it keeps them.

    Parameters
    ----------
    minutes
        The longest that a submission may take, min.
    retries
        How often a job is submitted again.
    """
    longest = max(found.tasks, key=lambda task: task.seconds, default=None)
    if longest is None or longest.seconds <= minutes * 60:
        return None
    text = (
        f"{longest.name} passes the {minutes / 60:g} h that profiles/slurm allows a job: it is "
        f"killed at the limit, and needs about {math.ceil(longest.seconds / 60 / minutes)} "
        f"submissions; one command makes up to {retries + 1}."
    )
    if longest.stage != "trainings":
        return text + " It begins anew each time: set `resources: runtime` higher."
    cure = "" if found.gpus else ", on GPUs (device=cuda) it takes a fraction"
    return text + f" A training goes on from its checkpoint{cure}."


def text(found: Forecast, costs: Costs, gpu_speedup: float = GPU_SPEEDUP) -> str:
    """Return a forecast as a page for the terminal."""
    rows = [("", "jobs", "together", "longest")]
    for stage in STAGES:
        seconds = [task.seconds for task in found.tasks if task.stage == stage]
        longest = duration(max(seconds, default=0.0))
        rows.append((stage, f"{len(seconds):,}", duration(sum(seconds)), longest))
    rows.append(("all", f"{len(found.tasks):,}", duration(found.cpu_hours * HOUR), ""))
    speed = f"{gpu_speedup:g} times as fast as a core: assumed, none has been measured"
    more = f"; {found.part_gb:.2g} GB more for each job on events" if found.part_gb else ""
    path = duration(sum(task.seconds for task in found.path))
    lines = [
        f"scale {found.scale}: {found.events:,} events, {found.networks:,} networks",
        "",
        *(f"{a:<10}{b:>7}{c:>10}{d:>9}" for a, b, c, d in rows),
        "",
        f"SLURM {found.submissions:,} submissions (profiles/slurm)",
        f"CPU   {found.cpu_hours:,.1f} h of cores",
        f"GPU   {found.gpu_hours:,.1f} h ({speed if found.gpus else 'trainings on CPUs'})",
        f"disk  {found.kept_gb:,.1f} GB{more}",
        f"time  {path} at least, on the longest path:",
        *(f"      {duration(task.seconds):>8}  {task.name}" for task in found.path),
        "",
        f"Rough: in proportion to sizes, from what jobs took on one machine ({costs.machine}).",
    ]
    if found.unmeasured:
        kinds = Counter(kind.partition("/")[0] for kind in found.unmeasured)
        names = ", ".join(f"{number} of {rule}" for rule, number in kinds.items())
        lines.append(f"Not measured, taken as is usual of their rule: {names}.")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / HOUR:.1f} h"
