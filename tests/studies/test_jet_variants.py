"""The same jets seen in several ways: which are compared, and what the tests say."""

import numpy as np
import pandas as pd
import pytest
from helpers_tagging import write_tagging

from relearn.data import tagfile
from relearn.studies import jet_validation, jet_variants
from relearn.studies.inputs import StudyInputs

JETS = {"train": 40, "validation": 40, "test": 40}
NUMBER = sum(JETS.values())
TOWER = {"window": {"select_on": "tower"}}


def write(folder, name, about=None, seed=0, jets=JETS, **columns):
    return write_tagging(folder / f"{name}.h5", jets, about=about, seed=seed, **columns)


def measured(*paths):
    return jet_validation.measure(StudyInputs(pd.DataFrame(), {path.stem: path for path in paths}))


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Datasets that differ in one thing each, of very few jets."""
    folder, few = tmp_path_factory.mktemp("described"), dict.fromkeys(JETS, 1)
    settings = {
        "first": {},
        "high": {"window": {"pt": [1300.0, 1400.0]}},
        "cms": {"detector_card": "CMS"},
        "delphes": {"detector": "delphes"},
        "own_card": {"detector": "delphes", "detector_card": "own.tcl"},
        "tower": TOWER,
        "particles": {"detector": "none", "detector_card": None},
        "busy_cms": {"detector_card": "CMS", "multiple_interactions": True},
        "quarks": {"process": "quarks"},
        "filtered": {"window": {"partons": {"pt": [200.0, 700.0]}}},
    }
    return {
        name: tagfile.describe(write(folder, name, about, jets=few))
        for name, about in settings.items()
    }


def test_variants_have_the_same_events_and_window(described):
    ((reference, variants),) = jet_variants.groups(described)
    assert reference == "first"
    assert set(variants) == set(described) - {"first", "high", "quarks"}
    others = {name: one for name, one in described.items() if name not in variants}
    assert jet_variants.groups(others) == []


def test_names_say_what_differs(described):
    first = described["first"]
    assert jet_variants.name(first) == "embedded detector, ATLAS card, selected on energy flow"
    assert {
        name: jet_variants.name(one, first) for name, one in described.items() if name != "first"
    } == {
        "high": "other events",
        "cms": "CMS card",
        "delphes": "Delphes",
        "own_card": "Delphes, own.tcl card",
        "tower": "selected on towers",
        "particles": "particle level",
        "busy_cms": "CMS card, multiple interactions",
        "quarks": "other events",
        "filtered": "other events",
    }


def test_only_the_simulation_of_one_detector_has_to_agree(described):
    agree = {
        name for name, one in described.items() if jet_variants.expected(one, described["first"])
    }
    assert agree == {"first", "high", "delphes", "quarks", "filtered"}


def only(tests, quantity, test, **where):
    rows = tests[(tests["quantity"] == quantity) & (tests["test"] == test)]
    for column, value in ({"class": "signal", "kind": "eflow"} | where).items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, (quantity, test, where)
    return rows.iloc[0]


def test_numbers_of_the_tests(tmp_path):
    mass = np.repeat([1.0, 3.0], 20)
    merged = {name: np.arange(40) < count for name, count in (("first", 20), ("cms", 30))}
    first = write(tmp_path, "first", mass=mass, merged=merged["first"])
    cms = write(tmp_path, "cms", {"detector_card": "CMS"}, mass=mass + 0.5, merged=merged["cms"])
    tests = measured(first, cms)["tests"]
    row = only(tests, "mass", "means")
    assert (row["dataset"], row["reference"], row["variant"]) == ("cms", "first", "CMS card")
    assert (row["value"], row["of_reference"], row["expected"]) == (2.5, 2.0, False)
    assert row["error"] == pytest.approx(np.sqrt(2 / NUMBER))
    assert row["statistic"] == pytest.approx(0.5 / np.sqrt(2 / NUMBER))
    # half of 1, 1, …, 3, 3 lies below all of 1.5, 1.5, …, 3.5, 3.5
    shape = only(tests, "mass", "Kolmogorov–Smirnov")
    assert shape["statistic"] == pytest.approx(0.5) and not shape["pass"]
    share = only(tests, "merged", "shares", kind="truth")
    assert (share["value"], share["of_reference"]) == (0.75, 0.5)
    spread = np.sqrt(0.625 * 0.375 * 2 / NUMBER)
    assert share["statistic"] == pytest.approx(0.25 / spread)
    assert set(tests["kind"]) == {"eflow", "tower", "truth"}
    assert tests["pass"].eq(tests["p"] >= 1e-4).all()


def test_other_events_of_the_same_jets_pass_and_a_shift_fails(tmp_path):
    rng = np.random.default_rng(3)
    values = [rng.normal(200, 40, 40) for _ in range(2)]
    first = write(tmp_path, "first", mass=values[0], sd_mass=values[0])
    delphes = write(
        tmp_path, "delphes", {"detector": "delphes"}, 1, mass=values[1], sd_mass=values[1] + 40
    )
    tests = measured(first, delphes)["tests"]
    assert tests["expected"].all()
    for test in ("means", "Kolmogorov–Smirnov"):
        assert only(tests, "mass", test)["pass"], test
        assert not only(tests, "sd_mass", test)["pass"], test


def test_jets_that_two_selections_share(tmp_path):
    """Of 120 jets each, 3/4 and 1/2 pass the other selection: 1/(4/3 + 2 − 1) of either."""
    flow = write(tmp_path, "flow", tower__passes=np.arange(40) < 30)
    passes = {"eflow__passes": np.arange(40) < 20, "tower__passes": np.ones(40, dtype=bool)}
    tower = write(tmp_path, "tower", TOWER, **passes)
    cms = write(tmp_path, "cms", {"detector_card": "CMS"} | TOWER, **passes)
    tables = measured(flow, tower, cms)
    rows = tables[""][tables[""]["quantity"] == "shared"]
    assert list(rows["dataset"]) == ["tower", "tower"] and set(rows["kind"]) == {"both"}
    np.testing.assert_allclose(rows["mean"], 3 / 7)
    # by hand: d(1/m) = √((σ_a/a²)² + (σ_b/b²)²)
    sigma = np.sqrt(np.array([0.75 * 0.25, 0.25]) / NUMBER) / np.array([0.75, 0.5]) ** 2
    np.testing.assert_allclose(rows["error"], (3 / 7) ** 2 * np.hypot(*sigma))
    assert "passes" not in set(tables["tests"]["quantity"]), "one of them always does"


def test_few_jets_and_lone_datasets_are_not_tested(tmp_path):
    few = dict.fromkeys(JETS, 3)
    paths = [write(tmp_path, name, about, jets=few) for name, about in (("a", {}), ("b", TOWER))]
    for chosen in (paths, paths[:1]):
        tests = measured(*chosen)["tests"]
        assert tests.empty
        assert list(tests.columns) == [*jet_variants.COLUMNS, *jet_variants.NUMBERS]


def test_weights_count(tmp_path):
    """Two jets of which one has no weight: means are those of the others, and so are medians."""
    mass = np.tile([1.0, 100.0], 20)
    weight = np.tile([1.0, 0.0], 20)
    first = write(tmp_path, "first", mass=np.ones(40) + np.arange(40) / 40)
    other = write(tmp_path, "other", {"detector": "delphes"}, mass=mass, weight=weight)
    tests = measured(first, other)["tests"]
    assert only(tests, "mass", "means")["value"] == 1.0
    assert only(tests, "mass", "Kolmogorov–Smirnov")["value"] == 1.0
