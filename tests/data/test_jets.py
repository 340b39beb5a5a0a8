"""The jets of an event file: which are taken, what is stored of them; brute force by fastjet."""

import awkward as ak
import numpy as np
import pytest
from helpers_jets import four, sequence
from helpers_workflow import ROOT

from relearn import kinematics as kin
from relearn import observablenames
from relearn.configdata import Jets, Sample
from relearn.configobservables import Observables
from relearn.data import jetfile
from relearn.data.impact import CONSTITUENT
from relearn.data.jets import SPECTRUM_EDGES, find, four_vectors, origin
from relearn.errors import UserError
from relearn.generate import constituents, rootfile, tracks
from relearn.generate.cards import load
from relearn.generate.events import Settings, generate

pytestmark = pytest.mark.xdist_group("events")  # all use the same event file
ATLAS = ROOT / "config/detector/ATLAS.yaml"
TTBAR = ROOT / "config/pythia/ttbar_hadronic_low.cmnd"
DELPHES = ROOT / "tests/data_files/delphes_jets_ATLAS.root"
EVENTS, BRUTE = 100, 12  # of which so many are clustered once more
HAT_MIN = 200.0  # GeV, so that many jets are near the window
OBSERVABLES = Observables().model_dump()


def settings(**changes):
    jets = Jets(**({"pt": (250, 1000)} | changes)).model_dump()
    return jets | {"observables": OBSERVABLES}


def write_events(path, events, detector):
    card = path.with_suffix(".cmnd")
    card.write_text(f"{TTBAR.read_text()}\nPhaseSpace:pTHatMin = {HAT_MIN}\n")
    sample = Sample(
        card=str(card), detector=detector, detector_card="ATLAS", keep="jets", jets=Jets(pt=(1, 2))
    )
    made = Settings(**(sample.generation() | {"events_per_part": events}))
    generate(made, "tops", "train-0000", path, card, ATLAS, root_seed=3)
    return path


@pytest.fixture(scope="session")
def events(tmp_path_factory):
    """A small file of hadronic tt̄ events."""
    return write_events(tmp_path_factory.mktemp("events") / "events.root", EVENTS, "embedded")


@pytest.fixture(scope="module")
def found(events):
    return find(events, settings(), ATLAS, seed=5)


def test_jets_are_those_of_fastjet_inside_the_window(events, found):
    particles = four_vectors(constituents.read(events, "eflow"))[:BRUTE]
    chosen = found.jets[ak.to_numpy(found.jets.event) < BRUTE]
    expected = []
    for number, event in enumerate(particles):
        clustered = sequence(ak.to_numpy(event), "antikt", 1.5)
        jet = four(max(clustered.inclusive_jets(), key=lambda one: one.perp()))
        if 250 < kin.pt(jet) < 1000 and abs(kin.eta(jet)) < 1:
            expected.append((number, jet))
    assert [number for number, _ in expected] == chosen.event.to_list() and len(expected) > 3
    np.testing.assert_allclose(chosen.eflow.p4, [jet for _, jet in expected], rtol=1e-6)


@pytest.mark.parametrize("kind", ["eflow", "tower"])
def test_constituents_are_the_jet_without_what_was_lost(kind, found):
    jets = found.jets[kind]
    p4 = four_vectors(jets.constituents)
    total = ak.to_numpy(ak.sum(p4, axis=1))
    assert ak.to_numpy(jets.found).all() and (ak.to_numpy(jets.cut) == 0).all()
    whole = ak.to_numpy(jets.lost) == 0
    assert whole.sum() > 20
    np.testing.assert_allclose(total[whole], jets.p4[whole], rtol=1e-4, atol=0.01)
    np.testing.assert_allclose(jets.pt, kin.pt(total), rtol=1e-5)
    np.testing.assert_allclose(jets.mass, kin.mass(total), rtol=1e-3)
    np.testing.assert_array_equal(jets.multiplicity, ak.num(jets.constituents))
    assert ak.all(jets.constituents.pt[:, 1:] <= jets.constituents.pt[:, :-1])
    assert jets.constituents.fields == list(CONSTITUENT)


def test_what_reclustering_loses_is_counted(found):
    for kind in ("eflow", "tower"):
        jets = found.jets[kind]
        inside = ak.to_numpy(ak.sum(jets.constituents.pt, axis=1) + jets.lost_pt)
        assert (inside >= 0.999 * ak.to_numpy(kin.pt(jets.p4))).all()
        np.testing.assert_array_equal(jets.lost > 0, jets.lost_pt > 0)


def test_all_observables_are_there_and_finite(found):
    for kind in ("eflow", "tower"):
        for name in observablenames.names(OBSERVABLES):
            assert np.isfinite(ak.to_numpy(found.jets[kind][name])).all(), name


def test_towers_are_beside_the_energy_flow(found):
    apart = kin.delta_r(ak.to_numpy(found.jets.eflow.p4), ak.to_numpy(found.jets.tower.p4))
    assert (apart < 1.5).all() and np.median(apart) < 0.1
    assert ak.all(found.jets.tower.constituents.charge == 0)


def test_selection_on_towers_takes_the_window_there(events):
    jets = find(events, settings(select_on="tower", pt=(350, 450)), ATLAS, seed=5).jets
    pt = kin.pt(ak.to_numpy(jets.tower.p4))
    assert len(pt) > 3 and (pt > 350).all() and (pt < 450).all()
    other = kin.pt(ak.to_numpy(jets.eflow.p4))
    assert ((other < 350) | (other > 450)).any(), "the energy flow has other momenta"


@pytest.mark.parametrize("match", [None, 0.3])
def test_a_partner_passes_if_it_is_what_its_own_selection_takes(match, events):
    window = {"pt": (350, 450), "match": match}
    flow, tower = (
        find(events, settings(select_on=kind, **window), ATLAS, seed=5).jets
        for kind in ("eflow", "tower")
    )
    assert ak.all(flow.eflow.passes) and ak.all(tower.tower.passes)
    taken = dict(zip(tower.event.to_list(), ak.to_numpy(tower.tower.p4), strict=True))
    partners = zip(flow.event.to_list(), ak.to_numpy(flow.tower.p4), strict=True)
    both = [event in taken and np.allclose(taken[event], p4) for event, p4 in partners]
    np.testing.assert_array_equal(flow.tower.passes, both)
    assert 0 < sum(both) < len(flow), "some pass, some do not"
    # and the other way round, the same events
    shared = [jets.event[jets[kind].passes] for jets, kind in ((flow, "tower"), (tower, "eflow"))]
    np.testing.assert_array_equal(*shared)


def test_match_to_a_top_leaves_the_others_out(events, found):
    matched = find(events, settings(match=0.3), ATLAS, seed=5)
    near = ak.to_numpy(found.jets.truth.top_delta_r) < 0.3
    assert 0 < near.sum() < len(near)
    np.testing.assert_array_equal(matched.jets.event, found.jets.event[near])
    np.testing.assert_array_equal(matched.spectrum, found.spectrum)


def test_truth_follows_the_events(events, found):
    hat = rootfile.read(events, ["Event.PTHat"])["Event.PTHat"][:, 0]
    np.testing.assert_array_equal(found.jets.truth.hat_pt, hat[found.jets.event])
    assert ak.min(hat) > HAT_MIN
    jets = found.jets
    response = ak.to_numpy(jets.eflow.pt / jets.truth.gen_pt)
    assert np.isfinite(response).all() and abs(np.median(response) - 0.98) < 0.03
    merged = ak.to_numpy(jets.truth.merged)
    apart = np.stack([ak.to_numpy(jets.truth[f"{name}_delta_r"]) for name in ("b", "q1", "q2")])
    np.testing.assert_array_equal(merged, (apart < 1.5).all(axis=0))
    assert 0.2 < merged.mean() < 1


def test_spectra_count_every_event(events, found):
    assert found.events == EVENTS
    assert found.hat_spectrum.sum() == EVENTS
    assert found.hat_spectrum[SPECTRUM_EDGES[:-1] < HAT_MIN].sum() == 0
    everything = find(events, settings(pt=(1e-3, 1e5)), ATLAS, seed=5)
    assert found.spectrum.sum() == everything.spectrum.sum() == len(everything.jets)
    inside = (SPECTRUM_EDGES[:-1] >= 250) & (SPECTRUM_EDGES[:-1] < 1000)
    assert found.spectrum[inside].sum() == len(found.jets)


def test_impact_parameters_are_smeared_as_the_card_says(found):
    flat = ak.flatten(found.jets.eflow.constituents)
    track = ak.to_numpy(flat.kind) == constituents.TRACK
    columns = {name: ak.to_numpy(flat[name]).astype(float) for name in flat.fields}
    pt, eta = columns["pt"][track], columns["eta"][track]
    for name, sigma in zip(
        ("d0", "z0"), tracks.impact_resolution(load(ATLAS).impact, pt, eta), strict=True
    ):
        moved = columns[f"{name}_smeared"] - columns[name]
        assert not moved[~track].any()
        pull = moved[track] / sigma
        n = track.sum()
        assert n > 1000 and abs(pull.mean()) < 5 / np.sqrt(n)
        assert abs(pull.std() - 1) < 5 / np.sqrt(2 * n)


def test_the_seed_moves_nothing_but_the_smearing(events, found):
    again, other = (find(events, settings(), ATLAS, seed).jets for seed in (5, 6))
    assert ak.array_equal(again, found.jets)
    for name in CONSTITUENT:
        same = ak.array_equal(other.eflow.constituents[name], found.jets.eflow.constituents[name])
        assert same != name.endswith("smeared"), name
    assert ak.array_equal(other.eflow.mass, found.jets.eflow.mass)


def test_constituents_beyond_those_kept_are_counted(events, found):
    few = find(events, settings(keep=20), ATLAS, seed=5).jets.eflow
    many = found.jets.eflow
    assert ak.max(ak.num(few.constituents)) == 20
    np.testing.assert_array_equal(few.cut, np.maximum(many.multiplicity - 20, 0))
    np.testing.assert_allclose(few.cut_pt, ak.sum(many.constituents.pt[:, 20:], axis=1), rtol=1e-5)
    assert ak.any(few.cut > 0) and not ak.any(many.cut_pt)
    np.testing.assert_array_equal(few.constituents.pt, many.constituents.pt[:, :20])
    np.testing.assert_array_equal(few.mass, many.mass)


def test_a_window_that_nothing_passes_gives_an_empty_file(events, found, tmp_path):
    none = find(events, settings(pt=(6000, 6500)), ATLAS, seed=5)
    assert len(none.jets) == 0 and none.events == EVENTS and none.spectrum.sum() > 0
    jetfile.write(tmp_path / "none.parquet", none.jets, {})
    jetfile.write(tmp_path / "some.parquet", found.jets, {})
    empty, full = (jetfile.read(tmp_path / f"{name}.parquet") for name in ("none", "some"))
    assert str(empty.type.content) == str(full.type.content)
    assert ak.array_equal(full, found.jets)


def test_particle_level_has_one_kind(tmp_path):
    path = write_events(tmp_path / "events.root", 30, "none")
    jets = find(path, settings(), None, seed=5).jets
    assert jets.fields == ["event", "weight", "eflow", "truth"] and len(jets) > 3
    np.testing.assert_allclose(jets.eflow.pt + jets.eflow.lost_pt, jets.truth.gen_pt, rtol=0.02)
    flat = ak.flatten(jets.eflow.constituents)
    assert ak.all(flat.d0_smeared == flat.d0)


def test_real_delphes_goes_the_same_way():
    found = find(DELPHES, settings(pt=(300, 1000)), ATLAS, seed=5)
    assert found.events == 8 and len(found.jets) > 3
    assert ak.all(found.jets.tower.found)
    assert ak.all(found.jets.truth.top_delta_r < np.inf)
    pt = ak.to_numpy(found.jets.eflow.pt)
    assert ((pt > 300) & (pt < 1000)).all()


def test_events_say_what_made_them(events, tmp_path):
    expected = {"process": "events", "detector": "embedded", "detector_card": "ATLAS"}
    assert origin(events) == expected | {"multiple_interactions": False}
    particles = write_events(tmp_path / "particles.root", 2, "none")
    assert origin(particles)["detector_card"] is None
    assert origin(DELPHES) == {}, "no workflow of ours has made it"
    made = {"detector": "delphes", "detector_card": "CMS", "multiple_interactions": True}
    for card, name in (("delphes_card_CMS.tcl", "CMS"), ("own.tcl", "own.tcl")):
        path = tmp_path / card
        path.write_bytes(DELPHES.read_bytes())
        about = {"settings": made | {"card": "cards/tops.cmnd"}, "delphes": {"card": card}}
        rootfile.annotate(path, about)
        assert origin(path) == made | {"process": "tops", "detector_card": name}


def test_events_without_what_jets_need_are_named(events, tmp_path):
    path = tmp_path / "muons.root"
    event = ak.zip({"Weight": ak.Array([[1.0]]), "Number": ak.Array([[0]])})
    rootfile.write(path, [{"Event": event}], {})
    with pytest.raises(UserError, match="muons.root has no branch EFlowTrack.PID"):
        find(path, settings(), ATLAS, seed=5)
    whole = events.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="muons.root is cut short"):
        find(path, settings(), ATLAS, seed=5)
