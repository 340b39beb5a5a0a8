"""The study of the detector: a shifted quantity is found, and equal detectors are drawn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from relearn import config, figures
from relearn.data import detector, observed
from relearn.figures import style
from relearn.generate import cards
from relearn.generate.events import Settings, generate
from relearn.studies.detector_validation import COLUMNS, compare, measure
from relearn.studies.inputs import StudyInputs

REFERENCE = cards.SHIPPED / "reference"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def halves():
    """Delphes' events of tt̄, even and odd ones: two samples of one detector."""
    seen = observed.load(REFERENCE / "ttbar_CMS.npz")

    def part(first):
        events = {name: values[first::2] for name, values in seen.events.items()}
        jets = {name: values[first::2] for name, values in seen.jets.items()}
        samples = {name: values[first::2] for name, values in seen.samples.items()}
        return replace(seen, events=events, jets=jets, samples=samples)

    return part(0), part(1)


def shifted(seen, kind, name, change):
    return replace(seen, **{kind: getattr(seen, kind) | {name: change(getattr(seen, kind)[name])}})


def test_equal_detectors_pass(halves):
    assert compare(*halves, paired=False)["pass"].all()


@pytest.mark.parametrize(
    ("kind", "name", "change", "test"),
    [
        ("events", "met", lambda x: 1.3 * x, "means"),
        ("events", "n_tower", lambda x: x + 12, "Kolmogorov–Smirnov"),
        ("events", "met_x", lambda x: 2 * x, "Kolmogorov–Smirnov"),  # wider, of the same mean
        ("shares", "b vtx all/2", lambda x: (int(0.98 * x[0]), x[1]), "shares"),
        ("means", "sumPT_EFlow", lambda x: (1.03 * x[0], x[1]), "means"),
    ],
)
def test_a_shifted_quantity_fails_alone(halves, kind, name, change, test):
    table = compare(halves[0], shifted(halves[1], kind, name, change), paired=False)
    failed = table[~table["pass"]]
    assert set(failed["quantity"]) == {name}
    assert test in set(failed["test"])


def test_a_shifted_jet_fails(halves):
    def wider(jets):
        return jets * np.array([1, 1, 1, 1.06, 1, 1, 1])

    table = compare(halves[0], shifted(halves[1], "jets", "eflow", wider), paired=False)
    assert set(table[~table["pass"]]["quantity"]) == {"jet_eflow/mass"}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """60 events of each process, through all that the workflow does."""
    folder, shipped = tmp_path_factory.mktemp("study"), config.load("default")
    samples, files = shipped.datasets["detector_validation"].samples, []
    for sample in samples.values():
        settings = shipped.samples[sample].generation() | {"events_per_part": 60}
        files.append(folder / f"{sample}.root")
        card = ROOT / settings["card"]
        generate(Settings(**settings), sample, "test-0000", files[-1], card, root_seed=2)
    path = folder / "detector_validation.h5"
    references = sorted(REFERENCE.glob("*.npz"))
    shipped_cards = [cards.SHIPPED / f"{card}.yaml" for card in ("CMS", "ATLAS")]
    settings = {"samples": samples, "events": 60}
    detector.build(path, path.stem, settings, files, shipped_cards, references)
    return measure(StudyInputs.from_files([], [path], {}))


def test_study_of_sixty_events(tables):
    table = tables[""]
    assert list(table.columns) == list(COLUMNS)
    groups = table.groupby(["process", "card"]).size()
    assert len(groups) == 4 and groups.min() > 50
    assert not table["test"].str.startswith("paired").any()
    assert np.isfinite(table[["ours", "delphes", "statistic", "p"]].to_numpy()).all()
    failed = table[~table["pass"]]
    assert failed.empty, failed.to_string()


def test_histograms_are_densities(tables):
    table = tables["histograms"]
    area = (table["density"] * (table["high"] - table["low"])).groupby(
        [table[name] for name in ("process", "card", "quantity", "who")]
    )
    delphes = area.sum().xs("delphes", level="who")
    assert delphes.between(0.985, 1.0 + 1e-9).all()
    efficiencies = tables["efficiencies"]
    above = efficiencies[(efficiencies["low"] == 2) & (efficiencies["region"] == "b")]
    assert len(above) == 8
    assert ((above["share"] - 0.95).abs() < 4.5 * above["error"]).all()  # the cards' number


def test_figure_shows_both_detectors(tables):
    style.use()
    fig = figures.load("detector_validation").draw(tables, {})
    assert isinstance(fig, Figure)
    drawn = [ax for ax in fig.axes if ax.axison]
    assert len(drawn) == 21
    assert all(ax.get_title(loc="left") for ax in drawn)
    first = drawn[0]
    assert len(first.containers) == 2 and len(first.patches) == 2  # points, lines: CMS, ATLAS
    failed = int((~tables[""]["pass"]).sum())
    text = f"{failed} of {len(tables[''])} fail"
    assert text in [label.get_text() for label in drawn[-1].texts]
