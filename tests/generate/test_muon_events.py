"""A part of a sample of muon pairs, from Pythia to the file."""

from dataclasses import replace

import awkward as ak
import numpy as np
import pytest
import uproot
from helpers_workflow import ROOT

from relearn import config
from relearn.generate import events

EVENTS = 60
CMS = ROOT / "config/detector/CMS.yaml"


def made(folder, part="train-0000", seed=3, **changes):
    """The branches of a part of Z→μμ events."""
    sample = config.load("default").samples["zmumu"]
    settings = replace(events.Settings(**sample.generation()), events_per_part=EVENTS, **changes)
    path = folder / f"{part}.root"
    events.generate(settings, "zmumu", part, path, ROOT / sample.card, CMS, root_seed=seed)
    with uproot.open(path) as file:
        return file["Delphes"].arrays()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return made(tmp_path_factory.mktemp("first"))


def same(one, other, of=""):
    names = [name for name in one.fields if name.startswith(of)]
    return all(ak.array_equal(one[name], other[name], equal_nan=True) for name in names)


def test_a_part_is_the_same_wherever_it_is_made(first, tmp_path, monkeypatch):
    assert same(first, made(tmp_path))
    monkeypatch.setitem(events.CHUNK, "prompt_muons", 7)  # events at a time
    assert same(first, made(tmp_path), of="Particle"), "the detector has a seed for each chunk"


def test_another_part_and_another_seed_have_other_events(first, tmp_path):
    for other in (made(tmp_path, "train-0001"), made(tmp_path, seed=4)):
        assert not ak.array_equal(first["Particle.PT"], other["Particle.PT"])


def test_muons_know_which_particle_they_are(first):
    """Momenta are smeared, directions are not (as in Delphes' cards), and the charge is true."""
    index = first["Muon.ParticleIndex"]
    assert ak.sum(ak.num(index)) > EVENTS / 2
    for name, to in (("Eta", "Eta"), ("Phi", "Phi"), ("Charge", "Charge")):
        true = first[f"Particle.{to}"][index]
        np.testing.assert_allclose(ak.flatten(first[f"Muon.{name}"]), ak.flatten(true), atol=1e-6)
    true = ak.flatten(first["Particle.PT"][index])
    ratio = ak.to_numpy(ak.flatten(first["Muon.PT"]) / true)
    assert 0.001 < np.std(ratio) < 0.05 and abs(np.mean(ratio) - 1) < 0.01
    assert set(abs(ak.flatten(first["Particle.PID"][index]))) == {13}


def test_without_a_detector_all_prompt_muons_are_there(tmp_path):
    bare = made(tmp_path, detector="none")
    prompt = (abs(bare["Particle.PID"]) == 13) & (bare["Particle.IsPrompt"] == 1)
    assert ak.all(ak.sum(prompt, axis=1) == 2), "qq̄ → Z/γ* → μμ"
