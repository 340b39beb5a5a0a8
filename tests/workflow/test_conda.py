"""`--sdm conda`: which environment Snakemake makes for which rule, with a conda that only notes.

Every job of a small run starts as it would, in its environment; what is started there writes
empty files.
"""

import re
import subprocess

import helpers_conda
import pytest
import yaml
from helpers_workflow import ROOT, Outcome, command, copy_project, environment
from test_environments import jobs

from relearn import config, plan
from relearn.data import yields

# Beside what nano has: jets from Delphes, so that every environment is needed.
BESIDE = {
    "scale": "conda",
    "datasets": {"tops_low_delphes": {"jets": {"train": 1, "validation": 1, "test": 1}}},
    "studies": {"jet_validation": {"datasets": ["tops_low_delphes"]}},
}


def run(project, conda, *arguments):
    done = subprocess.run(
        command(*arguments, "--sdm", "conda", "--config", "scale=conda"),
        cwd=project,
        env=environment() | {"PATH": conda.path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    return helpers_conda.install(tmp_path_factory.mktemp("conda") / "conda")


@pytest.fixture(scope="module")
def project(tmp_path_factory, conda):
    """A copy in which everything has run; the environment of the figures is pinned."""
    folder = copy_project(tmp_path_factory.mktemp("sdm") / "project")
    nano = yaml.safe_load((folder / "config/scale/nano.yaml").read_text())
    (folder / "config/scale/conda.yaml").write_text(yaml.safe_dump(config.merge(nano, BESIDE)))
    known = folder / "config/yields.yaml"
    settings = config.load("conda", folder / "config")
    missing = yields.missing(settings, plan.read_yields(known), folder)
    for key, (dataset, _) in missing.items():
        yields.append(known, yields.Yield(key, dataset, 1.0, 1000, "made up"))
    pinned = subprocess.run(
        ["sh", "envs/pin.sh", "plot"], cwd=folder, env={"PATH": conda.path}, check=False
    )
    assert pinned.returncode == 0
    outcome = run(folder, conda)
    assert outcome.code == 0, outcome.reasons()
    return folder


def test_the_readmes_command_runs(project, conda):
    lines = (ROOT / "README.md").read_text().splitlines()
    line = next(line for line in lines if line.startswith("snakemake") and "--sdm conda" in line)
    done = subprocess.run(
        [*line.split(), "--config", "scale=conda"],
        cwd=project,
        env=environment() | {"PATH": f"{conda.folder / 'bin'}:{environment()['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_every_rule_runs_in_its_environment(project, conda):
    names = {
        path.read_text(): path.name.partition(".")[0]
        for path in (project / "envs").iterdir()
        if path.suffix in (".yaml", ".txt")
    }
    found = {(script, names[content]) for script, content in conda.jobs()}
    assert found <= {(script, name) for script, name, _ in jobs()}
    assert {name for _, name in found} == {"generate", "delphes", "jets", "train", "plot"}
    assert {"generate_delphes", "find_jets", "train_ensemble", "build_report"} <= {
        script for script, _ in found
    }


def test_each_environment_is_made_once_from_its_pin_where_there_is_one(project, conda):
    made = [call for call in conda.calls() if "create" in call and ".snakemake" in call]
    assert len(made) == 5
    assert [bool(re.match("env create .*yaml", call)) for call in made].count(True) == 4
    (pinned,) = [call for call in made if call.startswith("create ")]
    assert "pin.txt" in pinned
