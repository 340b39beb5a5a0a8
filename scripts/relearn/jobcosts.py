"""What jobs take: ``config/costs.yaml``, measured by a finished run, times the work in a job.

From it come the run time that a job asks a cluster for (`relearn.resources`) and the forecast of
a whole scale (`relearn.forecast`). Rough on purpose: seconds are those of one core of one machine,
and grow in proportion to the work.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from relearn import plan, walltimes, work
from relearn.config import Config
from relearn.errors import UserError
from relearn.work import Work

# When Snakemake looks at a job's CPU time: often at first, then every half minute. What a job takes
# after the last look is not counted.
LOOKS_UNTIL = 15.0
LOOKS_EVERY = 30.0
START_SECONDS = 3.0  # of a job: Python and its imports; of a study that of the fastest
LEAST = 0.1  # of a short job that is work all the same, and grows with it
STUDIES = "measure"
DATASETS = "dataset"
STARTED = "train/taggers"  # whose estimate includes the start
RULES = ("generate", "jets", "dataset", "train", "measure", "draw", "report")
FILES = ("events", "jets", "dataset", "models")
CURE = "take the repository's, or write it anew with `make run` and `make cost ARGS=--record`"
HEAD = """\
# What jobs and their files take for each unit of work: seconds of a core, MB on disk; and the most
# memory that a job took, MB. Units: a generated event (generate, jets, events), a row of a
# dataset, an estimated second (train), a network on a test row (measure, models/taggers), a network
# (models/stacks), a job (draw, report). The start of a job is not in it: 3 s, of a study as below.
# Written by `make cost ARGS=--record` after `make run`.
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of a unit of work, and the memory of a job, MB."""

    seconds: float
    memory_mb: float | None = None


@dataclass(frozen=True)
class Costs:
    """Measured costs by kind of work, MB by kind of file, and the machine that they are of.

    Attributes
    ----------
    study_start
        Seconds of a study with hardly anything to do.
    """

    machine: str
    jobs: Mapping[str, Cost]
    files: Mapping[str, float]
    study_start: float = START_SECONDS

    def start(self, kind: str) -> float:
        """Return the seconds that a job takes whatever it has to do."""
        if kind == STARTED:
            return 0.0
        return self.study_start if kind.startswith(STUDIES) else START_SECONDS

    def knows(self, job: Work) -> bool:
        """Return whether this kind of work was measured."""
        return job.kind in self.jobs

    def seconds(self, job: Work) -> float:
        """Return about how long a job runs on one core, s.

        What was not measured, a card or a study of one's own, is taken as is usual of its rule.
        """
        alike = _like(job.kind, self.jobs)
        return self.start(job.kind) + job.units * median(self.jobs[kind].seconds for kind in alike)

    def megabytes(self, files: Work) -> float:
        """Return about the size of some files, MB; of what was not measured, as is usual."""
        return files.units * median(self.files[kind] for kind in _like(files.kind, self.files))


def _like(kind: str, known: Mapping[str, Any]) -> list[str]:
    """Return a kind of work itself, or where it is not known all of its rule."""
    rule = kind.partition("/")[0]
    return [kind] if kind in known else [one for one in known if one.partition("/")[0] == rule]


def read(path: Path) -> Costs:
    """Read ``config/costs.yaml``.

    Raises
    ------
    UserError
        If it cannot be read, or lacks a rule: says what to do.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        # YAML takes 9e-06, without a point, for a text.
        jobs = {
            kind: Cost(**{key: float(value) for key, value in cost.items()})
            for kind, cost in content["jobs"].items()
        }
        files = {kind: float(size) for kind, size in content["files"].items()}
        costs = Costs(content["machine"], jobs, files, float(content["study_start"]))
        lacking = [rule for rule in RULES if not _like(rule, jobs)]
        lacking += [rule for rule in FILES if not _like(rule, files)]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error!r}): {CURE}") from None
    if lacking:
        raise UserError(f"{path} has nothing of {', '.join(lacking)}: {CURE}")
    return costs


def work_of(config: Config) -> dict[str, Work]:
    """Return job → its work, named as by `relearn.walltimes`; a part is named by its sample."""
    found = {}
    for sample, made in config.samples.items():
        for rule in work.PARTS if made.jets else work.PARTS[:1]:
            found[f"{rule}/{sample}"] = work.part(config, rule, sample)
    for name in config.datasets:
        found[f"dataset/{name}"] = work.dataset(config, name)
    for scan in plan.used_scans(config):
        for batch in plan.scan_batches(config, scan):
            found[f"train/{scan}/{batch.name}"] = work.training(batch)
    for name in config.studies:
        found[f"measure/{name}"] = work.study(config, name)
        found[f"draw/{name}"] = Work("draw")
    for name in ("claims", "provenance", "report"):
        found[f"report/{name}"] = Work(f"report/{name}")
    return found


def record(config: Config, results: Path, machine: str, known: Costs) -> Costs:
    """Return the costs that a run of `config` has measured, over those that are known.

    Parameters
    ----------
    results
        ``results/<scale>`` of the run.
    known
        What stays where nothing is measured: files that are deleted meanwhile, other studies.

    Raises
    ------
    UserError
        If there are no benchmark tables, or one cannot be read.
    """
    jobs, times = work_of(config), walltimes.job_times(results / "benchmarks", config)
    studies = [core_seconds(one) for name, one in times.items() if name.startswith(STUDIES)]
    costs = replace(known, machine=machine, study_start=min(studies, default=known.study_start))
    took, memory = defaultdict(list), defaultdict(list)
    for name, one in times.items():
        rule, _, rest = name.partition("/")
        job = jobs[f"{rule}/{rest.partition('/')[0]}" if rule in work.PARTS else name]
        took[job.kind].append((job.units, core_seconds(one)))
        memory[job.kind].append(one["max_rss_mb"] or 0.0)
    measured = {
        kind: Cost(_rounded(_of_a_unit(kind, found, costs)), _rounded(max(memory[kind])) or None)
        for kind, found in took.items()
    }
    files = _sizes(config, results)
    return replace(
        costs,
        jobs=dict(sorted((dict(known.jobs) | measured).items())),
        files=dict(sorted((dict(known.files) | files).items())),
    )


def _of_a_unit(kind: str, took: Sequence[tuple[float, float]], costs: Costs) -> float:
    """Return the seconds of a unit of work from jobs: their units, and the seconds that they took.

    What a job takes to start is left out. Datasets are built in seconds: where there are two sizes,
    the difference tells.
    """
    (few, short), (many, long) = min(took), max(took)
    if kind.startswith(DATASETS) and many >= 2 * few and long > short:
        return (long - short) / (many - few)
    start = costs.start(kind)
    return median(max(seconds - start, LEAST * seconds) / units for units, seconds in took)


def core_seconds(times: walltimes.Times) -> float:
    """Return the seconds of a core that a job took, as if it had had one for itself.

    Its CPU time at Snakemake's last look, and at the same rate from then on; where there was no
    look, its wall time.
    """
    wall, cpu = times["wall_s"], times["cpu_s"]
    if not cpu:
        return wall
    looked = wall
    if wall > LOOKS_UNTIL:
        looked = LOOKS_UNTIL + LOOKS_EVERY * ((wall - LOOKS_UNTIL) // LOOKS_EVERY)
    return min(wall, cpu * wall / looked)


def _sizes(config: Config, results: Path) -> dict[str, float]:
    """Return kind of file → MB for a unit of work, of the files that are there."""
    found: dict[str, list[float]] = defaultdict(list)
    for files, folder, names in work.files_of(config):
        there = [path for path in (results / folder).glob(names) if path.is_file()]
        if there:
            whole = sum(path.stat().st_size for path in there) / 1e6
            number = len(there) if files.kind.partition("/")[0] in ("events", "jets") else 1
            found[files.kind].append(whole / number / files.units)
    return {kind: _rounded(median(sizes)) for kind, sizes in found.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def write(path: Path, costs: Costs) -> None:
    """Write ``config/costs.yaml``."""
    lines = [HEAD + f"machine: {costs.machine}", f"study_start: {costs.study_start:g}", "jobs:"]
    for kind, cost in costs.jobs.items():
        memory = "" if cost.memory_mb is None else f", memory_mb: {cost.memory_mb:g}"
        lines.append(f"  {kind}: {{seconds: {cost.seconds:g}{memory}}}")
    lines.append("files:")
    lines += [f"  {kind}: {size:g}" for kind, size in costs.files.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
