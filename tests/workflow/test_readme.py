"""Every command of the README runs, with smoke in place of default."""

import re
import shlex
import subprocess
import sys

import pytest
from helpers_workflow import ROOT, environment

README = (ROOT / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.split("\n")
    if line
]
# `make test` is what runs this test; `make run` starts what tests of kill −9 start.
SELF = {"make test", "make run"}
NEW = "tiny_set.yaml"  # of test_new_architecture.py, which has that file
CONDA = "--sdm conda"  # which test_conda.py runs
SLURM = ["snakemake", "--workflow-profile"]
REDRAWN = "results/smoke/figures/pt_nodes.pdf"


def at_smoke(command: str) -> list[str]:
    words = shlex.split(command.replace("results/default", "results/smoke"))
    if words[:2] == SLURM:  # which test_slurm.py really submits
        smoke = [word.replace("scale=paper", "scale=smoke") for word in words[1:]]
        return ["snakemake", "--dry-run", *smoke]
    if words[0] == "snakemake":
        targets = [word for word in words[1:] if word.startswith(("fig_", "results/"))]
        options = [word for word in words[1:] if word not in targets]
        return ["snakemake", *options, "--config", "scale=smoke", "--", *targets]
    return [*words, "SCALE=smoke"]


@pytest.mark.parametrize(
    "command",
    [line for line in COMMANDS if line not in SELF and NEW not in line and CONDA not in line],
)
def test_command(command, smoke_run):
    words = at_smoke(command)
    if "fig_pt_nodes" in words:  # so that there is something to do
        (smoke_run / REDRAWN).unlink()
    if words[0] == "make":
        # The environment is there already: this one.
        words += ["-o", ".venv/run.stamp", f"BIN={environment()['PATH'].split(':')[0]}"]
    done = subprocess.run(
        words, cwd=smoke_run, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (smoke_run / REDRAWN).is_file()


def test_what_make_figures_advises(smoke_run):
    words = [sys.executable, "scripts/list_figures.py", "--scale", "smoke"]
    listed = subprocess.run(words, cwd=smoke_run, capture_output=True, text=True, check=True)
    advice = listed.stdout.strip().rpartition("Redraw one: ")[2]
    done = subprocess.run(
        [*shlex.split(advice), "--dry-run"],
        cwd=smoke_run,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr


def test_make_run_takes_targets_and_options(smoke_run):
    words = ["make", "run", "SCALE=smoke", "ARGS=fig_pt_nodes --dry-run", "CORES=1"]
    words += ["-o", ".venv/run.stamp", f"BIN={environment()['PATH'].split(':')[0]}"]
    done = subprocess.run(
        words, cwd=smoke_run, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_two_commands_are_targets():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {command.split()[1] for command in SELF} <= set(targets)
    assert SELF <= set(COMMANDS)


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
