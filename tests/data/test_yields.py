"""How many events a dataset selects: measured, kept in a file, read back."""

import math

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import config, plan
from relearn.data import yields
from relearn.errors import UserError

CONFIG = config.load("nano")
EVENTS = 400


def changed(**selection):
    """The config with cuts on the muons of zmumu."""
    raw = CONFIG.model_dump()
    raw["datasets"]["zmumu"]["selection"] = selection
    return config.resolve(raw)


@pytest.fixture(scope="module")
def measured():
    return yields.measure(CONFIG, "zmumu", "zmumu", EVENTS, ROOT)


def test_measured_yield_agrees_with_the_committed_one(measured):
    committed = plan.read_yields(ROOT / "config/yields.yaml")[measured.key]
    error = math.sqrt(committed * (1 - committed) / EVENTS)
    assert abs(measured.selected_per_event - committed) < 4 * error
    assert (measured.dataset, measured.events) == ("zmumu", EVENTS)
    assert measured.key == plan.yield_key(CONFIG, "zmumu", "zmumu", ROOT)
    assert measured.about == "zmumu, CMS"


def test_cuts_lower_the_yield_and_change_its_key(measured):
    tight = yields.measure(changed(pt_min=35.0), "zmumu", "zmumu", EVENTS, ROOT)
    assert 0 < tight.selected_per_event < measured.selected_per_event
    assert tight.key != measured.key


def test_what_is_kept_of_jets_changes_no_key():
    raw = config.load("default").model_dump()
    jets = raw["samples"]["qcd_low"]["jets"]
    keys = []
    for change in ({}, {"keep": 20}, {"abs_eta_max": 0.9}):
        raw["samples"]["qcd_low"]["jets"] = jets | change
        keys.append(plan.yield_key(config.resolve(raw), "tops_low", "qcd_low", ROOT))
    assert keys[0] == keys[1] != keys[2]


def test_selection_that_nothing_passes_is_named():
    with pytest.raises(UserError, match=r"datasets\.zmumu lets none of 20 events of zmumu"):
        yields.measure(changed(pt_min=6000.0), "zmumu", "zmumu", 20, ROOT)


def entry(key, share, dataset="zmumu"):
    return yields.Yield(key, dataset, share, 20000, "some card, CMS")


def test_where_nothing_is_selected_events_are_counted():
    made = CONFIG.model_dump()
    made["samples"]["validation_ttbar"]["events_per_part"] = 400
    made["datasets"]["detector_validation"]["events"] = 801
    files = plan.part_files(config.resolve(made), "detector_validation", {}, ROOT)
    ttbar = [file for file in files if "validation_ttbar" in file]
    assert [file.rsplit("/", 1)[1] for file in ttbar] == [f"test-000{i}.root" for i in range(3)]
    assert all("/events/validation_" in file for file in files)


def test_file_grows_and_keeps_what_is_there(tmp_path):
    path = tmp_path / "yields.yaml"
    yields.append(path, entry("aaaa", 0.37661))
    first = path.read_text()
    assert first.startswith(yields.HEADER)
    yields.append(path, entry("1234", 0.0000456789))
    assert path.read_text().startswith(first)
    assert plan.read_yields(path) == {"aaaa": 0.3766, "1234": 4.568e-05}
    rows = yaml.safe_load(path.read_text())
    assert [row["events"] for row in rows] == [20000, 20000]
    assert "# some card, CMS" in path.read_text()


def test_only_what_is_not_known_is_measured():
    default = config.load("default")
    everything = yields.missing(default, {}, ROOT)
    samples = {sample for _, sample in everything.values()}
    assert samples == {"zmumu", "ttbar_mumu"} | {
        f"{process}_{window}" for process in ("ttbar_hadronic", "qcd") for window in ("low", "high")
    }, "of toy momenta, of what Delphes has seen, and of what no study reads there is no yield"
    known = dict.fromkeys(list(everything)[:1], 0.3)
    assert yields.missing(default, known, ROOT) == dict(list(everything.items())[1:])
    assert yields.missing(default, plan.read_yields(ROOT / "config/yields.yaml"), ROOT) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('- {key: "a1", selected_per_event: 0.0}', "selected_per_event of a1 is 0, not > 0"),
        ('- {key: "a1", selected_per_event: -0.1}', "selected_per_event of a1 is -0.1"),
        ('- {key: "a1", selected_per_event: .nan}', "selected_per_event of a1 is nan"),
        ('- {key: "a1", selected_per_event: many}', "cannot be read"),
        ('- {key: "a1"}', "cannot be read.*selected_per_event"),
        ("- a1", "cannot be read"),
        ("- {key: [", "cannot be read"),
    ],
)
def test_file_that_cannot_be_used_is_named(text, message, tmp_path):
    path = tmp_path / "yields.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"{path}.*{message}.*make yields"):
        plan.read_yields(path)


def test_no_file_no_yields(tmp_path):
    assert plan.read_yields(tmp_path / "absent.yaml") == {}
