"""Runs from another directory than the repository's."""

import re
import shlex
import subprocess
import sys

import yaml
from helpers_workflow import copy_project, environment, snakemake

SNAKEFILE = ("--snakefile", "../my repository/Snakefile")


def test_results_lie_in_the_working_directory_and_names_may_have_spaces(tmp_path):
    repository, work = copy_project(tmp_path / "my repository"), tmp_path / "my work"
    (work / "config/scale").mkdir(parents=True)
    target = "results/nano/datasets/momenta.h5"
    outcome = snakemake(work, *SNAKEFILE, "--config", "scale=nano", "--", target)
    assert outcome.code == 0, outcome.reasons()
    assert (work / target).is_file()
    assert not (repository / "results").exists()

    # A scale of one's own beside the results, with a selection whose yield nobody knows.
    own = yaml.safe_load((repository / "config/scale/nano.yaml").read_text())
    own["scale"] = "mine"
    own["datasets"]["zmumu"]["selection"] = {"pt_min": 7.0}
    (work / "config/scale/mine.yaml").write_text(yaml.safe_dump(own))
    dry = (*SNAKEFILE, "--config", "scale=mine", "--dry-run", "--quiet", "all")
    outcome = snakemake(work, *dry)
    advised = re.search(r"`python (.*measure_yields\.py.*)`", outcome.text)
    assert outcome.code != 0 and advised, outcome.reasons()
    words = [sys.executable, *shlex.split(advised[1]), "--events", "500"]
    subprocess.run(words, cwd=work, env=environment(), check=True)
    outcome = snakemake(work, *dry)
    assert outcome.code == 0, outcome.reasons()
