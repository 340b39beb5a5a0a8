"""Costs: measured from benchmark tables, kept in a file, multiplied with work."""

from dataclasses import replace

import pytest
from helpers_workflow import ROOT

from relearn import config, jobcosts
from relearn.errors import UserError
from relearn.jobcosts import START_SECONDS, Cost, Costs
from relearn.work import Work

KNOWN = Costs(
    "a machine",
    {
        "generate/slow": Cost(1.0, 100),
        "generate/fast": Cost(0.2, 100),
        "generate/usual": Cost(0.5),
        **{f"{rule}/x": Cost(1.0) for rule in ("jets", "dataset", "measure", "report")},
        "train/taggers": Cost(3.0),
        "draw": Cost(2.0),
    },
    {"events/slow": 0.01, "jets/x": 0.1, "dataset/x": 0.2, "models/x": 0.3},
    study_start=7.0,
)

HEAD = "machine: x\nstudy_start: 3\n"


def test_seconds_are_in_proportion_to_the_work():
    assert KNOWN.seconds(Work("generate/fast", 100)) == pytest.approx(START_SECONDS + 20)
    assert KNOWN.seconds(Work("draw")) == pytest.approx(START_SECONDS + 2)
    # whose unit is an estimate with the start in it
    assert KNOWN.seconds(Work("train/taggers", 10)) == pytest.approx(30)
    # a study imports more
    assert KNOWN.seconds(Work("measure/x", 10)) == pytest.approx(7 + 10)
    assert KNOWN.megabytes(Work("events/slow", 100)) == pytest.approx(1)


def test_what_was_not_measured_is_taken_as_usual():
    mine = Work("generate/mine", 10)
    assert not KNOWN.knows(mine) and KNOWN.knows(Work("draw"))
    assert KNOWN.seconds(mine) == pytest.approx(START_SECONDS + 5)


def test_what_is_written_is_read_again(tmp_path):
    jobcosts.write(tmp_path / "costs.yaml", KNOWN)
    assert jobcosts.read(tmp_path / "costs.yaml") == KNOWN
    # A number without a point is a text to YAML.
    small = replace(KNOWN, jobs=dict(KNOWN.jobs) | {"draw": jobcosts.Cost(9e-06, 1e07)})
    jobcosts.write(tmp_path / "costs.yaml", small)
    assert jobcosts.read(tmp_path / "costs.yaml") == small


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("jobs: {", "cannot be read"),
        (f"{HEAD}jobs: {{draw: {{seconds: 1}}}}\nfiles: {{events/x: 1}}\n", "nothing of generate"),
        (f"{HEAD}jobs: {{draw: {{minutes: 1}}}}\nfiles: {{}}\n", "cannot be read"),
        ("machine: x\njobs: {}\nfiles: {}\n", "study_start"),
        ("[]", "cannot be read"),
    ],
)
def test_a_damaged_file_is_named_with_the_cure(tmp_path, content, message):
    path = tmp_path / "costs.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=message) as error:
        jobcosts.read(path)
    assert str(path) in str(error.value) and "make cost" in str(error.value)


def benchmark(folder, name, seconds, memory="-"):
    path = folder / f"benchmarks/{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\tmax_rss\tcpu_time\n{seconds}\t{memory}\t{seconds}\n")


@pytest.mark.parametrize(
    ("wall", "cpu", "expected"),
    [
        (10, 8, 8),  # looked at until its end
        (45, 10, 10),  # and here, just
        (40, 9, 24),  # 60 % of a core in the first 15 s
        (100, 60, 80),  # 80 % in the first 75 s
        (16, 15.5, 16),  # no more than a core
        (5, None, 5),
    ],
)
def test_seconds_of_a_core_are_those_without_neighbours(wall, cpu, expected):
    found = jobcosts.core_seconds({"wall_s": wall, "cpu_s": cpu, "max_rss_mb": None})
    assert found == pytest.approx(expected)


def test_a_run_is_recorded(tmp_path):
    nano = config.load("nano")
    events = nano.samples["zmumu"].events_per_part
    for part, seconds, memory in (
        ("train-0000", 7, 50),
        ("test-0000", 5, 80),
        ("test-0001", 9, 60),
    ):
        benchmark(tmp_path, f"generate/zmumu/{part}", seconds, memory)
    benchmark(tmp_path, "draw/pt_nodes", START_SECONDS + 4, 200)
    benchmark(tmp_path, "measure/pt_nodes", 9)
    benchmark(tmp_path, "measure/pt_weights", 8)
    benchmark(tmp_path, "draw/a_study_of_another_config", 1000)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/zmumu.h5").write_bytes(bytes(25_000))
    found = jobcosts.record(nano, tmp_path, "another machine", KNOWN)
    assert found.machine == "another machine"
    # the median of its parts, the largest memory
    assert found.jobs["generate/zmumu"] == Cost(pytest.approx((7 - START_SECONDS) / events), 80)
    assert found.jobs["draw"] == Cost(pytest.approx(4), 200)
    # four networks on a hundred events, from the fastest study on
    assert found.study_start == 8
    assert found.jobs["measure/pt_nodes"].seconds == pytest.approx(1 / 400)
    # a tenth, of what is all start
    assert found.jobs["measure/pt_weights"].seconds == pytest.approx(0.8 / 400)
    assert found.files["dataset/dimuon"] == pytest.approx(25_000e-6 / 250)
    # what this run has not measured stays
    assert found.jobs["generate/slow"] == KNOWN.jobs["generate/slow"]
    assert found.files["events/slow"] == KNOWN.files["events/slow"]


def test_a_dataset_grows_by_the_difference_of_two_sizes(tmp_path):
    default = config.load("default")
    rows = {
        name: jobcosts.work_of(default)[f"dataset/{name}"].units for name in ("tops_low", "zmumu")
    }
    few = jobcosts.work_of(default)["dataset/tops_high"].units
    for name, seconds in (
        ("tops_low", 3.1),
        ("tops_high", 1.6),
        ("zmumu", 1.0),
        ("ttbar_mumu", 1.2),
    ):
        benchmark(tmp_path, f"dataset/{name}", seconds)
    found = jobcosts.record(default, tmp_path, "another machine", KNOWN).jobs
    assert found["dataset/tagging"].seconds == pytest.approx(
        1.5 / (rows["tops_low"] - few), rel=1e-2
    )
    assert found["dataset/dimuon"].seconds == pytest.approx(0.11 / rows["zmumu"], rel=1e-2)


def test_no_work_is_for_nothing():
    costs = jobcosts.read(ROOT / "config/costs.yaml")
    assert [kind for kind, cost in costs.jobs.items() if not cost.seconds > 0] == []


def test_the_shipped_costs_are_of_all_but_studies_of_the_default_scale():
    costs = jobcosts.read(ROOT / "config/costs.yaml")
    lacking = {
        name
        for name, job in jobcosts.work_of(config.load("default")).items()
        if not costs.knows(job) and not name.startswith("measure/")
    }
    assert not lacking, "run `make run` and `make cost ARGS=--record`"
