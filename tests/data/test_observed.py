"""What detectors have seen: blocks put together, written and read; events simulated by the rule."""

import json

import awkward as ak
import h5py
import numpy as np
import pytest
from helpers_detector import stable

from relearn.data import detector, observed
from relearn.data.detector_observables import block, observe
from relearn.data.observed import Observed
from relearn.errors import UserError
from relearn.generate import cards, layout, rootfile
from relearn.generate.detector import simulate

REFERENCE = cards.SHIPPED / "reference"
SETTINGS = {"kind": "detector", "samples": {"zmumu": "made"}, "events": 30}


@pytest.fixture(scope="module")
def event_file(tmp_path_factory):
    true = stable("zmumu")
    nothing = {"t": 0.0 * true.px, "prompt": true.px > 0}
    true = ak.zip({name: true[name] for name in true.fields} | nothing)
    path = tmp_path_factory.mktemp("events") / "test-0000.root"
    chunk = {"Event": layout.event(0, np.ones(30)), "Particle": layout.particles(true)}
    rootfile.write(path, [chunk], {"sample": "made", "part": "test-0000"})
    return path


def build(path, event_files, settings=SETTINGS):
    files = [REFERENCE / f"zmumu_{card}.npz" for card in ("CMS", "ATLAS")]
    shipped = [cards.SHIPPED / f"{card}.yaml" for card in ("CMS", "ATLAS")]
    detector.build(path, "both", settings, event_files, shipped, files, root_seed=3)


def test_blocks_give_what_all_events_give():
    true = stable("ttbar")
    seen = simulate(true, "CMS", seed=1)
    parts = [block(true[some], seen[some]) for some in (slice(0, 7), slice(7, None))]
    both, whole = observed.pooled(parts), observe(true, seen)
    assert both.shares == whole.shares and set(both.means) == set(whole.means)
    for name, (mean, error) in whole.means.items():
        assert both.means[name] == pytest.approx((mean, error), rel=1e-9)
    for kind in observed.COLUMNS:
        for name, values in getattr(whole, kind).items():
            np.testing.assert_allclose(getattr(both, kind)[name], values)


def test_means_in_closed_form():
    one = Observed({}, {}, numbers={"x": np.zeros(30), "few": np.ones(5)})
    two = Observed({}, {}, numbers={"x": np.ones(30), "few": np.ones(5)})
    means = observed.pooled([one, two]).means
    assert set(means) == {"x"}, "of ten numbers no mean is kept"
    assert means["x"] == pytest.approx((0.5, np.sqrt(0.25 * 60 / 59 / 60)))


def test_built_file_has_both_detectors(event_file, tmp_path):
    build(tmp_path / "both.h5", [event_file])
    rows = list(observed.read(tmp_path / "both.h5"))
    assert {(process, card) for process, card, *_ in rows} == {("zmumu", "CMS"), ("zmumu", "ATLAS")}
    for process, card, delphes, embedded in rows:
        known = observed.load(REFERENCE / f"{process}_{card}.npz")
        np.testing.assert_array_equal(delphes.jets["tower"], known.jets["tower"])
        assert delphes.shares == known.shares and delphes.means == known.means
        assert len(embedded.events["met"]) == 30
        # the detector reads back what was written: it sees the muons of these very events
        own = observe(stable("zmumu"), simulate(stable("zmumu"), card, seed=1))
        assert embedded.shares["isolated muons"][1] > 0.9 * own.shares["isolated muons"][0]
        assert embedded.events["n_tower"].mean() == pytest.approx(
            own.events["n_tower"].mean(), rel=0.05
        )
    with h5py.File(tmp_path / "both.h5") as file:
        assert json.loads(file.attrs["settings"]) == SETTINGS


def test_same_seed_same_file(event_file, tmp_path):
    for name in ("one.h5", "two.h5"):
        build(tmp_path / name, [event_file], SETTINGS | {"events": 10})
    first, again = (list(observed.read(tmp_path / name)) for name in ("one.h5", "two.h5"))
    for one, two in zip(first, again, strict=True):
        assert len(one[3].events["met"]) == 10
        np.testing.assert_array_equal(one[3].events["met"], two[3].events["met"])


def test_too_few_events_are_told(event_file, tmp_path):
    with pytest.raises(UserError, match="both: 30 events of made, 31 are wanted"):
        build(tmp_path / "both.h5", [event_file], SETTINGS | {"events": 31})
    assert not (tmp_path / "both.h5").exists()


def test_files_of_another_kind_are_told(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file.attrs["kind"] = "dimuon"
    with pytest.raises(UserError, match="of kind dimuon, not detector"):
        list(observed.read(path))
    path.write_text("nothing")
    with pytest.raises(UserError, match=f"rm {path}"):
        list(observed.read(path))
