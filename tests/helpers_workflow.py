"""Runs Snakemake itself, in a copy of the project that a test may change."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import psutil
import uproot

from relearn import config, plan

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("Snakefile", "workflow", "config", "envs", "profiles", "scripts", "Makefile")


def copy_project(folder: Path) -> Path:
    """Copy what the workflow needs to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def environment() -> dict[str, str]:
    """Return the environment of an activated installation, one thread a job."""
    own = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": os.pathsep.join([own, os.environ["PATH"]]),
        "OMP_NUM_THREADS": "1",
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
    }


def command(*arguments: str, cores: int = 2) -> list[str]:
    """Return a Snakemake command line."""
    return [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]


@dataclass(frozen=True)
class Outcome:
    """What a Snakemake run printed, and its exit code."""

    code: int
    text: str

    def jobs(self) -> dict[str, int]:
        """Return rule → number of jobs from Snakemake's job table."""
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total", self.text, re.M | re.S)
        rows = table[1].split("\n") if table else []
        return {row.split()[0]: int(row.split()[1]) for row in rows if row.strip()}

    def reasons(self) -> str:
        """Return the end of the text, for the message of a failed assertion."""
        return self.text[-6000:]


def snakemake(folder: Path, *arguments: str, cores: int = 2) -> Outcome:
    """Run Snakemake in `folder`."""
    done = subprocess.run(
        command(*arguments, cores=cores),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout)


def replace_in(path: Path, old: str, new: str) -> None:
    """Change a file of the copy; the text must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """Start Snakemake on one core, silently; return the process."""
    return subprocess.Popen(
        command(*arguments, cores=1),
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def make_run(folder: Path, scale: str = "nano", output: IO[str] | int = subprocess.DEVNULL):
    """Start what `make run` starts, on one core; return the process."""
    return subprocess.Popen(
        [sys.executable, "scripts/run_workflow.py", "--cores", "1", "--config", f"scale={scale}"],
        cwd=folder,
        env=environment(),
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def scripts_at_work(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the jobs that a Snakemake runs at this moment."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            words = child.cmdline()
        except psutil.Error:
            continue  # it ended between the two calls
        if any(word.startswith("scripts/") for word in words[:2]):
            found.append(child)
    return found


def ended(process: psutil.Process) -> bool:
    """Return whether a process has ended, though nobody may have asked for its exit code yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def final_tables(folder: Path, scale: str = "nano") -> dict[str, pd.DataFrame]:
    """Return file → table of a finished run, of all networks, studies and claims; without times."""
    resolved = config.load(scale)
    files = [table for study in resolved.studies for table in plan.tables(resolved, study)]
    for scan in plan.used_scans(resolved):
        files += [f"{one}/runs.csv" for one in plan.model_dirs(resolved, scan)]
    files.append(f"{plan.results_dir(resolved)}/claims.csv")
    return {
        name: pd.read_csv(folder / name).drop(columns="train_seconds", errors="ignore")
        for name in files
    }


def assert_same_tables(one: Path, other: Path, scale: str = "nano") -> None:
    """Compare two finished runs."""
    here, there = final_tables(one, scale), final_tables(other, scale)
    assert here.keys() == there.keys()
    for name, table in here.items():
        pd.testing.assert_frame_equal(table, there[name])


def same(path: Path, other: Path) -> bool:
    """Compare two files by what is in them."""
    match path.suffix:
        case ".csv":
            one, two = (
                pd.read_csv(file).drop(columns="train_seconds", errors="ignore")
                for file in (path, other)
            )
            return one.equals(two)
        case ".h5":
            with h5py.File(path) as one, h5py.File(other) as two:
                names = []
                one.visititems(lambda name, it: names.append(name) if "shape" in dir(it) else None)
                return all(np.array_equal(one[name][()], two[name][()]) for name in names)
        case ".root":
            one, two = (uproot.open(file) for file in (path, other))
            return one.keys() == two.keys() and all(
                ak.array_equal(tree.arrays(), two[name].arrays())
                for name, tree in one.items()
                if hasattr(tree, "arrays")
            )
        case _:
            return path.read_bytes() == other.read_bytes()
