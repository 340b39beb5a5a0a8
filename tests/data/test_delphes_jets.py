"""From a real Delphes file to jets with their truth, as the rule `jets` makes them.

The events are all-hadronic tt̄ with pT of the tops above 330 GeV and multiple interactions; see
`helpers_delphes`. What is expected is counted anew from the file, particle by particle.
"""

import json

import awkward as ak
import fastjet
import numpy as np
import pytest
import uproot
from helpers_delphes import EVENTS, NUMBER, install, with_samples
from helpers_jets import pseudojets
from helpers_workflow import ROOT

import find_jets
from relearn import kinematics as kin
from relearn.configobservables import Observables
from relearn.data import jetfile, yields
from relearn.generate import rootfile
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK

RADIUS = 1.5
SETTINGS = {
    "radius": RADIUS,
    "pt": [300.0, 800.0],
    "abs_eta_max": 2.5,
    "select_on": "eflow",
    "match": 1.2,
    "keep": 200,
    "observables": Observables().model_dump(),
}


def find(events, path):
    """The jets that the rule `jets` finds in an event file."""
    arguments = ["find_jets.py", "--sample", "ttbar", "--part", "train-0000"]
    arguments += ["--settings", json.dumps(SETTINGS), "--events", str(events)]
    arguments += ["--detector", str(ROOT / "config/detector/ATLAS.yaml"), "--output", str(path)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", arguments)
        find_jets.main()
    return jetfile.read(path)


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    path = tmp_path_factory.mktemp("jets") / "train-0000.parquet"
    found = find(EVENTS, path)
    assert jetfile.about(path)["events"] == NUMBER
    return found


@pytest.fixture(scope="module")
def tree():
    with uproot.open(EVENTS) as file:
        return {
            name: file["Delphes"][name].array().tolist()
            for name in file["Delphes"].keys(full_paths=False)
            if "." in name and not name.endswith("fBits")
        }


def leading(vectors):
    """Transverse momentum, η, φ, mass of the leading jet of one event, from fastjet alone."""
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS)
    sequence = fastjet.ClusterSequence(pseudojets(vectors), definition)
    jet = max(sequence.inclusive_jets(), key=lambda one: one.pt())
    return jet.pt(), jet.eta(), jet.phi_std(), jet.m()


def energy_flow(tree, event):
    rows = []
    for name, size in (("EFlowTrack", "PT"), ("EFlowPhoton", "ET"), ("EFlowNeutralHadron", "ET")):
        columns = [tree[f"{name}.{branch}"][event] for branch in (size, "Eta", "Phi")]
        mass = tree["EFlowTrack.Mass"][event] if name == "EFlowTrack" else [0.0] * len(columns[0])
        rows += list(zip(*columns, mass, strict=True))
    return kin.from_pt_eta_phi_mass(*np.array(rows).T)


def hadronic_tops(tree, event):
    """Positions of the tops just before their decay into quarks, following the record by hand."""
    pid, first, last = (tree[f"Particle.{name}"][event] for name in ("PID", "D1", "D2"))
    found = []
    for position, code in enumerate(pid):
        if abs(code) != 6 or first[position] < 0:
            continue
        daughters = range(first[position], last[position] + 1)
        bosons = [d for d in daughters if abs(pid[d]) == 24]
        if not bosons or any(abs(pid[d]) == 6 for d in daughters):
            continue
        boson = bosons[0]
        while abs(pid[first[boson]]) == 24:
            boson = first[boson]
        if max(abs(pid[d]) for d in range(first[boson], last[boson] + 1)) < 6:
            found.append(position)
    return found


def distance(eta, phi, other_eta, other_phi):
    return np.hypot(eta - other_eta, (phi - other_phi + np.pi) % (2 * np.pi) - np.pi)


def test_the_leading_jets_are_fastjets(jets, tree):
    assert jets.event.tolist() == list(range(NUMBER))
    for event in range(NUMBER):
        pt, eta, phi, mass = leading(energy_flow(tree, event))
        p4 = np.asarray(jets.eflow.p4[event])
        np.testing.assert_allclose([kin.pt(p4), kin.mass(p4)], [pt, mass], rtol=1e-5)
        assert distance(kin.eta(p4), kin.phi(p4), eta, phi) < 1e-5


def test_every_event_has_two_tops_and_the_nearer_one_is_the_jets(jets, tree):
    for event in range(NUMBER):
        tops = hadronic_tops(tree, event)
        assert len(tops) == 2
        p4 = np.asarray(jets.eflow.p4[event])
        far = [
            distance(
                tree["Particle.Eta"][event][top],
                tree["Particle.Phi"][event][top],
                kin.eta(p4),
                kin.phi(p4),
            )
            for top in tops
        ]
        nearest = tops[int(np.argmin(far))]
        truth = jets.truth[event]
        assert truth.top_delta_r == pytest.approx(min(far), abs=1e-5)
        assert truth.top_pt == pytest.approx(tree["Particle.PT"][event][nearest], rel=1e-6)


def test_they_are_jets_of_tops(jets):
    """All three quarks in each jet, the mass of a top or, with multiple interactions, above."""
    truth = jets.truth
    assert np.all(np.asarray(truth.merged)) and np.max(truth.top_delta_r) < 0.5
    assert 160 < np.median(jets.eflow.sd_mass) < 260
    response = np.hypot(*np.asarray(jets.eflow.p4)[:, 1:3].T) / np.asarray(truth.top_pt)
    assert 0.9 < np.median(response) < 1.3
    assert np.all(np.asarray(truth.gen_pt) > 0)


def test_towers_and_energy_flow_see_the_same_jet(jets):
    assert np.all(np.asarray(jets.tower.found))
    ratio = np.asarray(jets.tower.pt) / np.asarray(jets.eflow.pt)
    assert np.all(np.abs(ratio - 1) < 0.25)
    assert np.median(jets.tower.multiplicity) < np.median(jets.eflow.multiplicity)


def test_constituents_have_kinds_and_charges(jets):
    for jet in jets.eflow:
        parts = jet.constituents
        kind, charge = np.asarray(parts.kind), np.asarray(parts.charge)
        assert set(kind) == {TRACK, PHOTON, NEUTRAL_HADRON}
        assert np.all((charge != 0) == (kind == TRACK))
        assert np.all(np.diff(np.asarray(parts.pt)) <= 0)
        d0, smeared = np.asarray(parts.d0), np.asarray(parts.d0_smeared)
        assert np.any(smeared[kind == TRACK] != d0[kind == TRACK])
        assert np.all(smeared[kind != TRACK] == 0)


def test_the_yield_of_a_delphes_sample_is_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(install(tmp_path / "conda")))
    study = with_samples()
    sample = "delphes_ttbar_hadronic_low"
    measured = yields.measure(study, "delphes_low", sample, NUMBER, ROOT)
    assert measured.selected_per_event == 1.0 and measured.events == NUMBER
    assert measured.about == "ttbar_hadronic_low, Delphes ATLAS"


def test_events_in_which_nothing_is_seen_have_no_jet(jets, tmp_path):
    """Every second event without a single particle of the energy flow, and towers neither."""
    with uproot.open(EVENTS) as file:
        branches = file["Delphes"].arrays(
            filter_name=lambda name: "." in name and not name.endswith("fBits")
        )
    keep, chunk = np.arange(NUMBER) % 2 == 0, {}
    for name in dict.fromkeys(field.split(".")[0] for field in branches.fields):
        fields = [field for field in branches.fields if field.startswith(f"{name}.")]
        whole = ak.zip({field.partition(".")[2]: branches[field] for field in fields})
        chunk[name] = whole if name == "Event" else ak.where(keep, whole, whole[:, :0])
    path = tmp_path / "train-0000.root"
    rootfile.write(path, [chunk], {})
    with uproot.update(path) as file:
        del file[rootfile.ABOUT]  # as Delphes leaves it
    half = find(path, tmp_path / "jets.parquet")
    assert jetfile.about(tmp_path / "jets.parquet")["events"] == NUMBER
    assert half["event"].tolist() == [
        number for number in jets["event"].tolist() if number % 2 == 0
    ]
