"""From a scan of taggers to runs and jobs: names, seeds, batches, estimates."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relearn import scans, taggerruns, taggerscans
from relearn.seeds import derive
from relearn.training.tagger_settings import devices


def spec(trials=2, batch_seconds=40.0, options=None, training=None, jets=3000, **axes):
    """A scan, as the config gives it to a job."""
    return {
        "name": "mine",
        "axes": {
            "architecture": ["recnn"],
            "dataset": ["tops"],
            "size": ["small"],
            "kind": ["eflow"],
            "constituents": [40],
            "features": [[]],
        }
        | axes,
        "options": options or {},
        "target": None,
        "trials": trials,
        "first_trial": 0,
        "training": {"epochs": 10} | (training or {}),
        "pretrained": None,
        "jets": dict.fromkeys(axes.get("dataset", ["tops"]), jets),
        "seed": 7,
        "batch_seconds": batch_seconds,
    }


WIDE = spec(
    architecture=["recnn", "gcn"],
    dataset=["tops", "others"],
    constituents=[10, 40],
    features=[[], ["charge"]],
    options={"hidden": [8, [3, 4]], "gated": [True, False]},
)


def test_the_label_among_targets_is_no_observable():
    label, mass = taggerruns.expand(spec(trials=1) | {"target": ["label", "mass"]})
    assert [label] == taggerruns.expand(spec(trials=1))
    assert (label.target, mass.target) == (None, "mass")


def test_seeds_come_from_the_names_alone():
    runs = taggerruns.expand(WIDE)
    assert len({run.seed for run in runs}) == len(runs) == 2**7
    assert all(run.seed == derive(run.name, root=7) for run in runs)


def test_more_points_leave_the_others_as_they_are():
    more = spec(constituents=[40, 80], options={"hidden": [8, 16]}, trials=3)
    less = spec(options={"hidden": [16]})
    assert set(taggerruns.expand(less)) < set(taggerruns.expand(more))


def test_several_targets_are_an_axis():
    both = spec(options={"hidden": [8, 16]}) | {"target": ["mass", "girth"]}
    alone = spec(options={"hidden": [8, 16]}) | {"target": "girth"}
    runs = taggerruns.expand(both)
    assert len(runs) == 8 and {run.target for run in runs} == {"mass", "girth"}
    assert [run for run in runs if run.target == "girth"] == taggerruns.expand(alone)


def test_the_order_of_options_does_not_matter():
    one = spec(options={"a": [1], "b": [2]})
    other = spec(options={"b": [2], "a": [1]})
    assert [r.name for r in taggerruns.expand(one)] == [r.name for r in taggerruns.expand(other)]


def test_runs_survive_json():
    for run in taggerruns.expand(WIDE):
        assert taggerruns.from_dict(json.loads(json.dumps(taggerruns.to_dict(run)))) == run


def test_columns_are_the_point_as_names_have_it():
    run = next(run for run in taggerruns.expand(WIDE) if "features=charge-gated=no" in run.name)
    assert run.columns["features"] == "charge" and run.columns["gated"] == "no"
    assert run.columns["target"] == "label" and run.columns["hidden"] in (8, "3x4")
    assert taggerruns.expand(spec())[0].columns["features"] == "none"


@given(st.floats(1, 1e5), st.integers(1, 4))
def test_jobs_hold_every_run_once_of_one_architecture_on_one_dataset(batch_seconds, trials):
    scan = WIDE | {"batch_seconds": batch_seconds, "trials": trials}
    jobs = taggerscans.batches(scan)
    assert [run for job in jobs for run in job.runs] == taggerruns.expand(scan)
    for number, job in enumerate(jobs):
        assert job.name == f"{number:04d}"
        assert {run.architecture for run in job.runs} == {job.architecture}
        assert {run.dataset for run in job.runs} == {job.dataset}
        assert len(job.runs) == 1 or job.est_seconds <= batch_seconds


def test_a_long_run_has_a_job_of_its_own_and_short_ones_share():
    assert len(taggerscans.batches(spec(trials=4, batch_seconds=1))) == 4
    assert len(taggerscans.batches(spec(trials=4, batch_seconds=1e4))) == 1


def test_what_comes_last_moves_no_earlier_job():
    first = taggerscans.batches(spec(architecture=["recnn"]))
    both = taggerscans.batches(spec(architecture=["recnn", "gcn"]))
    assert both[: len(first)] == first


def test_estimates_grow_with_all_that_costs():
    def cost(**changes):
        scan = spec(**changes)
        return taggerscans.seconds(taggerruns.expand(scan)[0], scan)

    usual = cost()
    for dearer in (
        {"constituents": [80]},
        {"size": ["paper"]},
        {"training": {"epochs": 20}},
        {"jets": 6000},
        {"jets": None},  # a file, of unknown length
    ):
        assert cost(**dearer) > usual


def test_what_is_fitted_once_knows_no_epochs():
    scans_of = [spec(architecture=["fisher"], training={"epochs": n}) for n in (1, 100)]
    assert len({taggerscans.seconds(taggerruns.expand(one)[0], one) for one in scans_of}) == 1


def test_needs_of_a_job_follow_its_jets():
    assert taggerscans.threads(spec()) == 1
    assert taggerscans.threads(spec(training={"threads": 4})) == 4
    small, large = (taggerscans.memory_mb(spec(jets=jets)) for jets in (3000, 300_000))
    # 300,000 jets × 40 × (E, px, py, pz) × 4 bytes
    assert large == pytest.approx(taggerscans.JET_COPIES * 192, abs=1) and small < large / 50
    capped = spec(jets=None, constituents=[200], training={"memory_gb": 1.0})
    assert taggerscans.memory_mb(capped) == taggerscans.JET_COPIES * 1000
    two = {"threads": 4, "devices": 2}
    assert taggerscans.threads(spec(training=two)) == 8
    assert devices(spec(architecture=["fisher"], training=two)) == devices(spec()) == 1
    assert devices(spec(training=two)) == 2
    shared = taggerscans.memory_mb(spec(jets=300_000, training=two))
    assert shared == pytest.approx(2 * large + taggerscans.PROCESS_MB, abs=2)


# Names, seeds and jobs of fully connected networks, as they were before there were taggers.
DENSE = {
    "name": "pt",
    "architecture": "mlp",
    "axes": {
        "dataset": ["zmumu", "ttbar_mumu"],
        "target": ["pt"],
        "hidden": [[10], [10, 3], [100, 100]],
        "activation": ["leaky_relu", "relu"],
        "convention": ["keras", "pytorch"],
        "initialiser": ["default", "he_uniform"],
        "dropout": [0.0, 0.1],
        "start": ["scratch"],
    },
    "trials": 2,
    "first_trial": 1,
    "training": {"epochs": 400, "batch_size": 1000},
    "pretrained": None,
    "events": {"zmumu": 16000, "ttbar_mumu": 16000},
    "seed": 2017,
    "batch_seconds": 25,
}
DENSE_HASH = "6d1b74b1453ae813a23cac1000e7eacc3e743a8467f7b94243e7db38d06bb1c5"


def test_fully_connected_networks_keep_names_seeds_and_jobs():
    jobs = scans.batches(DENSE)
    assert len(jobs) == 50 and sum(len(job.runs) for job in jobs) == 192
    known = [[job.name, job.dataset, [[r.name, r.seed] for r in job.runs]] for job in jobs]
    assert hashlib.sha256(json.dumps(known).encode()).hexdigest() == DENSE_HASH
