"""The example of the README, as a reader would follow it: one file, one entry in the config."""

import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from helpers_workflow import ROOT, environment, snakemake

pytestmark = pytest.mark.workflow
TEXT = (ROOT / "README.md").read_text()
CODE, SCAN = (re.search(rf"```{kind}\n(.*?)```", TEXT, re.S)[1] for kind in ("python", "yaml"))
COMMAND = next(line for line in TEXT.splitlines() if "--configfile tiny_set.yaml" in line)
FIGURE = "results/smoke/figures/tagger_comparison.png"
FOLDER = "results/smoke/models/tiny_set"
RESTORE = "from relearn import models; print(models.load(*__import__('sys').argv[1:]))"


@pytest.fixture(scope="module")
def project(smoke_run, tmp_path_factory):
    """A copy of a finished run, with the example's file and entry."""
    folder = tmp_path_factory.mktemp("new") / "project"
    shutil.copytree(smoke_run, folder)
    (folder / "scripts/relearn/models/tiny_set.py").write_text(CODE)
    (folder / "tiny_set.yaml").write_text(SCAN)
    return folder


def run(project, *arguments, **changes):
    """Start the README's command, at smoke scale: batches may not be larger than there are jets."""
    target, *options = [word for word in COMMAND.split()[1:] if word not in ("--cores", "2")]
    scan = {"training": {"batch_size": 40, "epochs": 2}} | changes
    scans = yaml.safe_dump({"tiny_set": scan}, default_flow_style=True, width=1000).strip()
    options = ["--config", "scale=smoke", "device=cpu", f"scans={scans}", *options, *arguments]
    return snakemake(project, *options, "--", target)


def test_the_example_is_trained_and_compared_without_a_new_rule(project):
    before = (project / FIGURE).read_bytes()
    outcome = run(project)
    assert outcome.code == 0, outcome.reasons()
    trained = {rule: number for rule, number in outcome.jobs().items() if "train" in rule}
    assert trained == {"train_tagger": 1}, "and nothing else again"
    assert (project / FIGURE).read_bytes() != before
    runs = pd.read_csv(project / FOLDER / "0000/runs.csv").set_index("run")
    assert len(runs) == 2 * 2 and set(runs["status"]) == {"ok"}
    # 7 inputs → 16, 16 → 16, 16 → 2, with biases
    row = runs.loc["tiny_set-small-n40-eflow-tops_low-t0"]
    assert row["parameters"] == 8 * 16 + 17 * 16 + 17 * 2
    points = pd.read_csv(project / "results/smoke/tables/tagger_comparison_points.csv")
    assert set(points.loc[points["tagger"] == "tiny_set", "size"]) == {"small", "medium"}

    done = subprocess.run(
        [sys.executable, "-c", RESTORE, f"{FOLDER}/0000", row.name],
        env=environment() | {"PYTHONPATH": str(project / "scripts")},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("TinySet"), done.stderr


def test_editing_it_trains_it_again_and_editing_another_does_not(project):
    assert run(project).code == 0  # nothing, where the test above ran before
    models = project / "scripts/relearn/models"
    for name, again in (("particlenet", set()), ("tiny_set", {"train_tagger"})):
        text = (models / f"{name}.py").read_text()
        (models / f"{name}.py").write_text(text + "\nEDITED = True\n")
        outcome = run(project, "--dry-run")
        (models / f"{name}.py").write_text(text)
        assert outcome.code == 0, outcome.reasons()
        assert {rule for rule in outcome.jobs() if "train" in rule} == again
        assert outcome.jobs().get("train_tagger", 0) <= 1


def test_a_mistake_in_the_scan_is_told_before_the_first_job(project):
    outcome = run(project, "--dry-run", size="huge")
    assert outcome.code != 0
    assert "tiny_set has no 'huge'; it has small, medium, paper" in outcome.text
    assert "Traceback" not in outcome.text
