"""What a scale takes, against numbers by hand, and a longest path against all paths."""

import dataclasses
import random
import subprocess
import sys

import pytest
from helpers_workflow import ROOT

from relearn import config, forecast, plan
from relearn.forecast import Task, longest_path
from relearn.jobcosts import START_SECONDS, Cost, Costs
from relearn.work import Work

COSTS = Costs(
    "a machine",
    {
        "generate/zmumu": Cost(0.01),
        "dataset/dimuon": Cost(0.02),
        "train/stacks": Cost(1.0),
        "measure/pt_nodes": Cost(0.001),
        "draw": Cost(2.0),
        **{f"report/{name}": Cost(1.0) for name in ("claims", "provenance", "report")},
    },
    {"events/zmumu": 0.1, "dataset/dimuon": 0.2, "models/stacks": 3.0},
)
YIELDS = plan.read_yields(ROOT / "config/yields.yaml")


def nano(**options):
    return forecast.forecast(config.load("nano"), YIELDS, COSTS, ROOT, **options)


def test_jobs_events_and_networks():
    found = nano()
    count = {stage: sum(task.stage == stage for task in found.tasks) for stage in forecast.STAGES}
    assert count == {
        "events": 3,
        "jets": 0,
        "datasets": 1,
        "trainings": 1,
        "studies": 2,
        "figures": 2,
        "report": 3,
    }
    assert found.events == 3 * 400 and found.networks == 4
    assert found.submissions == 3 + 1 + 1 + 2 + 1
    assert found.unmeasured == ("measure/pt_weights",)


def test_hours_and_disk_by_hand():
    found, (train,) = nano(), [task for task in nano().tasks if task.stage == "trainings"]
    seconds = {
        "events": 3 * (START_SECONDS + 0.01 * 400),
        "datasets": START_SECONDS + 0.02 * 250,
        "trainings": START_SECONDS + train.work.units,
        # four networks on a hundred events; the other study is taken as this one
        "studies": 2 * (START_SECONDS + 0.001 * 400),
        "figures": 2 * (START_SECONDS + 2),
        "report": 3 * (START_SECONDS + 1),
    }
    for stage, expected in seconds.items():
        assert found.hours(stage) * 3600 == pytest.approx(expected), stage
    assert found.cpu_hours * 3600 == pytest.approx(sum(seconds.values()))
    assert found.gpu_hours == 0
    # the events stay, as nothing else is made of them
    assert found.kept_gb * 1000 == pytest.approx(3 * 400 * 0.1 + 250 * 0.2 + 4 * 3.0)
    assert found.part_gb == 0


def test_the_longest_path_ends_with_the_report():
    names = [task.name for task in nano().path]
    assert names[0].startswith("generate/zmumu/")
    assert names[1:3] == ["dataset/zmumu", "train/pt_nodes/0000"]
    assert names[3].startswith("measure/") and names[4].startswith("draw/")
    assert names[5:] == ["report/provenance", "report/report"]


def test_gpus_take_the_trainings_alone():
    cpu, gpu = nano(), nano(gpus=True, gpu_speedup=4)
    assert gpu.gpu_hours == pytest.approx(cpu.hours("trainings") / 4)
    rest = [stage for stage in forecast.STAGES if stage != "trainings"]
    assert gpu.hours(*rest) == pytest.approx(cpu.hours(*rest))


def test_jets_come_after_events_that_do_not_stay():
    found = forecast.forecast(config.load("smoke"), YIELDS, _all_known(), ROOT)
    parts = [task for task in found.tasks if task.stage == "jets"]
    assert parts and all(task.after == (f"generate{task.name[4:]}",) for task in parts)
    assert found.part_gb > 0


def test_a_training_from_another_starts_after_it():
    found = forecast.forecast(config.load("smoke"), YIELDS, _all_known(), ROOT)
    (later,) = [t for t in found.tasks if t.name == "train/norm_squared_intuitive/0000"]
    assert {"dataset/momenta", "train/square/0000"} <= set(later.after)


def _all_known() -> Costs:
    rules = ("generate", "jets", "dataset", "train", "measure", "draw", "report")
    jobs = {f"{rule}/x": Cost(0.01) for rule in rules}
    return Costs("", jobs, {f"{kind}/x": 0.01 for kind in ("events", "jets", "dataset", "models")})


def test_longest_path_against_all_paths():
    dice = random.Random(1)
    for _ in range(50):
        tasks: list[Task] = []
        for number in range(8):
            before = [task.name for task in tasks if dice.random() < 0.4]
            tasks.append(Task(f"{number}", "", Work(""), dice.random(), tuple(before)))
        by_name = {task.name: task for task in tasks}

        def all_paths(name, by_name=by_name):
            before = by_name[name].after
            ends = [path for one in before for path in all_paths(one)] if before else [[]]
            return [[*path, name] for path in ends]

        lengths = [
            sum(by_name[name].seconds for name in path)
            for one in by_name
            for path in all_paths(one)
        ]
        path = longest_path(tasks)
        assert sum(task.seconds for task in path) == pytest.approx(max(lengths))
        for first, second in zip(path, path[1:], strict=False):
            assert first.name in second.after


def test_nothing_takes_no_time():
    assert longest_path([]) == []


def test_a_job_past_the_limit_of_a_cluster_is_told():
    tasks = (
        Task("draw/a", "figures", Work("draw"), 60.0),
        Task("train/b", "trainings", Work("t"), 0),
    )
    found = dataclasses.replace(nano(), tasks=tasks)
    assert forecast.past_limit(found, minutes=1, retries=3) is None
    days = dataclasses.replace(tasks[1], seconds=2.5 * 24 * 3600)
    found = dataclasses.replace(found, tasks=(tasks[0], days))
    text = forecast.past_limit(found, minutes=24 * 60, retries=1)
    assert text.startswith("train/b passes the 24 h") and "checkpoint, on GPUs" in text
    assert "about 3 submissions; one command makes up to 2" in text
    found = dataclasses.replace(found, tasks=(dataclasses.replace(days, stage="studies"),))
    assert "begins anew" in forecast.past_limit(found, minutes=24 * 60, retries=1)
    assert forecast.past_limit(dataclasses.replace(found, tasks=()), 1, 1) is None


def test_the_command_prints_it():
    done = subprocess.run(
        [sys.executable, "scripts/estimate_cost.py", "--scale", "paper", "--device", "cuda"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    paper = config.load("paper")
    for word in ("events", "networks", "GPU", "assumed", "longest path", "report/report"):
        assert word in done.stdout
    batches = [plan.scan_batches(paper, scan) for scan in plan.used_scans(paper)]
    assert (
        f"{sum(len(batch.runs) for found in batches for batch in found):,} networks" in done.stdout
    )
