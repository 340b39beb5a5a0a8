"""kill −9 in the middle of generation and of training; the same command goes on."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest
from helpers_workflow import copy_project, environment, replace_in, snakemake

from relearn import config, plan

pytestmark = pytest.mark.workflow
LONGEST_WAIT = 120  # s, before the test gives up on an event that should have come


@pytest.fixture
def project(tmp_path):
    folder = copy_project(tmp_path / "project")
    # Long enough to be killed in the middle.
    replace_in(folder / "config/scale/nano.yaml", "epochs: 20", "epochs: 3000")
    # and checkpoints soon enough, also on a fast machine.
    checkpoint = folder / "scripts/relearn/training/checkpoint.py"
    replace_in(checkpoint, "EVERY_SECONDS = 20.0", "EVERY_SECONDS = 0.5")
    return folder


def make_run(folder):
    """Start what `make run` starts, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "scripts/run_workflow.py", "--cores", "1", "--config", "scale=nano"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def job_at_work(process, script):
    """Return the job that runs `script`, when it has begun."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        assert process.poll() is None, "the workflow ended before it was killed"
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                words = child.cmdline()
            except psutil.Error:
                continue  # it ended between the two calls
            if any(word.endswith(script) for word in words[:2]):
                return child
        time.sleep(0.02)
    raise AssertionError(f"{script} never began")


def kill_during(folder, script, begun):
    """Start the workflow, and kill Snakemake alone when `script` has `begun`."""
    process = make_run(folder)
    job = job_at_work(process, script)
    deadline = time.monotonic() + LONGEST_WAIT
    while not begun() and time.monotonic() < deadline:
        assert job.is_running(), f"{script} ended before it was killed"
        time.sleep(0.02)
    assert begun()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs([job], timeout=10)
    assert not job.is_running(), "an orphan goes on writing"


def kill_in_second_file(folder):
    """Kill Snakemake during the second event file; return what it knew to be finished."""
    process = make_run(folder)
    events, deadline = folder / "results/nano/events", time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        job = job_at_work(process, "generate_events.py")
        try:
            words = job.cmdline()
        except psutil.Error:
            continue  # it ended meanwhile
        own = folder / words[words.index("--output") + 1]
        # not those under a temporary name
        finished = [path for path in events.glob("*/[!.]*.root") if path != own]
        if finished and not own.exists():
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            psutil.wait_procs([job], timeout=10)
            assert not job.is_running(), "an orphan goes on writing"
            return finished
        time.sleep(0.02)
    raise AssertionError("there was no second event file")


def finish(folder):
    process = make_run(folder)
    assert process.wait() == 0


def contents(folder):
    results = folder / "results/nano"
    runs = pd.concat(pd.read_csv(path) for path in sorted(results.glob("models/*/*/runs.csv")))
    return runs.drop(columns="train_seconds").reset_index(drop=True)


def test_killed_in_generation_and_in_training(project, tmp_path):
    kept = {path: path.stat().st_mtime_ns for path in kill_in_second_file(project)}

    checkpoints = project / "results/nano/checkpoints"

    def a_checkpoint_is_there():
        return any(path.is_file() for path in checkpoints.rglob("*"))

    kill_during(project, "train_ensemble.py", a_checkpoint_is_there)
    finish(project)
    # Nothing finished was made again, and the resumed training is the uninterrupted one.
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    undisturbed = copy_project(tmp_path / "undisturbed")
    shutil.copy2(project / "config/scale/nano.yaml", undisturbed / "config/scale/nano.yaml")
    outcome = snakemake(undisturbed, "--config", "scale=nano")
    assert outcome.code == 0, outcome.reasons()
    pd.testing.assert_frame_equal(contents(project), contents(undisturbed))
    resolved = config.load("nano")
    for study in resolved.studies:
        for table in plan.tables(resolved, study):
            once = pd.read_csv(project / table).drop(columns="train_seconds", errors="ignore")
            again = pd.read_csv(undisturbed / table).drop(columns="train_seconds", errors="ignore")
            pd.testing.assert_frame_equal(once, again)


def test_two_makes_do_not_meet(project):
    first = make_run(project)
    try:
        job_at_work(first, "generate_events.py")
        second = subprocess.run(
            [sys.executable, "scripts/run_workflow.py", "--cores", "1", "--config", "scale=nano"],
            cwd=project,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        first.terminate()
        first.wait()
    assert second.returncode != 0 and "another `make`" in second.stderr
