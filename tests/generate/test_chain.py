"""Single particles through the whole detector, and what holds for all events."""

import awkward as ak
import numpy as np
import pytest
from helpers_detector import exact_card, particles, stable

from relearn.generate import cards, detector
from relearn.generate.detector import OBJECTS, simulate
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK

CARDS = pytest.mark.parametrize("card", ["CMS", "ATLAS"])
PION, KLONG, KSHORT, NEUTRINO = 211, 130, 310, 12


@pytest.fixture
def exact(monkeypatch):
    """Without fluctuations, thresholds or losses."""
    monkeypatch.setattr(detector, "load", exact_card)


@CARDS
def test_a_photon_is_one_tower_and_one_photon(card, exact):
    seen = simulate(particles([[(22, 50.0, 1.2, 0.5)]]), card)
    assert ak.num(seen.towers).tolist() == ak.num(seen.eflow).tolist() == [1]
    tower, flow = seen.towers[0, 0], seen.eflow[0, 0]
    low, high, left, right = tower.edges
    assert low < 1.2 <= high and left < 0.5 <= right
    assert low < tower.eta <= high and left < tower.phi <= right
    energy = 50 * np.cosh(1.2)
    assert (tower.em, tower.had) == (pytest.approx(energy), 0)
    assert (flow.kind, flow.charge, flow.particle) == (PHOTON, 0, -1)
    assert flow.pt == pytest.approx(energy / np.cosh(flow.eta))
    assert (flow.eta, flow.phi) == (tower.eta, tower.phi)
    assert seen.missing_et.pt[0] == pytest.approx(flow.pt)
    assert abs(seen.missing_et.phi[0]) == pytest.approx(np.pi - flow.phi)


@CARDS
def test_who_leaves_what_where(card, exact):
    kinds = [PION, -PION, 11, 13, 22, KLONG, KSHORT, NEUTRINO]
    seen = simulate(particles([[(kind, 50.0, 0.4, 0.5)] for kind in kinds]), card)
    energy = 50 * np.cosh(0.4)
    em, had = ak.sum(seen.towers.em, axis=1), ak.sum(seen.towers.had, axis=1)
    whole = np.array([0, 0, 1, 0, 1, 0, 0.3, 0])
    np.testing.assert_allclose(em, energy * whole, rtol=1e-4, atol=1e-9)
    whole = np.array([1, 1, 0, 0, 0, 1, 0.7, 0])
    np.testing.assert_allclose(had, energy * whole, rtol=1e-4, atol=1e-9)
    kinds = [[TRACK]] * 4 + [[PHOTON], [NEUTRAL_HADRON], [PHOTON, NEUTRAL_HADRON], []]
    assert seen.eflow.kind.tolist() == kinds
    np.testing.assert_allclose(seen.missing_et.pt[-1], 0)


@CARDS
def test_energy_is_conserved_without_fluctuations(card, exact):
    rng = np.random.default_rng(4)
    kinds = rng.choice([PION, -PION, 22, KLONG, 11, KSHORT], 400)
    rows = list(
        zip(
            kinds,
            rng.uniform(1, 60, 400),
            rng.uniform(-4, 4, 400),
            rng.uniform(-3, 3, 400),
            strict=True,
        )
    )
    true = particles([rows[:150], [], rows[150:]])
    seen = simulate(true, card)
    np.testing.assert_allclose(ak.sum(seen.towers.energy, axis=1), ak.sum(true.e, axis=1))
    flow = seen.eflow
    energy = np.sqrt((flow.pt * np.cosh(flow.eta)) ** 2 + flow.mass**2)
    np.testing.assert_allclose(ak.sum(energy, axis=1), ak.sum(true.e, axis=1))


@CARDS
def test_a_track_and_a_neutral_particle_in_one_cell(card, exact):
    pair = [(-PION, 400.0, 0.05, 0.05), (KLONG, 30.0, 0.05, 0.05)]
    seen = simulate(particles([pair]), card)
    flow = seen.eflow[0]
    assert flow.kind.tolist() == [TRACK, NEUTRAL_HADRON]
    assert flow.pt[0] == pytest.approx(400)
    np.testing.assert_allclose(flow.pt[1] * np.cosh(flow.eta[1]), 30 * np.cosh(0.05), rtol=1e-3)


@CARDS
def test_leptons_and_photons_alone_and_in_a_jet(card):
    n = 3000
    alone = [(11, 40.0, 0.5, 1.0), (13, 40.0, -0.5, -2.0), (22, 40.0, -1.0, 2.5)]
    crowd = [(KLONG, 40.0, eta, phi) for _, _, eta, phi in alone]
    far = [(KLONG, 40.0, eta + 1.2, phi) for _, _, eta, phi in alone]
    for company, isolated in ((far, True), (crowd, False)):
        seen = simulate(particles([alone + company] * n), card, seed=2)
        for name, efficiency in (("electrons", 0.95**2), ("muons", 0.99 * 0.95), ("photons", 0.95)):
            found = seen[name]
            # an electron without a track, or measured too low, is a photon too
            found = found[abs(found.phi - (2.5 if name == "photons" else found.phi)) < 0.1]
            assert ak.max(ak.num(found)) == 1
            share = ak.sum(ak.num(found)) / n
            tolerance = 4.5 * np.sqrt(efficiency * (1 - efficiency) / n)
            assert share == pytest.approx(efficiency, abs=tolerance)
            assert ak.mean(found.isolated) > 0.95 if isolated else not ak.any(found.isolated)
            np.testing.assert_allclose(ak.mean(found.pt), 40, rtol=0.02)


@CARDS
def test_particles_refer_to_true_ones(card):
    true = stable("ttbar")
    seen = simulate(true, card, seed=3)
    for name in ("tracks", "electrons", "muons"):
        source = true[seen[name].particle]
        assert ak.all(seen[name].charge == source.charge)
    flow = seen.eflow[seen.eflow.kind == TRACK]
    assert ak.all(flow.particle == seen.tracks.particle)
    assert ak.all(flow.pid == true[flow.particle].pid)
    assert ak.all(seen.tracks.d0 == flow.d0)
    assert ak.sum(flow.pt != seen.tracks.pt) > 100
    first = ak.argmax(seen.eflow.kind != TRACK, axis=1)
    assert ak.all(ak.local_index(seen.eflow)[seen.eflow.kind == TRACK] < first)


@CARDS
def test_missing_et_is_what_the_card_adds_up(card):
    true = stable("zmumu")
    seen = simulate(true, card, seed=3)
    if card == "CMS":
        pt, phi = seen.eflow.pt, seen.eflow.phi
    else:
        muons = seen.eflow[abs(seen.eflow.pid) == 13]
        pt = ak.concatenate([seen.towers.pt, muons.pt], axis=1)
        phi = ak.concatenate([seen.towers.phi, muons.phi], axis=1)
    assert ak.sum(abs(seen.eflow.pid) == 13) > 10
    for part in (np.cos, np.sin):
        total = ak.to_numpy(-ak.sum(pt * part(phi), axis=1))
        np.testing.assert_allclose(seen.missing_et.pt * part(seen.missing_et.phi), total, atol=1e-9)


@CARDS
def test_muons_are_the_same_whatever_else_is_wanted(card):
    true = stable("zmumu")
    few = simulate(true, card, seed=8, objects=("muons",)).muons
    all_of_them = simulate(true, card, seed=8, objects=("muons", "eflow")).muons
    assert ak.sum(ak.num(few)) > 10
    assert few.particle.tolist() == all_of_them.particle.tolist()
    for name in ("pt", "eta", "phi", "mass"):
        np.testing.assert_allclose(ak.flatten(few[name]), ak.flatten(all_of_them[name]), rtol=1e-12)
    assert "isolated" not in few.fields and "isolated" in all_of_them.fields


def test_the_seed_decides():
    true = stable("ttbar")[:5]
    one, same, other = (simulate(true, seed=seed) for seed in (1, 1, 2))
    assert ak.almost_equal(one, same)
    assert ak.sum(one.eflow.pt) != ak.sum(other.eflow.pt)


@pytest.mark.parametrize(
    "events", [[[]], [[], []], [[(NEUTRINO, 30.0, 0.0, 0.0)]], [[(22, 9.0, 7.0, 0.0)]]]
)
def test_nothing_to_see(events):
    seen = simulate(particles(events))
    assert len(seen) == len(events)
    assert set(seen.fields) == set(OBJECTS)
    for name in OBJECTS[:-1]:
        assert ak.num(seen[name]).tolist() == [0] * len(events)
    assert seen.missing_et.pt.tolist() == [0.0] * len(events)


def test_one_event_and_none():
    seen = simulate(stable("ttbar")[:1])
    assert len(seen) == 1 and ak.num(seen.eflow)[0] > 50
    assert len(simulate(stable("ttbar")[:0])) == 0


def test_made_outside_nothing_is_seen():
    row = (50.0, 0.4, 0.5, 1400.0, 0.0, 0.0)
    seen = simulate(particles([[(PION, *row), (22, *row), (13, *row)]]))
    assert ak.num(seen.eflow)[0] == ak.num(seen.towers)[0] == ak.num(seen.tracks)[0] == 0


def test_a_parsed_card_follows_its_file(tmp_path):
    text = (cards.SHIPPED / "CMS.yaml").read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)
    true = particles([[(22, 50.0, 1.0, 0.0)]] * 50)
    before = simulate(true, mine, objects=("towers",))
    mine.write_text(text.replace("energy_min: 0.5 ", "energy_min: 500 "))
    after = simulate(true, mine, objects=("towers",))
    assert ak.sum(ak.num(before.towers)) == 50 and ak.sum(ak.num(after.towers)) == 0
