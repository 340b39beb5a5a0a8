"""Energy flow in closed form, and cell by cell as in real Delphes events."""

import awkward as ak
import numpy as np
import pytest
from helpers_detector import Delphes
from hypothesis import given
from hypothesis import strategies as st

from relearn.generate import cards, response
from relearn.generate.calorimeter import OUTSIDE, Cells, locate
from relearn.generate.energyflow import subtract

HCAL = cards.load("CMS").hcal  # least energy 1 GeV, least significance 1


def cells(energy, variance, key=None):
    energy = np.asarray(energy, dtype=float)
    key = np.arange(len(energy)) if key is None else key
    none = np.zeros(len(energy))
    edges = np.zeros((len(energy), 2))
    return Cells(key, key, energy, np.asarray(variance, float), none, none, edges, edges)


def share(energy, variance, tracks, relative):
    """One cell with tracks: its neutral energy, and the factor of the tracks' pT."""
    where = np.zeros(len(tracks), dtype=int)
    neutral, scale = subtract(
        HCAL, cells([energy], [variance]), where, np.array(tracks), np.array(relative)
    )
    return neutral[0], scale


def test_without_tracks_all_is_neutral():
    neutral, scale = share(20.0, 4.0, [], [])
    assert neutral == 20.0 and len(scale) == 0
    # as a tower: least energy and significance, both excluded
    assert share(1.0, 0.01, [], [])[0] == 0.0
    assert share(2.0, 4.0, [], [])[0] == 0.0
    assert share(2.001, 4.0, [], [])[0] == 2.001


def test_tracks_and_cell_share_the_mean_weighted_with_their_variances():
    # T = 10 ± 1, E = 12 ± 3: an excess of 2 is less than √10
    neutral, scale = share(12.0, 9.0, [10.0], [0.1])
    assert neutral == 0.0
    assert scale == pytest.approx((10 / 1 + 12 / 9) / (1 + 1 / 9) / 10)
    # a deficit is never neutral
    neutral, scale = share(3.0, 9.0, [10.0], [0.1])
    assert neutral == 0.0
    assert scale == pytest.approx((10 / 1 + 3 / 9) / (1 + 1 / 9) / 10)


def test_a_significant_excess_is_neutral_and_leaves_the_tracks():
    neutral, scale = share(14.0, 9.0, [6.0, 4.0], [0.1, 0.1])
    assert neutral == pytest.approx(4.0)  # √(0.36 + 0.16 + 9) = 3.09
    np.testing.assert_array_equal(scale, 1.0)


def test_tracks_of_a_cell_have_one_factor():
    neutral, scale = share(11.0, 9.0, [6.0, 4.0], [0.1, 0.2])
    tracks = 0.6**2 + 0.8**2
    assert scale == pytest.approx((10 / tracks + 11 / 9) / (1 / tracks + 1 / 9) / 10)
    assert neutral == 0.0 and scale[0] == scale[1]


def test_measurements_without_uncertainty_have_no_weight():
    assert share(10.5, 1.0, [10.0], [0.0])[1] == pytest.approx(1.05)
    assert share(10.5, 0.0, [10.0], [0.1])[1] == pytest.approx(1.0)
    # two exact ones: any excess above the least energy is neutral, less changes nothing
    neutral, scale = share(10.5, 0.0, [10.0], [0.0])
    assert neutral == 0.0 and scale == 1.0
    assert share(11.5, 0.0, [10.0], [0.0])[0] == pytest.approx(1.5)


def test_a_track_in_no_measured_cell_keeps_its_momentum():
    known = cells([5.0], [1.0], key=np.array([7]))
    key = np.array([OUTSIDE, 3, 7, 9])
    neutral, scale = subtract(HCAL, known, key, np.full(4, 4.0), np.full(4, 0.1))
    assert (scale[[0, 1, 3]] == 1).all() and scale[2] != 1
    assert neutral == 0
    nothing = cells([], [])
    neutral, scale = subtract(HCAL, nothing, key, np.full(4, 4.0), np.full(4, 0.1))
    assert len(neutral) == 0 and (scale == 1).all()


def test_a_fraction_of_a_track():
    # half of the track's energy is expected here, all of its uncertainty
    whole = cells([10.0], [9.0])
    one = subtract(HCAL, whole, np.array([0]), np.array([10.0]), np.array([0.1]), np.array([0.5]))
    assert one[0] == pytest.approx(5.0)
    assert 5.0 > np.sqrt(1 + 9)


@given(
    st.floats(0.1, 500),
    st.floats(0.01, 100),
    st.lists(st.tuples(st.floats(0.1, 200), st.floats(0.01, 1.0)), min_size=1, max_size=5),
)
def test_the_energy_kept_lies_between_both_measurements(energy, variance, tracks):
    track, relative = np.array(tracks).T
    neutral, scale = share(energy, variance, track, relative)
    kept = neutral + (scale * track).sum()
    low, high = sorted((energy, track.sum()))
    assert low * (1 - 1e-9) <= kept <= high * (1 + 1e-9)
    if neutral:
        assert kept == pytest.approx(energy)


@pytest.mark.parametrize("card", ["CMS", "ATLAS"])
@pytest.mark.parametrize("calorimeter", ["ecal", "hcal"])
def test_every_cell_as_delphes_has_shared_it(card, calorimeter):
    real = Delphes(card)
    numbers = getattr(real.card, calorimeter)
    branch, flow = {"ecal": ("Eem", "EFlowPhoton"), "hcal": ("Ehad", "EFlowNeutralHadron")}[
        calorimeter
    ]
    energy, eta, phi = real.flat(f"Tower.{branch}", "Tower.Eta", "Tower.Phi")
    hit = np.flatnonzero(energy > 0)
    key = locate(numbers, real.event("Tower.ET")[hit], eta[hit], phi[hit])
    order = np.argsort(key)
    ring = np.searchsorted(np.cumsum(numbers.cells), key[order] % numbers.cells.sum(), "right")
    noise, stochastic, constant = numbers.variances[ring].T
    energy = energy[hit][order]
    found = cells(energy, noise + energy * (stochastic + energy * constant), key[order])

    event = real.event("Track.PT")
    pid, pt, eta, mass, outer, phi, true = real.tracks(
        "Track.PID",
        "Track.PT",
        "Track.Eta",
        "Track.Mass",
        "Track.EtaOuter",
        "Track.PhiOuter",
        "Particle.PT",
    )
    code = np.abs(pid)
    mine = np.flatnonzero(code == 11 if calorimeter == "ecal" else (code != 11) & (code != 13))
    kind = real.card.electrons if calorimeter == "ecal" else real.card.hadrons
    relative = response.relative_resolution(kind.resolution, true, outer)
    at = locate(numbers, event[mine], outer[mine], phi[mine])
    total = np.hypot(pt * np.cosh(eta), mass)[mine]
    neutral, scale = subtract(numbers, found, at, total, relative[mine])

    theirs, eta, phi = real.flat(f"{flow}.ET", f"{flow}.Eta", f"{flow}.Phi")
    place = locate(numbers, real.event(f"{flow}.ET"), eta, phi)
    order = np.argsort(place)
    np.testing.assert_array_equal(found.key[neutral > 0], place[order])
    np.testing.assert_allclose(neutral[neutral > 0], (theirs * np.cosh(eta))[order], rtol=1e-4)

    # a cell below threshold is not in the file, so that its draw is not known
    known = np.isin(at, found.key)
    assert known.sum() >= (2 if calorimeter == "ecal" else 100)
    flow_pt, flow_phi, flow_eta = real.flat("EFlowTrack.PT", "EFlowTrack.Phi", "EFlowTrack.Eta")
    phi, eta = real.flat("Track.Phi", "Track.Eta")
    after = dict(zip(zip(flow_eta, flow_phi, strict=True), flow_pt, strict=True))
    got = np.array([after[one] for one in zip(eta[mine], phi[mine], strict=True)])
    np.testing.assert_allclose((got / pt[mine])[known], scale[known], rtol=1e-5)


def test_missing_et_of_the_energy_flow_as_in_delphes():
    real = Delphes("CMS")
    x, y = np.zeros(3), np.zeros(3)
    for one, size in (("EFlowTrack", "PT"), ("EFlowPhoton", "ET"), ("EFlowNeutralHadron", "ET")):
        pt, phi = real.flat(f"{one}.{size}", f"{one}.Phi")
        event = real.event(f"{one}.Phi")
        x -= np.bincount(event, pt * np.cos(phi), minlength=3)
        y -= np.bincount(event, pt * np.sin(phi), minlength=3)
    met, phi = real.flat("MissingET.MET", "MissingET.Phi")
    np.testing.assert_allclose(x, met * np.cos(phi), atol=1e-3)
    np.testing.assert_allclose(y, met * np.sin(phi), atol=1e-3)
    assert real.card.missing_et == "eflow"


def test_missing_et_of_towers_and_muons_as_in_delphes():
    real = Delphes("ATLAS")  # whose towers hold the muons
    pt, phi = real.flat("Tower.ET", "Tower.Phi")
    event = real.event("Tower.ET")
    met, met_phi = real.flat("MissingET.MET", "MissingET.Phi")
    for part in (np.cos, np.sin):
        total = -np.bincount(event, pt * part(phi), minlength=3)
        np.testing.assert_allclose(total, met * part(met_phi), atol=1e-3)
    assert real.card.missing_et == "towers_and_muons"
    assert ak.all(met > 0)
