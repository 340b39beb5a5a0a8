"""Samples through Delphes in the workflow: asked for at the start, run with the right settings."""

import json
import os

import pytest
import yaml
from helpers_delphes import NUMBER, SAMPLES, called, install, with_samples
from helpers_workflow import copy_project, snakemake

from relearn import plan
from relearn.data import yields
from relearn.generate import rootfile

pytestmark = pytest.mark.workflow
TARGET = "results/nano/events/delphes_ttbar_hadronic_low/train-0001.root"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy whose config has Delphes samples, with their yields as if they were measured."""
    folder = copy_project(tmp_path_factory.mktemp("delphes") / "project")
    (folder / "overlay.yaml").write_text(yaml.safe_dump(SAMPLES))
    known = folder / "config/yields.yaml"
    missing = yields.missing(with_samples(), plan.read_yields(known), folder)
    assert {sample for _, sample in missing.values()} >= set(SAMPLES["samples"])
    for key, (dataset, _) in missing.items():
        yields.append(known, yields.Yield(key, dataset, 1.0, 1000, "made up"))
    return folder


def run(project, *arguments, target=TARGET):
    return snakemake(
        project, "--configfile", "overlay.yaml", *arguments, "--config", "scale=nano", "--", target
    )


def test_without_delphes_nothing_begins(project):
    outcome = run(project, "--dry-run")
    assert outcome.code != 0 and not outcome.jobs()
    for word in (
        "samples.delphes_ttbar_hadronic_low.detector",
        "samples.delphes_qcd_low",
        "--sdm conda",
    ):
        assert word in outcome.text
    assert "Traceback" not in outcome.text


def test_snakemakes_own_environments_will_do(project):
    """Whether there is a conda or not, the message is not ours."""
    assert "DelphesPythia8" not in run(project, "--dry-run", "--sdm", "conda").text


def test_a_study_that_names_the_dataset_has_it_made(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join([str(install(tmp_path)), os.environ["PATH"]]))
    outcome = run(project, "--dry-run", target="results/nano/figures/jet_validation.png")
    assert outcome.code == 0, outcome.reasons()
    jobs = outcome.jobs()
    # 12 + 3 √12, 1 + 3, 1 + 3 jets of each class, 8 a part, as the made-up yields say
    assert jobs["generate_delphes_temporary"] == jobs["jets"] == 2 * (3 + 1 + 1)
    assert jobs["dataset_tagging"] == jobs["fig_jet_validation"] == 1
    assert not {"generate", "generate_temporary"} & set(jobs), "the embedded detector has no part"


def test_the_rule_runs_delphes(project, tmp_path, monkeypatch):
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    folder = install(tmp_path / "conda")
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    outcome = run(project)
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs() == {"generate_delphes_temporary": 1}
    path = project / TARGET
    assert os.listdir(path.parent) == [path.name]
    about = rootfile.about(path)
    assert (about["sample"], about["part"]) == ("delphes_ttbar_hadronic_low", "train-0001")
    assert about["events"] == rootfile.count(path) == NUMBER
    detector, process, _ = called(folder)
    assert "set ParameterR 1.5" in detector
    assert f"set RandomSeed {about['delphes']['seed']}" in detector
    assert f"Random:seed = {about['pythia']['seed']}" in process and "Top:gg2ttbar" in process
    settings = with_samples().samples["delphes_ttbar_hadronic_low"].generation()
    assert about["settings"] == json.loads(json.dumps(settings))
