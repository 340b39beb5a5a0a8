"""What laptops and clusters do to a run: each time a clear word, and in the end the same tables.

nano, with a training that is long enough to be killed in its middle.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from helpers_debian import give_up
from helpers_workflow import (
    Outcome,
    assert_same_tables,
    copy_project,
    ended,
    make_run,
    replace_in,
    same,
    scripts_at_work,
    snakemake,
    start,
)

pytestmark = pytest.mark.workflow
NANO = ("--config", "scale=nano")
CLAIMS = "results/nano/claims.csv"
LONGEST_WAIT = 120  # s, before the test gives up on what should have come
ROOT_OF_LINUX = sys.platform == "linux" and os.geteuid() == 0


def project_in(folder: Path) -> Path:
    project = copy_project(folder)
    replace_in(project / "config/scale/nano.yaml", "epochs: 20", "epochs: 3000")
    # Checkpoints soon enough, also on a fast machine.
    checkpoint = project / "scripts/relearn/training/checkpoint.py"
    replace_in(checkpoint, "EVERY_SECONDS = 20.0", "EVERY_SECONDS = 0.3")
    return project


@pytest.fixture
def project(tmp_path):
    return project_in(tmp_path / "project")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("faults") / "undisturbed")
    outcome = snakemake(folder, *NANO, "--", CLAIMS)
    assert outcome.code == 0, outcome.reasons()
    return folder


def wait_for(process: subprocess.Popen, found: Callable[[], object]) -> object:
    """Wait for something during a run; fail when the run ends before."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        assert process.poll() is None, "the workflow ended before it was killed"
        if (it := found()) is not None:
            return it
        time.sleep(0.02)
    raise AssertionError("it never came")


def job_of(process: subprocess.Popen, script: str) -> psutil.Process | None:
    """Return the job that runs a script at this moment."""
    for job in scripts_at_work(process):
        try:
            if any(word.endswith(script) for word in job.cmdline()[:2]):
                return job
        except psutil.Error:
            continue  # it ended between the two calls
    return None


def kill_snakemake(process: subprocess.Popen) -> None:
    """kill −9 of Snakemake alone; its jobs must go with it."""
    jobs = scripts_at_work(process)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while not all(ended(job) for job in jobs) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert all(ended(job) for job in jobs), "an orphan goes on writing"


def scripts_of(project: Path) -> list[psutil.Process]:
    """Return what works in a project at this moment."""
    found = []
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(project) and not ended(process):
            found.append(process)
    return found


def some_job(process: subprocess.Popen) -> psutil.Process:
    """Wait until a job runs; return it."""
    return wait_for(process, lambda: next(iter(scripts_at_work(process)), None))


def second_event_file(project: Path) -> list[Path] | None:
    """Return the event files that are finished, while a further one is made."""
    events = project / "results/nano/events"
    finished = list(events.glob("*/[!.]*.root"))
    return finished if finished and list(events.glob("*/.*.root")) else None


def says(log: Path, words: str) -> bool | None:
    """Whether a job has written these words; between two attempts there is no log."""
    try:
        return words in log.read_text() or None
    except FileNotFoundError:
        return None


def test_whatever_is_killed_the_tables_are_the_same(project, undisturbed):
    process = make_run(project)
    finished = wait_for(process, lambda: second_event_file(project))
    kept = {path: path.stat().st_mtime_ns for path in finished}
    kill_snakemake(process)

    process = make_run(project)
    checkpoints = project / "results/nano/checkpoints"
    wait_for(process, lambda: next((p for p in checkpoints.rglob("*.checkpoint")), None))
    assert job_of(process, "train_ensemble.py"), "it had not ended"
    kill_snakemake(process)
    assert not list(project.glob("results/nano/models/*/*/runs.csv"))

    for path in checkpoints.rglob("*.checkpoint"):
        path.write_bytes(path.read_bytes()[:-100])
    process = make_run(project)
    log = project / "results/nano/logs/train/pt_nodes/0000.log"
    wait_for(process, lambda: says(log, "is damaged and ignored"))
    wait_for(process, lambda: says(log, "network steps/s"))
    kill_snakemake(process)
    assert list(checkpoints.rglob("*.checkpoint")), "what the next run goes on from"

    # Then anything, at any time: a job or Snakemake.
    dice = random.Random(2017)
    for job_alone in (True, False, True):
        process = make_run(project)
        some_job(process)
        time.sleep(dice.uniform(0.0, 2.0))
        jobs = scripts_at_work(process)
        if job_alone and jobs:
            dice.choice(jobs).kill()
            assert process.wait(LONGEST_WAIT) != 0
        else:
            kill_snakemake(process)

    process = make_run(project)
    some_job(process)
    process.send_signal(signal.SIGINT)  # Ctrl-C
    assert process.wait(LONGEST_WAIT) != 0
    assert not scripts_of(project), "a job goes on"

    outcome = make_to_its_end(project)
    assert outcome.code == 0, outcome.reasons()
    assert "scale nano is complete. Open next:\n  results/nano/report.html" in outcome.text
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "made again"
    assert_same_tables(project, undisturbed)


@pytest.fixture
def disk() -> Iterator[Callable[[Path, str], None]]:
    """Mounts a small disk at a folder, or changes what it is like; gives it back in the end."""
    if not ROOT_OF_LINUX:
        give_up("only root of a Linux mounts a tmpfs")
    mounted = []

    def mount(folder: Path, options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if folder in mounted:
            options = f"remount,{options}"
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            give_up(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in set(mounted):
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_or_read_only_is_named_and_the_run_goes_on(project, undisturbed, disk):
    disk(project / "results", "size=160k")
    outcome = snakemake(project, *NANO, "--", CLAIMS)
    assert outcome.code != 0
    assert "left on the disk of the results" in outcome.text, outcome.reasons()
    assert "stopped; what is finished is kept" in outcome.text
    kept = {path: path.stat().st_mtime_ns for path in project.glob("results/nano/events/*/[!.]*")}
    assert kept, "something had been finished"
    disk(project / "results", "ro")
    outcome = snakemake(project, *NANO)
    assert outcome.code != 0
    assert "nothing can be written to" in outcome.text and "--directory" in outcome.text
    assert "failed" not in outcome.text, "a job began"
    disk(project / "results", "rw,size=100m")
    outcome = snakemake(project, *NANO, "--", CLAIMS)
    assert outcome.code == 0, outcome.reasons()
    assert "4 trainings in 1 jobs" in outcome.text
    assert f"what was asked for is there. Open next:\n  {CLAIMS}" in outcome.text
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "made again"
    assert_same_tables(project, undisturbed)


def test_two_snakemakes_in_one_folder(project, undisturbed):
    dataset = "results/nano/datasets/zmumu.h5"
    first = start(project, *NANO, "--", dataset)
    some_job(first)
    second = snakemake(project, *NANO)
    assert second.code != 0 and "cannot be locked" in second.text, second.reasons()
    third = make_to_its_end(project)
    assert third.code != 0 and f"snakemake (process {first.pid}) is at work" in third.text
    assert first.wait(LONGEST_WAIT) == 0
    assert same(project / dataset, undisturbed / dataset)


def test_two_makes_do_not_meet(project):
    first = make_run(project)
    try:
        some_job(first)
        second = make_to_its_end(project)
    finally:
        first.terminate()
        first.wait()
    assert second.code != 0 and "another `make`" in second.text


def make_to_its_end(project: Path) -> Outcome:
    process = make_run(project, output=subprocess.PIPE)
    text = process.communicate(timeout=LONGEST_WAIT)[0]
    return Outcome(process.returncode, text.decode())


DAMAGED = {
    "events/zmumu/train-0000.root": "datasets/zmumu.h5",
    "datasets/zmumu.h5": "models/pt_nodes/0000/runs.csv",
    "models/pt_nodes/0000/weights.safetensors": "tables/pt_weights.csv",
    "tables/pt_nodes.csv": "figures/pt_nodes.pdf",
}


@pytest.mark.parametrize("damaged, made_of_it", DAMAGED.items())
def test_a_damaged_file_is_named_and_made_again(undisturbed, tmp_path, damaged, made_of_it):
    project = tmp_path / "project"
    shutil.copytree(undisturbed, project)
    path, target = project / "results/nano" / damaged, f"results/nano/{made_of_it}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    outcome = snakemake(project, *NANO, "--", target)
    assert outcome.code != 0
    assert damaged in outcome.text and "delete" in outcome.text.lower(), outcome.reasons()
    # in our words, not in Snakemake's alone
    assert re.search(r"^relearn: \S+ failed$", outcome.text, re.M), outcome.reasons()
    path.unlink()
    outcome = snakemake(project, *NANO, "--", target)
    assert outcome.code == 0, outcome.reasons()
    # So that all that is made of these is the same, too: one case begins where another ends.
    for name in (damaged, made_of_it):
        there = undisturbed / "results/nano" / name
        assert not there.exists() or same(project / "results/nano" / name, there), name
