"""Events given up in their shower: which, and that hardly any with the jet is among them."""

import json

import awkward as ak
import numpy as np
import pytest
from helpers_workflow import ROOT

from relearn import config
from relearn import kinematics as kin
from relearn.generate import events, particles, pythia, rootfile
from relearn.generate.partonfilter import parton_filter

SAMPLES = config.load("default").samples
EVENTS = 600


def watching(sample):
    """A filter that only says what it would have done, and the list of its answers."""
    judge = type(parton_filter(**sample.generation()["parton_filter"]))
    answers = []

    class Watching(judge):
        def doVetoPT(self, stage, event):  # noqa: N802
            before = self.tried
            given_up = super().doVetoPT(stage, event)
            if self.tried > before:
                answers.append(not given_up)
            return False

    return Watching(), answers


def card(folder, name, cut):
    """The sample's card with another cut on the transverse momentum of the hard process."""
    text = (ROOT / SAMPLES[name].card).read_text()
    lines = [line for line in text.splitlines() if "pTHatMin" not in line]
    path = folder / f"{name}.cmnd"
    path.write_text("\n".join([*lines, f"PhaseSpace:pTHatMin = {cut}", ""]))
    return path


@pytest.mark.parametrize(("name", "cut"), [("ttbar_hadronic_low", 180), ("qcd_low", 250)])
def test_hardly_any_event_with_a_jet_of_the_window_is_given_up(tmp_path, name, cut):
    """Of the jets of particles in the window, without a detector, the filter loses two at most."""
    sample = SAMPLES[name]
    hooks, passes = watching(sample)
    engine = pythia.start(card(tmp_path, name, cut), 5, hooks=hooks)
    found = particles.stable(particles.Generator(engine, EVENTS), EVENTS)
    assert len(passes) == EVENTS, "Pythia asks once an event"
    jets = events._gen_jets(found, sample.jets.radius)
    p4 = ak.to_numpy(ak.firsts(jets))
    low, high = sample.jets.pt
    inside = (kin.pt(p4) > low) & (kin.pt(p4) < high) & (abs(kin.eta(p4)) < sample.jets.abs_eta_max)
    assert inside.sum() > 30
    lost = inside & ~np.array(passes)
    assert lost.sum() <= 2
    assert np.mean(passes) < 0.7, "and most others are"


def test_a_part_says_how_many_were_tried(tmp_path):
    sample = SAMPLES["qcd_low"].model_copy(update={"detector": "none", "keep": "stable"})
    shared = sample.generation() | {"events_per_part": 40}
    about = {}
    for name, settings in (("with", shared), ("without", shared | {"parton_filter": None})):
        path = tmp_path / f"{name}.root"
        made = events.generate(
            events.Settings(**settings), "qcd_low", "test-0000", path, ROOT / sample.card
        )
        about[name] = rootfile.about(path)
        assert about[name]["tried_events"] == made["tried_events"]
    assert about["without"]["tried_events"] == 40
    tried = about["with"]["tried_events"]
    assert tried > 200
    # Pythia's cross section is that of the events that went on
    share = about["with"]["cross_section_pb"] / about["without"]["cross_section_pb"]
    assert share == pytest.approx(40 / tried, rel=0.5)
    assert json.dumps(about["with"])


def test_the_same_seed_gives_the_same_events(tmp_path):
    sample = SAMPLES["qcd_low"].model_copy(update={"detector": "none", "keep": "stable"})
    settings = events.Settings(**(sample.generation() | {"events_per_part": 5}))
    px = []
    for name in "ab":
        path = tmp_path / f"{name}.root"
        events.generate(settings, "qcd_low", "test-0000", path, ROOT / sample.card)
        px.append(rootfile.read(path, ["Particle.Px"])["Particle.Px"])
    assert ak.all(px[0] == px[1])
