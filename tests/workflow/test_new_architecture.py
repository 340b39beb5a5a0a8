"""The example of the docs, as a reader would follow it: one file, one entry in the config."""

import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from helpers_taggers import write_jets
from helpers_workflow import ROOT, copy_project, environment, snakemake

pytestmark = pytest.mark.workflow
TEXT = (ROOT / "docs/add-an-architecture.md").read_text()
CODE = re.search(r"```python\n(.*?)```", TEXT, re.S)[1]
SCAN = yaml.safe_load(re.search(r"```yaml\n# needs tiny_set.py\n(.*?)```", TEXT, re.S)[1])
JETS = {"train": 200, "validation": 16, "test": 24}
FOLDER = "results/nano/models/tiny_set"
RESTORE = "from relearn import models; print(models.load(*__import__('sys').argv[1:]))"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy with the example's file and entry, and a dataset of made-up jets."""
    folder = copy_project(tmp_path_factory.mktemp("new") / "project")
    (folder / "scripts/relearn/models/tiny_set.py").write_text(CODE)
    own = {
        "datasets": {"tops_low": {"jets": JETS}},
        "tagger_training": {"epochs": 2},
        "batch_seconds": 1000,
    }
    (folder / "overlay.yaml").write_text(yaml.safe_dump(SCAN | own))
    write_jets(folder / "results/nano/datasets/tops_low.h5", JETS, constituents=40)
    return folder


def train(project, *arguments, own=()):
    """Run the jobs of the scan alone; the dataset is there."""
    return snakemake(
        project,
        *("--allowed-rules", "train_tagger", "--configfile", "overlay.yaml", *arguments),
        *("--config", "scale=nano", "device=cpu", *own, "--", f"{FOLDER}/0000/runs.csv"),
    )


def test_the_example_is_trained_without_a_new_rule(project):
    outcome = train(project)
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs() == {"train_tagger": 1}
    runs = pd.read_csv(project / FOLDER / "0000/runs.csv").set_index("run")
    assert len(runs) == 2 * 2 and set(runs["status"]) == {"ok"}
    # 7 inputs → 16, 16 → 16, 16 → 2, with biases
    row = runs.loc["tiny_set-small-n40-eflow-tops_low-t0"]
    assert row["parameters"] == 8 * 16 + 17 * 16 + 17 * 2

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
    assert train(project).code == 0  # nothing, where the test above ran beside this one
    models = project / "scripts/relearn/models"
    for name, jobs in (("lola", {}), ("tiny_set", {"train_tagger": 1})):
        text = (models / f"{name}.py").read_text()
        (models / f"{name}.py").write_text(text + "\nEDITED = True\n")
        outcome = train(project, "--dry-run")
        (models / f"{name}.py").write_text(text)
        assert outcome.code == 0, outcome.reasons()
        assert outcome.jobs() == jobs


def test_a_mistake_in_the_scan_is_told_before_the_first_job(project):
    outcome = train(project, "--dry-run", own=["scans={tiny_set: {size: huge}}"])
    assert outcome.code != 0
    assert "tiny_set has no 'huge'; it has small, medium, paper" in outcome.text
    assert "Traceback" not in outcome.text
