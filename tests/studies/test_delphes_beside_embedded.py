"""Jets through Delphes and through the embedded detector, from cards to figure.

The program is that of `helpers_delphes`: it copies eight real events of Delphes, all-hadronic tt̄.
"""

import awkward as ak
import numpy as np
import pandas as pd
import pytest
from helpers_delphes import NUMBER, install
from helpers_workflow import ROOT
from scipy import stats

from relearn import figures, kinematics, studies
from relearn.configdata import Jets, Sample
from relearn.configobservables import Observables
from relearn.data import jetfile, tagfile, tagging
from relearn.data.jets import find, origin
from relearn.figures import style
from relearn.generate import delphes
from relearn.generate.events import Settings, generate
from relearn.studies.inputs import StudyInputs

ATLAS = ROOT / "config/detector/ATLAS.yaml"
PARTS = ("train-0000", "validation-0000", "test-0000")
WINDOW = {"pt": (300.0, 800.0), "abs_eta_max": 2.5}
JETS = dict.fromkeys(("train", "validation", "test"), NUMBER)
EMBEDDED = 14  # events a part, of which at least eight have such a jet


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """Pythia cards of two processes, with tops as fast as those of the Delphes events."""
    folder = tmp_path_factory.mktemp("cards")
    for name, shipped in (("tops", "ttbar_hadronic_low"), ("qcd", "qcd_low")):
        text = (ROOT / f"config/pythia/{shipped}.cmnd").read_text()
        lines = [line for line in text.splitlines() if not line.startswith("PhaseSpace:pTHatMin")]
        (folder / f"{name}.cmnd").write_text("\n".join([*lines, "PhaseSpace:pTHatMin = 330.", ""]))
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory, cards):
    folder = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(install(folder / "conda")))
        paths = {name: dataset(folder, cards, name) for name in ("embedded", "delphes")}
    return studies.load("jet_validation").measure(StudyInputs(pd.DataFrame(), paths)), paths


def dataset(folder, cards, detector):
    """A dataset as the workflow makes it: events, jets, file."""
    settings = Jets(**WINDOW).model_dump() | {"observables": Observables().model_dump()}
    files = []
    for process in ("tops", "qcd"):
        sample = Sample(
            card=str(cards / f"{process}.cmnd"),
            detector=detector,
            detector_card="ATLAS",
            keep="jets",
            events_per_part=NUMBER if detector == "delphes" else EMBEDDED,
            jets=Jets(**WINDOW),
        )
        for part in PARTS:
            name = f"{process}_{detector}"
            events = folder / name / f"{part}.root"
            events.parent.mkdir(exist_ok=True)
            if detector == "delphes":
                delphes.generate(sample.generation(), name, part, events)
            else:
                generate(Settings(**sample.generation()), name, part, events, detector_card=ATLAS)
            found = find(events, settings, ATLAS, seed=1)
            about = {"sample": name, "part": part, "settings": settings, "events": found.events}
            about |= {"origin": origin(events), "spectrum": found.spectrum.tolist()}
            about["hat_spectrum"] = found.hat_spectrum.tolist()
            jetfile.write(events.with_suffix(".parquet"), found.jets, about)
            files.append(events.with_suffix(".parquet"))
    path = folder / f"tops_{detector}.h5"
    wanted = {"kind": "tagging", "signal": f"tops_{detector}", "background": f"qcd_{detector}"}
    tagging.build(path, path.stem, wanted | {"jets": JETS, "constituents": 200}, files)
    tagfile.check(path)
    return path


def test_delphes_is_tested_against_the_embedded_detector(tables):
    tests = tables[0]["tests"]
    assert set(tests["dataset"]) == {"delphes"} and set(tests["reference"]) == {"embedded"}
    assert set(tests["variant"]) == {"Delphes"} and tests["expected"].all()
    assert set(tests["class"]) == {"signal", "background"}
    assert {"eflow", "tower"} <= set(tests["kind"])
    for kind in ("eflow", "tower"):
        masses = [
            np.concatenate(
                [
                    ak.to_numpy(jetfile.read(path)[kind].mass[:NUMBER])
                    for path in sorted(tables[1][name].parent.glob(f"tops_{name}/*.parquet"))
                ]
            )
            for name in ("delphes", "embedded")
        ]
        row = tests.query(
            "quantity == 'mass' and test == 'Kolmogorov–Smirnov' and `class` == 'signal' "
            f"and kind == '{kind}'"
        ).iloc[0]
        expected = stats.ks_2samp(*masses)
        assert (row["statistic"], row["p"]) == pytest.approx((expected.statistic, expected.pvalue))


def test_numbers_are_those_of_the_delphes_file(tables):
    table = tables[0][""]
    row = table[
        (table["dataset"] == "delphes")
        & (table["class"] == "signal")
        & (table["kind"] == "eflow")
        & (table["quantity"] == "pt")
    ].iloc[0]
    jets = jetfile.read(next(tables[1]["delphes"].parent.glob("tops_delphes/*.parquet")))
    assert len(jets) == NUMBER and row["jets"] == 3 * NUMBER
    expected = ak.to_numpy(jets.eflow.pt)
    assert row["mean"] == pytest.approx(expected.mean(), rel=1e-5)
    assert np.abs(expected - kinematics.pt(ak.to_numpy(jets.eflow.p4))).max() < 20


def test_both_are_in_the_figure(tables):
    style.use()
    fig = figures.load("jet_validation").draw(tables[0], {})
    assert [part.get_suptitle() for part in fig.subfigs][1] == "embedded and its variants"
    legends = [ax.get_legend() for ax in fig.subfigs[1].axes if ax.get_legend()]
    texts = [text.get_text() for text in legends[-1].get_texts()]
    assert "delphes: Delphes, has to agree" in texts
