"""Event files that only jets are made of go when the jets are found, and come back if needed."""

import shutil

import pyarrow.parquet as pq
import pytest
from helpers_workflow import copy_project, same, snakemake

from relearn import config, plan

OVERLAY = """\
scale: jets
samples:
  ttbar_hadronic_low: {events_per_part: 40}
  qcd_low: {events_per_part: 40, keep_events: true}
datasets:
  few:                         # that no network is trained on
    kind: tagging
    signal: ttbar_hadronic_low
    background: qcd_low
    jets: {train: 1, validation: 1, test: 1}
studies:
  jet_validation: {datasets: [few]}
"""
DATASET = "results/jets/datasets/few.h5"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = copy_project(tmp_path_factory.mktemp("events") / "project")
    (folder / "config/scale/jets.yaml").write_text(OVERLAY)
    return folder


def run(project, *arguments, target=DATASET):
    outcome = snakemake(project, *arguments, "--config", "scale=jets", "--", target)
    assert outcome.code == 0, outcome.reasons()
    return outcome


def changed(project, change):
    """The jobs after a change of the config."""
    outcome = snakemake(
        project, "--dry-run", "--config", "scale=jets", change, "--", "fig_jet_validation"
    )
    assert outcome.code == 0, outcome.reasons()
    return {name: count for name, count in outcome.jobs().items() if name != "total"}


def test_event_files_stay_where_they_are_asked_for_or_have_no_jets(project):
    default = config.load("default")
    temporary = {name for name in default.samples if not plan.keeps_events(default, name)}
    assert temporary == {name for name, made in default.samples.items() if made.jets}
    raw = default.model_dump()
    raw["samples"]["qcd_low"]["keep_events"] = True
    kept = config.resolve(raw)
    assert plan.keeps_events(kept, "qcd_low") and plan.keeps_events(kept, "zmumu")
    assert not plan.keeps_events(kept, "ttbar_hadronic_low")
    before, after = default.samples["qcd_low"], kept.samples["qcd_low"]
    assert before.generation() == after.generation(), "or all events would be made anew"
    keys = [plan.yield_key(c, "tops_low", "qcd_low", project) for c in (default, kept)]
    assert keys[0] == keys[1]


def test_what_will_be_deleted_is_said_before(project):
    outcome = run(project, "--dry-run")
    jobs = outcome.jobs()
    assert jobs["generate"] == jobs["generate_temporary"] == 3 and jobs["jets"] == 6
    lines = [line for line in outcome.text.splitlines() if "remove temporary" in line]
    assert len(lines) == 3 and all("events/ttbar_hadronic_low/" in line for line in lines)


@pytest.mark.workflow
def test_deleted_events_are_made_again_only_for_jets(project):
    run(project)
    events = sorted(path.parent.name for path in project.glob("results/jets/events/*/*.root"))
    assert events == ["qcd_low"] * 3
    assert len(list(project.glob("results/jets/jets/*/*.parquet"))) == 6
    assert "Nothing to be done" in run(project, "--dry-run").text
    # tables and figures: from the dataset; a dataset: from the jets
    study = {"measure_jet_validation": 1, "fig_jet_validation": 1}
    assert changed(project, "batch_seconds=41") == study
    fewer = changed(project, "datasets={few: {constituents: 50}}")
    assert fewer == study | {"dataset_tagging": 1}
    # what the jets are: from the events, of which half are there
    deeper = changed(project, "observables={soft_drop: {z_cut: 0.2}}")
    assert deeper == fewer | {"jets": 6, "generate_temporary": 3}
    # and what the events are
    assert changed(project, "seed=1") == deeper | {"generate": 3}


@pytest.mark.workflow
def test_damaged_jets_are_named_and_made_again(project, tmp_path):
    run(project)  # nothing, where the test above ran before
    dataset, kept = project / DATASET, tmp_path / "few.h5"
    shutil.copy2(dataset, kept)
    damaged = next(project.glob("results/jets/jets/ttbar_hadronic_low/*.parquet"))
    before = pq.read_table(damaged)
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 3])
    outcome = snakemake(project, "--config", "scale=jets", "--", DATASET)
    assert outcome.code != 0 and f"rm {damaged.relative_to(project)}" in outcome.text
    damaged.unlink()
    jobs = run(project).jobs()
    assert jobs["generate_temporary"] == jobs["jets"] == jobs["dataset_tagging"] == 1
    assert pq.read_table(damaged).equals(before) and same(dataset, kept)
