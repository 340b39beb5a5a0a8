"""What the workflow would do, without doing it."""

import re
from collections import Counter

import pytest
import yaml
from helpers_workflow import ROOT, copy_project, replace_in, snakemake

from relearn import config, forecast, jobcosts, plan
from relearn.studylist import STUDIES

PROFILE = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
LONGEST = PROFILE["resources"]["runtime"]  # minutes


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("dry") / "project")


@pytest.mark.parametrize("scale", ["nano", "smoke", "default", "evening"])
def test_every_scale_lists_its_jobs(project, scale):
    outcome = snakemake(project, "--dry-run", "--quiet", "rules", "--config", f"scale={scale}")
    assert outcome.code == 0, outcome.reasons()
    check_jobs(scale, outcome.jobs())


def test_the_paper_scale_lists_its_jobs(submitted):
    check_jobs("paper", submitted.jobs())


def check_jobs(scale, jobs):
    assert {f"fig_{study}" for study in config.load(scale).studies} <= set(jobs)
    assert jobs["all"] == 1
    if scale == "nano":
        assert sum(jobs.values()) <= 15
    # `all` is no job that takes anything
    assert sum(jobs.values()) - 1 == len(_forecast(scale).tasks)


def _forecast(scale):
    costs = jobcosts.read(ROOT / "config/costs.yaml")
    yields = plan.read_yields(ROOT / "config/yields.yaml")
    return forecast.forecast(config.load(scale), yields, costs, ROOT)


def test_another_directory_needs_only_the_snakefile(tmp_path):
    outcome = snakemake(
        tmp_path, "--snakefile", str(ROOT / "Snakefile"), "--dry-run", "--config", "scale=nano"
    )
    assert outcome.code == 0, outcome.reasons()
    assert "results/nano/report.html" in outcome.text


def test_own_config_beside_the_working_directory_wins(tmp_path):
    (tmp_path / "config").mkdir()
    own = (ROOT / "config/config.yaml").read_text().replace("seed: 2017", "seed: 99")
    (tmp_path / "config/config.yaml").write_text(own)
    outcome = snakemake(
        tmp_path,
        *("--snakefile", str(ROOT / "Snakefile")),
        *("--dry-run", "--printshellcmds", "--config", "scale=nano"),
    )
    assert outcome.code == 0, outcome.reasons()
    assert "--root-seed 99" in outcome.text


def test_a_bad_config_stops_before_any_job(project):
    outcome = snakemake(project, "--dry-run", "--config", "scale=nano", "training={epochs: -1}")
    assert outcome.code != 0
    assert "training.epochs" in outcome.text and "Traceback" not in outcome.text


def test_new_selection_asks_for_its_yield(project, tmp_path):
    overlay = tmp_path / "cut.yaml"
    overlay.write_text("datasets: {zmumu: {selection: {pt_min: 33.0}}}\n")
    outcome = snakemake(
        project, "--dry-run", "--configfile", str(overlay), "--config", "scale=nano"
    )
    assert outcome.code != 0
    assert "make yields" in outcome.text and "zmumu" in outcome.text


def test_aliases_and_files_name_the_same_figure(project):
    targets = ("fig_pt_nodes", "results/nano/figures/pt_nodes.pdf")
    outcome = snakemake(project, "--dry-run", "--config", "scale=nano", "--", *targets)
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs()["fig_pt_nodes"] == 1
    assert not {"report", "claims"} & set(outcome.jobs())


def test_gpu_is_asked_for_where_it_is_meant(project):
    for device, expected in (("cpu", "gpu=0"), ("cuda", "gpu=1")):
        outcome = snakemake(
            project, "--dry-run", "--config", "scale=nano", f"device={device}", "--", "fig_pt_nodes"
        )
        train = outcome.text.split("rule train:")[1].split("rule ")[0]
        assert expected in train


@pytest.fixture(scope="module")
def submitted(project):
    """What the paper scale would submit to a cluster."""
    outcome = snakemake(
        project,
        *("--workflow-profile", "profiles/slurm", "--dry-run"),
        *("--config", "scale=paper", "device=cuda"),
    )
    assert outcome.code == 0, outcome.reasons()
    return outcome


def test_the_cluster_profile_asks_for_gpus_and_for_time(submitted):
    trainings = [
        text.split("\n\n")[0] for text in re.split("rule train(?:_tagger)?:", submitted.text)[1:]
    ]
    minutes = [int(re.search(r"runtime=(\d+)", text)[1]) for text in trainings]
    assert len(minutes) == submitted.jobs()["train"] + submitted.jobs()["train_tagger"]
    assert all("gpu=1" in text and "slurm_partition" in text for text in trainings)
    expected = [task.seconds / 60 for task in _forecast("paper").tasks if task.stage == "trainings"]
    # twice what it takes, or what a partition allows: a training goes on from its checkpoint
    for asked, needed in zip(sorted(minutes), sorted(expected), strict=True):
        assert asked >= min(1.99 * needed, LONGEST)
    assert max(minutes) == LONGEST


def test_what_takes_seconds_is_not_submitted_alone(submitted):
    paper = _forecast("paper")
    grouped = re.findall(r"Group job (\w+)", submitted.text)
    parts = sum(task.stage == "events" for task in paper.tasks)
    assert Counter(grouped) == {"part": parts, "study": len(STUDIES), "report": 1}
    alone = [task for task in paper.tasks if task.stage in ("datasets", "trainings")]
    assert len(grouped) + len(alone) == paper.submissions < 1500
    short = [task.name for task in paper.tasks if task.stage == "events" and task.seconds < 60]
    assert not short and all(task.seconds > 60 for task in alone if task.stage == "trainings")


def test_an_unknown_scale_is_named_with_those_there_are(project):
    outcome = snakemake(project, "--dry-run", "--config", "scale=smokey")
    assert outcome.code != 0 and "Traceback" not in outcome.text
    assert "no scale 'smokey'" in outcome.text and "paper, smoke" in outcome.text


def test_own_card_beside_the_working_directory_has_a_yield_of_its_own(tmp_path):
    (tmp_path / "cards").mkdir()
    card = (ROOT / "config/pythia/zmumu.cmnd").read_text().replace("mHatMin = 40.", "mHatMin = 60.")
    (tmp_path / "cards/mine.cmnd").write_text(card)
    outcome = snakemake(
        tmp_path,
        *("--snakefile", str(ROOT / "Snakefile"), "--dry-run", "--config", "scale=nano"),
        "samples={zmumu: {card: cards/mine.cmnd}}",
    )
    assert outcome.code != 0 and "make yields" in outcome.text, outcome.reasons()


def test_the_list_of_figures_is_the_list_of_targets(project):
    assert set(config.load("default").studies) == set(STUDIES)


def test_nothing_is_rerun_for_a_comment(project):
    before = snakemake(project, "--dry-run", "--printshellcmds", "--config", "scale=nano").text
    replace_in(project / "scripts/relearn/seeds.py", "import hashlib", "import hashlib  # sha256")
    after = snakemake(project, "--dry-run", "--printshellcmds", "--config", "scale=nano").text
    codes = [line for line in before.splitlines() if "--code" in line]
    assert codes and codes == [line for line in after.splitlines() if "--code" in line]


def test_observables_are_for_jets_only(project):
    def commands(*changes):
        """Job's script → its commands, which change where it runs again."""
        text = snakemake(
            project,
            *("--dry-run", "--printshellcmds", "--config", "scale=smoke", *changes),
            *("--", "fig_jet_validation"),
        ).text
        found = re.findall(r"python scripts/(\w+)\.py (.*)", text)
        return {name: sorted(rest for one, rest in found if one == name) for name, _ in found}

    before, after = commands(), commands("observables={soft_drop: {z_cut: 0.123}}")
    assert {"generate_events", "find_jets", "build_tagging"} < set(before)
    assert {name for name in before if after[name] != before[name]} == {"find_jets"}
    assert all('"z_cut":0.123' in command for command in after["find_jets"])
    assert [one.replace("0.123", "0.1") for one in after["find_jets"]] == before["find_jets"]
