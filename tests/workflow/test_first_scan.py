"""The tutorial docs/first-scan.md: its overlay is valid, its commands do what it says."""

import re
import shlex
import subprocess

from helpers_workflow import ROOT, Outcome, copy_project, environment

from relearn import config, plan

TEXT = (ROOT / "docs/first-scan.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.S)
COMMANDS = [shlex.split(line) for block in BLOCKS for line in block.splitlines()]
OVERLAY, CHANGED = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
LOOK = {"--dry-run", "--quiet", "rules"}


def run(words, folder):
    done = subprocess.run(
        words, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    return Outcome(done.returncode, done.stdout + done.stderr)


def networks(project, overlay):
    (project / "config/scale/first.yaml").write_text(overlay)
    batches = plan.scan_batches(config.load("first", project / "config"), "first")
    return [len(batch.runs) for batch in batches]


def test_the_scan_makes_the_jobs_that_are_shown(tmp_path):
    project = copy_project(tmp_path / "project")
    (before,) = [line for line in OVERLAY.splitlines(True) if line.startswith("  first: ")]
    assert sum(networks(project, OVERLAY.replace(before, CHANGED))) == 33
    assert networks(project, OVERLAY) == [30], "one job"
    asked, made = [words for words in COMMANDS if words[0] == "snakemake"]
    assert [word for word in asked if word not in LOOK] == made
    outcome = run(asked, project)
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs() == Outcome(0, TEXT).jobs()


def test_the_table_has_the_columns_that_are_printed(smoke_run):
    (words,) = [words for words in COMMANDS if words[0] == "python"]
    outcome = run([word.replace("results/first", "results/smoke") for word in words], smoke_run)
    assert outcome.code == 0, outcome.reasons()
    assert "within_10pct" in outcome.text
