"""The quick ways of finding prompt muons against a slow walk through every ancestor."""

import awkward as ak
import numpy as np
import pytest
from helpers_workflow import ROOT

from relearn.errors import UserError
from relearn.generate import particles, pythia

SAMPLES = ("zmumu", "ttbar_mumu")
EVENTS = 60


def started(sample, multiple_interactions=False, seed=11, events=EVENTS):
    engine = pythia.start(ROOT / f"config/pythia/{sample}.cmnd", seed, multiple_interactions)
    return particles.Generator(engine, events)


def ancestors(event, index):
    """Every ancestor of a particle, through all mothers of all mothers, the beams aside."""
    seen, todo = set(), list(event[index].motherList())
    while todo:
        mother = todo.pop()
        if mother > 2 and mother not in seen:
            seen.add(mother)
            todo += event[mother].motherList()
    return [event[i] for i in seen]


def slow_prompt_muons(event):
    """Final muons of which no ancestor is a hadron, τ or photon."""
    return [
        i
        for i in range(event.size())
        if event[i].isFinal()
        and event[i].idAbs() == 13
        and not any(a.isHadron() or a.idAbs() == 15 or a.id() == 22 for a in ancestors(event, i))
    ]


@pytest.mark.parametrize("multiple_interactions", [False, True], ids=["hard", "with MPI"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_hard_muons_are_the_prompt_muons(sample, multiple_interactions):
    events = 10 if multiple_interactions else EVENTS
    generator = started(sample, multiple_interactions)
    others = 0
    for _ in range(events):
        generator.next()
        event = generator.pythia.event
        found = sorted(particles.hard_muons(event))
        assert found == slow_prompt_muons(event)
        assert sorted(event[i].id() for i in found) == [-13, 13]
        finals = [i for i in range(event.size()) if event[i].isFinal() and event[i].idAbs() == 13]
        others += len(finals) - len(found)
    assert others > 0 or sample == "zmumu", "no muon from a hadron: nothing was tested"


@pytest.mark.parametrize("sample", SAMPLES)
def test_whole_events_and_prompt_muons_agree(sample):
    muons, weights = particles.prompt_muons(started(sample), EVENTS)
    assert np.array_equal(weights, np.ones(EVENTS))
    whole = particles.stable(started(sample), EVENTS)
    again = whole[whole.prompt]
    assert np.all(ak.num(muons) == 2) and np.all(ak.num(again) == 2)
    order = [ak.argsort(each.pid) for each in (muons, again)]
    muons, again = muons[order[0]], again[order[1]]
    for name in particles.FIELDS:
        assert ak.all(muons[name] == again[name]), name


@pytest.mark.parametrize("sample", SAMPLES)
def test_prompt_in_whole_events_as_the_slow_walk_says(sample):
    slow = []
    generator = started(sample)
    for _ in range(EVENTS):
        generator.next()
        event = generator.pythia.event
        slow.append([event[i].px() for i in slow_prompt_muons(event)])
    whole = particles.stable(started(sample), EVENTS)
    assert ak.all(whole[whole.prompt].px == ak.Array(slow))
    assert set(ak.flatten(abs(whole[whole.prompt].pid)).tolist()) == {13}


@pytest.mark.parametrize("sample", SAMPLES)
def test_stable_particles_conserve_what_the_beams_had(sample):
    whole = particles.stable(started(sample), EVENTS)
    assert ak.all(abs(ak.sum(whole.e, axis=1) - 13000) < 1e-2)
    for name in ("px", "py", "pz"):
        assert ak.all(abs(ak.sum(whole[name], axis=1)) < 1e-2)
    assert ak.all(ak.sum(whole.charge, axis=1) == 2)
    shell = whole.e**2 - whole.px**2 - whole.py**2 - whole.pz**2 - whole.mass**2
    assert ak.all(abs(shell) < 1e-9 * whole.e**2 + 1e-6)


def test_both_w_decay_to_muons():
    generator = started("ttbar_mumu")
    for _ in range(20):
        generator.next()
        event = generator.pythia.event
        for index in particles.hard_muons(event):
            above = [a.id() for a in ancestors(event, index)]
            assert (24 if event[index].id() == -13 else -24) in above
            assert (6 if event[index].id() == -13 else -6) in above


def test_hadrons_as_pythia_knows_them():
    engine = started("zmumu").pythia
    codes, kind = [1], 1
    while (kind := engine.particleData.nextId(kind)) != 0:
        codes.append(kind)
    ordinary = np.array([c for c in codes if c < 1_000_000 or 9_000_000 < c < 9_900_000])
    expected = [engine.particleData.isHadron(int(c)) for c in ordinary]
    wrong = ordinary[particles.is_hadron(ordinary) != np.array(expected)]
    assert wrong.tolist() == []
    assert len(ordinary) > 300


class Failing:
    """A Pythia that gives up every event but some."""

    def __init__(self, success_every):
        self.calls, self.every = 0, success_every

    def next(self):
        self.calls += 1
        return self.calls % self.every == 0


def test_a_rare_failure_is_made_good():
    engine = Failing(success_every=2)
    generator = particles.Generator(engine, 1000)
    for _ in range(20):
        generator.next()
    assert (generator.failed, engine.calls) == (20, 40)


def test_a_card_that_fails_all_the_time_stops():
    generator = particles.Generator(Failing(success_every=10**9), 1000)
    with pytest.raises(UserError, match="gave up 21 events"):
        generator.next()
