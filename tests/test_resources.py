"""What jobs ask for: more at each attempt, as much as was measured, what a node has."""

from pathlib import Path

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import config, jobcosts, plan, resources, taggerscans
from relearn.resources import NEEDS, Need

LIMITS = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())["resources"]
SNAKEMAKES = 300  # MB, of the two that run in a job on a cluster


def test_memory_and_time_grow_with_the_attempt():
    need = Need(mem_mb=1000, runtime=10)
    assert [need.mem(500)(None, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 4500]
    assert [need.minutes(600)(None, attempt) for attempt in (1, 2)] == [
        10 * resources.SPARE * attempt for attempt in (1, 2)
    ]
    assert need.minutes(1)(None, 1) == 10, "no less than its kind's"


def test_no_kind_of_job_takes_more_memory_than_it_asks_for():
    costs = jobcosts.read(ROOT / "config/costs.yaml")
    for kind, cost in costs.jobs.items():
        asked = NEEDS[kind.partition("/")[0]].mem_mb
        assert 1.5 * (cost.memory_mb or 0) + SNAKEMAKES <= asked, kind


@pytest.mark.parametrize("scale", ["default", "paper"])
def test_memory_for_all_sizes_fits_a_node(scale):
    resolved = config.load(scale)
    asked = [
        NEEDS["dataset"].mem_mb + resources.dataset_mb(resolved, one) for one in resolved.datasets
    ]
    asked += [
        NEEDS["measure"].mem_mb + resources.study_mb(resolved, one) for one in resolved.studies
    ]
    for scan in plan.used_scans(resolved):
        if plan.is_tagger(resolved, scan):
            spec = config.scan_spec(resolved, scan)
            asked.append(NEEDS["train"].mem_mb + taggerscans.memory_mb(spec))
    attempts = 1 + yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())["retries"]
    assert attempts * max(asked) < LIMITS["mem_mb"]


def test_memory_of_a_study_grows_with_rows_and_networks():
    small, large = config.load("default"), config.load("paper")
    assert resources.study_mb(small, "tagger_comparison") < 100
    networks = sum(
        len(batch.runs)
        for scan in large.studies["tagger_comparison"].scans
        for batch in plan.scan_batches(large, scan)
    )
    rows = 2 * large.datasets["tops_low"].jets.test
    # a score in double precision of each, at least
    assert resources.study_mb(large, "tagger_comparison") > 8e-6 * networks * rows


def test_the_profile_names_rules_that_there_are():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    rules = "".join(path.read_text() for path in Path(ROOT / "workflow/rules").glob("*.smk"))
    for name in [*profile["groups"], *profile["set-resources"]]:
        assert f"rule {name}:" in rules or f"as {name} with:" in rules, name
