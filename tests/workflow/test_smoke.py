"""The whole workflow at smoke scale, and what a change makes it do again."""

import json

import pandas as pd
import pytest
from helpers_browser import Browser
from helpers_claims import planned
from helpers_workflow import replace_in, snakemake

from relearn import config, plan
from relearn.resources import NEEDS

pytestmark = pytest.mark.workflow
SMOKE = ("--config", "scale=smoke")
EMPTY = ("jet_validation_tests.csv",)
COMBINED = {"tagger_comparison"}  # has rows of combined taggers besides


@pytest.fixture
def results(smoke_run):
    return smoke_run / "results/smoke"


def test_everything_promised_is_there(results):
    resolved = config.load("smoke")
    for study in resolved.studies:
        for path in plan.tables(resolved, study):
            name = path.rsplit("/", 1)[1]
            # one sample of jets: no other to test it against
            assert len(pd.read_csv(results / "tables" / name)) or name in EMPTY, path
        for suffix in ("pdf", "png"):
            assert (results / f"figures/{study}.{suffix}").stat().st_size > 5000
    for name in ("claims.csv", "report.html", "provenance.json"):
        assert (results / name).stat().st_size > 500


@pytest.mark.parametrize("kind", ["generate", "jets"])
def test_parts_stay_in_the_memory_that_they_ask_for(results, kind):
    files = list(results.glob(f"benchmarks/{kind}/**/*.tsv"))
    assert len(files) > 2
    for file in files:
        assert pd.read_csv(file, sep="\t")["max_rss"].max() < NEEDS[kind].mem_mb < 2000, file  # MB


def test_tables_have_a_row_for_every_network(results):
    resolved = config.load("smoke")
    for study, wanted in resolved.studies.items():
        if not wanted.scans:
            continue
        files = [results / f"tables/{study}.csv", results / f"tables/{study}_reference.csv"]
        runs = [name for file in files if file.is_file() for name in pd.read_csv(file)["run"]]
        wanted_runs = set(planned(resolved, study)["run"])
        assert wanted_runs <= set(runs), study
        assert set(runs) == wanted_runs or study in COMBINED, study


def test_claims_are_scored_from_these_tables(results):
    claims = pd.read_csv(results / "claims.csv")
    assert set(claims["verdict"]) <= {"reproduced", "differs", "inconclusive", "not run"}
    assert (claims["scale"] == "smoke").all()
    assert claims["verdict"].ne("not run").sum() > 10


def test_report_stands_alone(results):
    page = (results / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(config.load("smoke").studies)
    for outside in ('src="http', "src='http", 'href="http://cdn', "@import"):
        assert outside not in page


def test_report_is_sound_in_a_browser(results, tmp_path):
    Browser(tmp_path).require_sound((results / "report.html").read_text(), results)


def test_provenance_has_versions_and_times(results):
    provenance = json.loads((results / "provenance.json").read_text())
    text = json.dumps(provenance)
    for word in ("torch", "pythia", "train", "zmumu"):
        assert word in text


def test_a_second_run_has_nothing_to_do(smoke_run):
    outcome = snakemake(smoke_run, "--dry-run", *SMOKE)
    assert "Nothing to be done" in outcome.text, outcome.reasons()


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_another_device_trains_nothing_again(smoke_run, device):
    outcome = snakemake(smoke_run, "--dry-run", *SMOKE, f"device={device}")
    assert outcome.code == 0, outcome.reasons()
    assert set(outcome.jobs()) <= {"provenance", "report", "all"}, outcome.reasons()


def redone(folder, file, old, new):
    """Return the jobs that a change of a file asks for; the file is put back."""
    path = folder / file
    before = path.read_text()
    replace_in(path, old, new)
    try:
        return snakemake(folder, "--dry-run", *SMOKE).jobs()
    finally:
        path.write_text(before)


def test_a_touched_figure_function_redraws_only_that(smoke_run):
    jobs = redone(
        smoke_run, "scripts/relearn/figures/pt_nodes.py", "def draw(", "TOUCHED = 1\n\n\ndef draw("
    )
    jobs.pop("total", None)
    assert {name for name in jobs if name.startswith("fig_")} == {"fig_pt_nodes"}
    assert set(jobs) <= {"fig_pt_nodes", "provenance", "report", "all"}


def test_a_touched_study_measures_only_that(smoke_run):
    jobs = redone(
        smoke_run,
        "scripts/relearn/studies/pt_nodes.py",
        "def measure(",
        "TOUCHED = 1\n\n\ndef measure(",
    )
    assert {name for name in jobs if name.startswith(("measure_", "train"))} == {"measure_pt_nodes"}


def test_a_touched_engine_retrains_and_generates_nothing(smoke_run):
    module = smoke_run / "scripts/relearn/training/stepper.py"
    text = module.read_text()
    module.write_text(text + "\nTOUCHED = 1\n")
    try:
        jobs = snakemake(smoke_run, "--dry-run", *SMOKE).jobs()
    finally:
        module.write_text(text)
    resolved = config.load("smoke")
    stacks = [one for one in plan.used_scans(resolved) if not plan.is_tagger(resolved, one)]
    assert jobs["train"] == sum(len(plan.scan_batches(resolved, one)) for one in stacks)
    assert not {"generate", "generate_temporary", "dataset_dimuon"} & set(jobs)


def test_a_touched_card_makes_new_events(smoke_run):
    card = smoke_run / "config/pythia/zmumu.cmnd"
    text = card.read_text()
    card.write_text(text + "\n! another comment\n")
    try:
        outcome = snakemake(smoke_run, "--dry-run", *SMOKE)
    finally:
        card.write_text(text)
    # The yield belongs to the card: its change is told before anything runs.
    assert outcome.code != 0 and "make yields" in outcome.text


def test_a_missing_result_alone_is_made_again(smoke_run):
    figure = smoke_run / "results/smoke/figures/pt_nodes.pdf"
    table = smoke_run / "results/smoke/tables/pt_nodes.csv"
    before = figure.read_bytes(), table.read_bytes()
    figure.unlink()
    outcome = snakemake(smoke_run, *SMOKE, "--", "fig_pt_nodes")
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs() == {"fig_pt_nodes": 1}
    assert (figure.read_bytes(), table.read_bytes()) == before
