"""The muons of the embedded detector against real Delphes.

``data_files/delphes_muons.npz`` holds true muons (pT above 5 GeV) of 600 Z→μμ events, and of
Delphes 3.5.1 run on 2000 such events: pT(track)/pT(true) − 1 of muon tracks with pT > 20 GeV and
|η| < 2.5, and m(reco)/m(true) − 1 of isolated pairs with a true mass of 60 to 120 GeV.
"""

import awkward as ak
import numpy as np
import pytest
from helpers_workflow import ROOT
from scipy import stats

from relearn import kinematics as kin
from relearn.generate import cards, response
from relearn.generate.detector import OBJECTS, simulate

REFERENCE = np.load(ROOT / "tests/data_files/delphes_muons.npz")
CARDS = ("CMS", "ATLAS")
REPEATS = 20


@pytest.fixture(scope="module")
def muons():
    """True muons of the reference's events, many times over."""
    counts = np.tile(REFERENCE["counts"], REPEATS)
    pid = np.tile(REFERENCE["pid"], REPEATS)
    columns = {"pid": pid, "charge": -np.sign(pid)}
    columns |= {n: np.tile(REFERENCE[n].astype(float), REPEATS) for n in ("px", "py", "pz")}
    columns |= {n: np.zeros(len(pid)) for n in ("x", "y", "z")}
    return ak.unflatten(ak.zip(columns), counts.astype(np.int64))


def muons_of(true, card="CMS", seed=0):
    return simulate(true, card, seed, objects=("muons",)).muons


def pt_eta(true):
    pt = np.hypot(true.px, true.py)
    return pt, np.arcsinh(true.pz / pt)


@pytest.mark.parametrize("card", CARDS)
def test_pt_residual_as_in_delphes(muons, card):
    seen = muons_of(muons, card, seed=3)
    true = muons[seen.particle]
    pt, eta = pt_eta(true)
    ours = ak.to_numpy(ak.flatten((seen.pt / pt - 1)[(pt > 20) & (abs(eta) < 2.4)]))
    theirs = REFERENCE[f"muon_dpt_{card}"]
    error = np.sqrt(stats.moment(theirs, 4) - theirs.var() ** 2) / (
        2 * theirs.std() * np.sqrt(len(theirs))
    )
    assert abs(ours.std() - theirs.std()) < 3 * error
    assert abs(ours.mean() - theirs.mean()) < 4 * theirs.std() / np.sqrt(len(theirs))
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize("card", CARDS)
def test_mass_residual_as_in_delphes(muons, card):
    seen = muons_of(muons, card, seed=4)
    pair = (ak.num(seen) == 2) & (ak.sum(seen.charge, axis=1) == 0)
    seen, true = seen[pair], muons[pair][seen[pair].particle]
    pt, eta = pt_eta(true)
    masses = []
    for transverse in (seen.pt, pt):
        one, two = (
            kin.from_pt_eta_phi_mass(transverse[:, i], eta[:, i], seen.phi[:, i], kin.MUON_MASS)
            for i in (0, 1)
        )
        masses.append(kin.mass(one + two))
    window = (masses[1] > 60) & (masses[1] < 120)
    ours = (masses[0] / masses[1] - 1)[window]
    theirs = REFERENCE[f"dimuon_dm_{card}"]
    assert abs(ours.std() - theirs.std()) < 4 * theirs.std() / np.sqrt(2 * len(theirs))
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize("card", CARDS)
def test_efficiency_is_the_cards(muons, card):
    numbers = cards.load(card).muons
    seen = muons_of(muons, card, seed=5)
    pt, eta = pt_eta(muons)
    for low, high, end in ((20, 40, 1.4), (40, 200, 1.4), (20, 200, 0.4)):
        inside = (pt > low) & (pt < high) & (abs(eta) < end)
        expected = 0.99 * numbers.identification.efficiency[0][0]
        true_pt, true_eta = pt_eta(muons[seen.particle])
        found = ak.sum((true_pt > low) & (true_pt < high) & (abs(true_eta) < end))
        total = ak.sum(inside)
        assert found / total == pytest.approx(
            expected, abs=4 * np.sqrt(expected * (1 - expected) / total)
        )


def test_acceptance(muons):
    for card, end in (("CMS", 2.4), ("ATLAS", 2.5)):
        seen = muons_of(muons, card)
        assert ak.min(seen.pt) > 10
        assert end - 0.05 < ak.max(abs(seen.eta)) < end + 0.01
        assert ak.all(ak.num(seen) <= ak.num(muons))
        true = muons[seen.particle]
        assert ak.all(seen.charge == true.charge)
        np.testing.assert_allclose(ak.flatten(seen.eta), ak.flatten(pt_eta(true)[1]), atol=1e-12)


def test_the_seed_decides(muons):
    few = muons[:200]
    a, b, c = (muons_of(few, seed=seed) for seed in (1, 1, 2))
    assert ak.almost_equal(a, b)
    assert not ak.almost_equal(a, c)


def test_other_particles_are_no_muons(muons):
    few = muons[:50]
    electrons = ak.with_field(few, ak.where(few.pid > 0, 11, -11), "pid")
    both = ak.concatenate([electrons, few], axis=1)
    seen = muons_of(both, seed=1)
    assert ak.sum(ak.num(seen)) > 0
    assert ak.all(abs(both.pid[seen.particle]) == 13)


def test_no_muon_at_all(muons):
    none = muons[:7][muons.pid[:7] == 0]
    assert ak.num(muons_of(none)).tolist() == [0] * 7


def test_what_is_unknown_is_said(muons):
    with pytest.raises(ValueError, match=f"{OBJECTS[-1]}, not jets"):
        simulate(muons[:2], objects=("muons", "jets"))


def test_outer_pseudorapidity_decides():
    # from z = 1 m on, a central muon leaves where |η| is large: efficiency of the forward bin
    n = 20000
    ones = np.ones(n)
    columns = {"pid": 13 * ones, "charge": -ones, "px": 0.9 * ones, "py": 0 * ones}
    columns |= {"pz": 0.9 * 1.2 * ones, "x": 0 * ones, "y": 0 * ones, "z": 1900 * ones}
    numbers = cards.load("CMS")
    eta_at_the_wall = response.efficiency(numbers.muons.tracking, 0.9 * ones[:1], np.array([1.6]))
    assert eta_at_the_wall == 0.70
    from relearn.generate.propagation import leave_tracker

    flat = {key: columns[key][:1] for key in ("px", "py", "pz", "charge", "x", "y", "z")}
    outer = leave_tracker(**flat, tracker=numbers.tracker).eta
    assert outer > np.arcsinh(1.2) + 0.3
