"""How many parts of a sample there have to be, and what their files are called."""

import math
import subprocess

import pytest
from helpers_workflow import ROOT

from relearn import config, plan
from relearn.errors import UserError

RAW = config.load("smoke").model_dump()


def changed(jets, per_part=100, studies=None):
    """The config at smoke scale with another dataset of jets."""
    raw = {**RAW, "datasets": {name: dict(one) for name, one in RAW["datasets"].items()}}
    raw["datasets"]["tops_low"]["jets"] = dict(zip(plan.SPLITS, jets, strict=True))
    raw["samples"] = {name: dict(one) for name, one in RAW["samples"].items()}
    for name in ("ttbar_hadronic_low", "qcd_low"):
        raw["samples"][name]["events_per_part"] = per_part
    # a handful of jets is enough for no tagger
    raw["scans"] = {n: one for n, one in RAW["scans"].items() if one["architecture"] == "mlp"}
    raw["studies"] = {
        name: one for name, one in RAW["studies"].items() if set(one["scans"]) <= set(raw["scans"])
    }
    if studies is not None:
        raw["studies"] = studies
    return config.resolve(raw)


def yields(resolved, signal, background):
    """Made-up yields of the jets, for whatever their cards are."""
    names = zip(("ttbar_hadronic_low", "qcd_low"), (signal, background), strict=True)
    return {plan.yield_key(resolved, "tops_low", name, ROOT): share for name, share in names}


def numbers(jets, share, per_part=100):
    resolved = changed(jets, per_part)
    found = plan.parts(resolved, "qcd_low", yields(resolved, 1.0, share), ROOT)
    return [sum(part.startswith(split) for part in found) for split in plan.SPLITS]


def test_large_datasets_ask_for_five_per_cent_more():
    # 1.05 · 10 000 jets, 0.05 of 100 events each
    assert numbers((10_000, 20_000, 40_000), 0.05) == [2100, 4200, 8400]


def test_small_datasets_ask_for_three_standard_deviations():
    # 100 + 3 · 10 of 5 a part; 25 + 3 · 5; 1 + 3
    assert numbers((100, 25, 1), 0.05) == [26, 8, 1]


@pytest.mark.parametrize("wanted", [1, 10, 60, 1000, 100_000])
def test_the_margin_is_enough(wanted):
    """There are enough also three standard deviations below what is expected."""
    expected = numbers((wanted, 1, 1), 0.01)[0]  # one jet a part
    assert expected - 3 * math.sqrt(wanted) >= wanted - 1e-9


def test_names_are_counted_split_by_split():
    resolved = changed((5, 1, 1))
    found = plan.parts(resolved, "qcd_low", yields(resolved, 1.0, 0.05), ROOT)
    assert found == ["train-0000", "train-0001", "train-0002", "validation-0000", "test-0000"]


def test_bash_expands_ranges_to_the_files():
    resolved = changed((900, 1, 30))
    known = yields(resolved, 0.3, 0.02)
    ranges = plan.part_ranges(resolved, "tops_low", known, ROOT)
    files = plan.part_files(resolved, "tops_low", known, ROOT)
    assert len(files) > 500 and len(ranges) < 500
    done = subprocess.run(
        ["bash", "-c", f"echo {ranges}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == files
    assert files[0] == "results/smoke/jets/ttbar_hadronic_low/train-0000.parquet"
    assert files[-1].startswith("results/smoke/jets/qcd_low/test-")


def test_muons_are_taken_from_events():
    resolved = changed((1, 1, 1))
    known = plan.read_yields(ROOT / "config/yields.yaml")
    assert set(plan.part_files(resolved, "zmumu", known, ROOT)) == {
        f"results/smoke/events/zmumu/{part}.root"
        for part in plan.parts(resolved, "zmumu", known, ROOT)
    }


def test_a_dataset_that_no_study_reads_needs_no_parts():
    some = {"jet_validation": {"datasets": ["tops_low"]}}
    none = {"samples": {"datasets": ["momenta"]}}
    for studies, count in ((some, 3), (none, 0)):
        resolved = changed((1, 1, 1), studies=studies)
        assert len(plan.parts(resolved, "qcd_low", yields(resolved, 1.0, 1.0), ROOT)) == count
    assert plan.used_datasets(changed((1, 1, 1), studies=none)) == ["momenta"]
    assert plan.parts(changed((1, 1, 1), studies=none), "zmumu", {}, ROOT) == []


def test_datasets_of_trained_networks_are_used():
    raw = {"pt_nodes": {"scans": ["pt_nodes"]}}
    assert plan.used_datasets(changed((1, 1, 1), studies=raw)) == ["zmumu"]


def test_unknown_yield_is_asked_for():
    resolved = changed((1, 1, 1))
    with pytest.raises(
        UserError, match="no entry .* for qcd_low in the dataset tops_low.*make yiel"
    ):
        plan.parts(resolved, "qcd_low", {}, ROOT)
