"""The truth of jets, on events made by hand and on Pythia's own."""

import awkward as ak
import numpy as np
import pytest
from helpers_workflow import ROOT

from relearn import kinematics as kin
from relearn.data.jettruth import hadronic_tops, hard_pt, read_truth
from relearn.errors import UserError
from relearn.generate import rootfile

DELPHES = ROOT / "tests/data_files/delphes_jets_ATLAS.root"
R = 1.5
T, W, B = 6, 24, 5
MASS = 171.5  # GeV, of a top


def write(path, events, hat=None, gen_jets=None):
    """Write events of particles: pid, first and last daughter, pT, η, φ[, status, mother]."""
    names = ("PID", "D1", "D2", "PT", "Eta", "Phi", "Status", "M1", "Mass")
    rows = [[(*p, *(22, -1)[len(p) - 6 :]) for p in event] for event in events]
    rows = [[(*p, MASS if abs(p[0]) == T else 0.0) for p in event] for event in rows]
    flat = np.array([p for event in rows for p in event], dtype=float).reshape(-1, 9).T
    counts = [len(event) for event in rows]
    whole = {"PID", "D1", "D2", "Status", "M1"}
    columns = {
        name: ak.unflatten(one.astype(np.int32 if name in whole else np.float32), counts)
        for name, one in zip(names, flat, strict=True)
    }
    one_each = np.ones(len(events), dtype=int)
    event = {"Weight": ak.unflatten(np.ones(len(events)), one_each)}
    if hat is not None:
        event["PTHat"] = ak.unflatten(np.array(hat, dtype=float), one_each)
    jets = gen_jets or [[] for _ in events]
    flat = np.array([j for event in jets for j in event], dtype=float).reshape(-1, 4).T
    gen = {
        name: ak.unflatten(column, [len(event) for event in jets])
        for name, column in zip(("PT", "Eta", "Phi", "Mass"), flat, strict=True)
    }
    branches = {"Particle": ak.zip(columns), "Event": ak.zip(event), "GenJet": ak.zip(gen)}
    rootfile.write(path, [branches], {})
    return path


def top(at, pt=400.0, eta=0.0, phi=0.0, quarks=(2, -1), spread=((0.1, 0), (0, 0.2), (-0.3, 0))):
    """A top at position `at` of its event, its W and b, and the W's daughters, 5 particles.

    `spread`: (Δη, Δφ) of b and of both daughters.
    """
    b, q, p = ((pt / 3, eta + x, phi + y) for x, y in spread)
    return [
        (T, at + 1, at + 2, pt, eta, phi),
        (W, at + 3, at + 4, 2 * pt / 3, eta, phi),
        (B, -1, -1, *b),
        (quarks[0], -1, -1, *q),
        (quarks[1], -1, -1, *p),
    ]


def truth(path, *jets):
    """The truth of one jet an event, each (η, φ)."""
    return read_truth(
        path, kin.from_pt_eta_phi_mass(400.0, *np.array(jets, dtype=float).T, 80.0), R
    )


def test_distances_are_those_of_the_top_and_its_quarks(tmp_path):
    path = write(tmp_path / "e.root", [top(0, pt=321.0, eta=0.5, phi=1.0)], hat=[300.0])
    found = truth(path, (0.5, 0.6))
    assert found.top_pt == pytest.approx(321) and found.top_eta == pytest.approx(0.5)
    assert found.top_phi == pytest.approx(1.0) and found.top_mass == pytest.approx(MASS)
    assert found.hat_pt == pytest.approx(300)
    assert found.top_delta_r == pytest.approx(0.4)
    assert found.b_delta_r == pytest.approx(np.hypot(0.1, 0.4))
    # the nearer quark first: (−0.3, 0.4) and (0, 0.6)
    assert found.q1_delta_r == pytest.approx(0.5) and found.q2_delta_r == pytest.approx(0.6)
    assert found.merged


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize(("apart", "merged"), [(1.49, True), (1.51, False)])
def test_merged_if_all_three_are_within_r(tmp_path, which, apart, merged):
    spread = [(0.0, 0.1)] * 3
    spread[which] = (apart, 0.0)
    path = write(tmp_path / "e.root", [top(0, spread=spread)])
    assert truth(path, (0, 0)).merged == merged


def test_azimuth_goes_around(tmp_path):
    path = write(tmp_path / "e.root", [top(0, phi=3.1)])
    found = truth(path, (0.0, -3.1))
    assert found.top_delta_r == pytest.approx(2 * np.pi - 6.2, abs=1e-6)
    assert found.merged


def test_the_nearest_top_counts(tmp_path):
    pair = [*top(0, pt=500, eta=1.0), *top(5, pt=300, eta=-0.2)]
    events = [pair, [*top(0, pt=300, eta=-0.2), *top(5, pt=500, eta=1.0)]]
    found = truth(write(tmp_path / "e.root", events), (0, 0), (0, 0))
    np.testing.assert_allclose(found.top_pt, 300)
    np.testing.assert_allclose(found.top_delta_r, 0.2, atol=1e-6)


def test_leptonic_tops_do_not_count(tmp_path):
    both = [*top(0, eta=0.1, quarks=(-11, 12)), *top(5, eta=1.0, quarks=(4, -3))]
    events = [top(0, quarks=(-15, 16)), both, [(21, -1, -1, 400, 0, 0), (21, -1, -1, 400, 0, 3)]]
    found = truth(write(tmp_path / "e.root", events), (0, 0), (0, 0), (0, 0))
    np.testing.assert_allclose(found.top_delta_r, [np.inf, 1.0, np.inf])
    np.testing.assert_allclose(found.top_pt, [0, 400, 0])
    np.testing.assert_allclose(found.top_mass, [0, MASS, 0])
    for name in ("b_delta_r", "q1_delta_r", "q2_delta_r"):
        assert np.isinf(getattr(found, name)[[0, 2]]).all()
    np.testing.assert_array_equal(found.merged, [False, True, False])


def test_copies_are_followed_to_the_decay():
    # t → t → t W+ …: only the last top decays; W → W → q q̄; the daughters in either order
    pid = np.array([T, T, B, W, W, 2, -1, -T, -B, -W, 3, -4])
    first = np.array([1, 2, -1, 4, 5, -1, -1, 9, -1, 10, -1, -1])
    last = np.array([1, 3, -1, 4, 6, -1, -1, 8, -1, 11, -1, -1])
    tops, bottoms, quarks = hadronic_tops(pid, first, last, np.zeros(12, dtype=int))
    np.testing.assert_array_equal(tops, [1, 7])
    np.testing.assert_array_equal(bottoms, [2, 8])
    np.testing.assert_array_equal(quarks, [[5, 6], [10, 11]])


def test_positions_are_those_of_the_event():
    one = np.array([T, W, B, 2, -1])
    first, last = np.array([1, 3, -1, -1, -1]), np.array([2, 4, -1, -1, -1])
    start = np.repeat([0, 5], 5)
    tops, bottoms, quarks = hadronic_tops(*(np.tile(x, 2) for x in (one, first, last)), start)
    np.testing.assert_array_equal(tops, [0, 5])
    np.testing.assert_array_equal(bottoms, [2, 7])
    np.testing.assert_array_equal(quarks, [[3, 4], [8, 9]])


def test_nearest_jet_of_stable_particles(tmp_path):
    jets = [[(350, 1.0, 0, 50), (410, 0.1, 0.1, 90)], [(400, 1.6, 0, 70)], []]
    path = write(tmp_path / "e.root", [top(0)] * 3, gen_jets=jets)
    found = truth(path, (0, 0), (0, 0), (0, 0))
    np.testing.assert_allclose(found.gen_pt, [410, 0, 0])
    np.testing.assert_allclose(found.gen_mass, [90, 0, 0])


def test_hard_process_of_a_whole_record(tmp_path):
    """Delphes' record: beams, incoming partons (21), outgoing ones, and all that came of them."""
    # a resonance (22) of the decay, and a shower's parton, must not count, however hard
    event = [
        (2212, 2, 2, 0, 9, 0, 4, -1),
        (2212, 3, 3, 0, -9, 0, 4, -1),
        (21, 4, 5, 0, 9, 0, 21, 0),
        (21, 4, 5, 0, -9, 0, 21, 1),
        (T, 6, 7, 222.5, 0, 0, 22, 2),
        (-T, -1, -1, 222.5, 0, 3, 22, 2),
        (W, -1, -1, 300, 0, 0, 22, 4),
        (B, -1, -1, 280, 0, 0, 23, 4),
        (21, -1, -1, 900, 0, 0, 43, 3),
    ]
    path = write(tmp_path / "e.root", [event, event[:2]])
    np.testing.assert_allclose(hard_pt(path), [222.5, 0])


def test_hard_process_of_real_delphes():
    columns = rootfile.read(DELPHES, [f"Particle.{name}" for name in ("PID", "Status", "PT")])
    pid, status, pt = columns.values()
    tops = pt[(abs(pid) == T) & (abs(status) == 22)]
    assert ak.all(ak.num(tops) == 2)
    np.testing.assert_allclose(hard_pt(DELPHES), tops[:, 0])
    np.testing.assert_allclose(hard_pt(DELPHES), tops[:, 1])


def test_a_file_without_hard_process_is_named(tmp_path):
    event = ak.zip({"Weight": ak.Array([[1.0]])})
    rootfile.write(tmp_path / "e.root", [{"Event": event}], {})
    with pytest.raises(UserError, match="e.root has no branch Particle.PID"):
        truth(tmp_path / "e.root", (0, 0))
    with pytest.raises(UserError, match="e.root has no branch Particle.Status, Particle.M1"):
        hard_pt(tmp_path / "e.root")
