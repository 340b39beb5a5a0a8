"""Code, rules and documentation in the house style, as `make lint` checks them."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers_workflow import ROOT

BIN = Path(sys.executable).parent
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "snakefmt": ["snakefmt", "--check", "Snakefile", "workflow"],
    "snakemake": ["snakemake", "--lint"],
    "hadolint": ["hadolint", "envs/Dockerfile"],
    "site": ["mkdocs", "build", "--strict", "--site-dir", ".cache/site"],
}


def test_these_are_the_checks_of_make_lint():
    words = ["make", "--dry-run", "lint", "-o", ".venv/dev.stamp", "BIN=BIN", "MKDOCS=BIN/mkdocs"]
    shown = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split() for line in shown.splitlines() if line.startswith("BIN/")] == [
        [f"BIN/{tool}", *arguments] for tool, *arguments in CHECKS.values()
    ]


@pytest.mark.parametrize("name", CHECKS)
def test_style(name):
    tool, *arguments = CHECKS[name]
    done = subprocess.run(
        [str(BIN / tool), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
