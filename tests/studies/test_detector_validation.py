"""The embedded detector against Delphes on 30 events of each process, and a wrong detector."""

import subprocess
import sys

import awkward as ak
import numpy as np
import pandas as pd
import pytest
from helpers_detector import stable
from helpers_workflow import ROOT

from relearn.data.detector_observables import observe
from relearn.data.observed import load, save
from relearn.generate import cards
from relearn.generate.detector import simulate
from relearn.studies.detector_validation import COLUMNS, compare

REFERENCE = cards.SHIPPED / "reference"
EVENTS = 30


@pytest.mark.parametrize("process", ["ttbar", "zmumu"])
@pytest.mark.parametrize("card", ["CMS", "ATLAS"])
def test_as_delphes(process, card):
    true = stable(process)
    ours = observe(true, simulate(true, card, seed=12))
    theirs = load(REFERENCE / f"{process}_{card}.npz").first(EVENTS)
    table = compare(theirs, ours, card, process)
    assert list(table.columns) == list(COLUMNS)
    assert len(table) > 60
    # Delphes' sums, shares and content of jets are those of 2000 events, ours of 30 of them
    failed = table[~table["pass"]]
    assert failed.empty, failed.to_string()
    paired = table[table.test.str.startswith("paired")]
    assert len(paired) == 26
    assert (paired.statistic**2).mean() < 3


@pytest.mark.parametrize(
    ("old", "new", "seen_in"),
    [
        ("significance_min: 1.0", "significance_min: 2.0", "n_eflow_nh"),
        ("stochastic: 1.50", "stochastic: 3.00", "n_tower"),
        ("[[0.70, 0.95], [0.60, 0.85]]", "[[0.50, 0.75], [0.40, 0.65]]", "n_eflow_track"),
        (
            "{cells: 360, width: 0.0174, rings: 170}",
            "{cells: 36, width: 0.174, rings: 17}",
            "n_tower",
        ),
        ("ecal: 1.0, hcal: 0.0", "ecal: 0.8, hcal: 0.2", "n_eflow_photon"),
        ("missing_et: eflow", "missing_et: towers_and_muons", None),
    ],
)
def test_a_wrong_card_is_found(tmp_path, old, new, seen_in):
    text = (cards.SHIPPED / "CMS.yaml").read_text()
    assert text.count(old) == 1
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(old, new))
    true = stable("ttbar")
    ours = observe(true, simulate(true, wrong, seed=12))
    theirs = load(REFERENCE / "ttbar_CMS.npz").first(EVENTS)
    table = compare(theirs, ours, "wrong", "ttbar")
    failed = set(table[~table["pass"]].quantity)
    if seen_in is None:  # within the resolution, but another number
        right = observe(true, simulate(true, "CMS", seed=12))
        assert np.abs(ours.events["met"] - right.events["met"]).min() > 0
    else:
        assert seen_in in failed


def test_unpaired_samples_of_other_lengths(tmp_path):
    theirs = load(REFERENCE / "zmumu_ATLAS.npz")
    table = compare(theirs.first(1000), theirs, paired=False)
    assert table["pass"].all()
    assert not table.test.str.startswith("paired").any()
    with pytest.raises(ValueError, match="1000 events cannot be paired with 2000"):
        compare(theirs, theirs.first(1000))
    assert not compare(load(REFERENCE / "zmumu_CMS.npz"), theirs, paired=False)["pass"].all()


def test_saved_and_loaded(tmp_path):
    theirs = load(REFERENCE / "zmumu_CMS.npz")
    save(tmp_path / "again.npz", theirs)
    again = load(tmp_path / "again.npz")
    np.testing.assert_array_equal(again.jets["eflow"], theirs.jets["eflow"])
    assert again.shares == theirs.shares and again.means == theirs.means
    assert set(again.events) == set(theirs.events) and len(again.events["met"]) == 2000


def write_stable(path, process):
    """The particles of the tests in the layout that `scripts/validate_detector.py` reads."""
    true = stable(process)
    flat = ak.flatten(true)
    columns = {name: ak.to_numpy(flat[name]).astype(np.float32) for name in ("px", "py", "pz", "e")}
    columns |= {name: ak.to_numpy(flat[name]).astype(np.float32) for name in ("x", "y", "z")}
    columns |= {name: ak.to_numpy(flat[name]).astype(np.int32) for name in ("pid", "charge")}
    offsets = np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(true)))])
    np.savez(path, offsets=offsets, **columns)


def validate(folder, *more):
    command = [sys.executable, ROOT / "scripts/validate_detector.py", "--reference", folder]
    return subprocess.run([*command, "--events", "30", *more], capture_output=True, text=True)


def test_the_command(tmp_path):
    for process in ("ttbar", "zmumu"):
        write_stable(tmp_path / f"stable_{process}.npz", process)
    table = tmp_path / "tests.csv"
    done = validate(tmp_path, "--output", table)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("30 events") == 4 and "0 failed" in done.stdout
    found = pd.read_csv(table)
    assert set(found.columns) == set(COLUMNS) and found["pass"].all()

    # other events than those that Delphes has seen
    write_stable(tmp_path / "stable_zmumu.npz", "ttbar")
    done = validate(tmp_path)
    assert done.returncode == 1 and "with p < 0.0001" in done.stdout

    (tmp_path / "stable_ttbar.npz").write_bytes(b"PK cut short")
    done = validate(tmp_path)
    assert done.returncode == 1 and "stable_ttbar.npz cannot be read" in done.stderr
