"""Runs Snakemake itself, in a copy of the project that a test may change."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
