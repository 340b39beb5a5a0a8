"""Helices against a numerical integration, straight lines, mirror images and real Delphes."""

import numpy as np
import pytest
from helpers_detector import Delphes

from relearn.generate.cards import load
from relearn.generate.propagation import CURVATURE, leave_tracker, straight_out

CMS, ATLAS = load("CMS").tracker, load("ATLAS").tracker


def exits(px, py, pz, charge, x=0.0, y=0.0, z=0.0, tracker=CMS):
    values = [np.atleast_1d(np.asarray(v, float)) for v in (px, py, pz, charge, x, y, z)]
    return leave_tracker(*np.broadcast_arrays(*values), tracker)


def integrate(px, py, pz, charge, x, y, z, tracker, step=2e-4):
    """Walk along the momenta in small steps (m), turning them by the Lorentz force; η there."""
    position, momentum = np.array([x, y, z]) * 1e-3, np.array([px, py, pz])
    size = np.linalg.norm(momentum, axis=0)
    turn = -CURVATURE * charge * tracker.field * step / size
    cos, sin = np.cos(turn), np.sin(turn)
    half_cos, half_sin = np.cos(turn / 2), np.sin(turn / 2)

    def rotate(v, c, s):
        return np.array([c * v[0] - s * v[1], s * v[0] + c * v[1], v[2]])

    while True:
        inside = np.hypot(*position[:2]) < tracker.radius
        inside &= abs(position[2]) < tracker.half_length
        if not inside.any():
            return np.arcsinh(position[2] / np.hypot(*position[:2]))
        position = position + inside * step * rotate(momentum, half_cos, half_sin) / size
        momentum = rotate(momentum, cos, sin)


@pytest.mark.parametrize("tracker", [CMS, ATLAS], ids=["CMS", "ATLAS"])
def test_as_small_steps_say(tracker):
    rng = np.random.default_rng(6)
    n = 15
    pt, phi = 10 ** rng.uniform(-0.5, 2, n), rng.uniform(-np.pi, np.pi, n)
    pz, charge = pt * np.sinh(rng.uniform(-2.5, 2.5, n)), rng.choice([-1, 1], n)
    x, y, z = rng.normal(0, 20, n), rng.normal(0, 20, n), rng.normal(0, 50, n)
    tracks = (pt * np.cos(phi), pt * np.sin(phi), pz, charge, x, y, z)
    expected = integrate(*tracks, tracker)
    found = exits(*tracks, tracker=tracker)
    assert found.inside.all()
    np.testing.assert_allclose(found.eta, expected, atol=3e-3)


def test_a_fast_muon_from_the_origin_goes_straight():
    eta, phi = np.linspace(-2.4, 2.4, 25), np.linspace(-3, 3, 25)
    found = exits(1e5 * np.cos(phi), 1e5 * np.sin(phi), 1e5 * np.sinh(eta), 1)
    np.testing.assert_allclose(found.eta, eta, atol=1e-6)
    np.testing.assert_allclose(found.phi, phi, atol=1e-9)


def test_from_the_beam_line_the_azimuth_is_the_momentums():
    phi = np.linspace(-3.1, 3.1, 40)
    for charge in (-1, 1):
        found = exits(0.7 * np.cos(phi), 0.7 * np.sin(phi), 0.2, charge, z=30.0)
        np.testing.assert_allclose(found.phi, phi, atol=1e-9)


def test_the_azimuth_is_that_of_the_closest_approach():
    # a point further along the track of a particle from the origin: the same azimuth there
    radius = 2.0 / (CURVATURE * CMS.field)
    angle = 0.3
    for charge in (-1, 1):
        x, y = radius * np.sin(angle), -charge * radius * (1 - np.cos(angle))
        px, py = 2.0 * np.cos(angle), -charge * 2.0 * np.sin(angle)
        found = exits(px, py, 1.0, charge, x=1e3 * x, y=1e3 * y)
        assert found.phi == pytest.approx(0.0, abs=1e-9)


def test_opposite_charge_is_the_mirror_image():
    a = exits(1.2, 0.4, 0.9, 1, x=30, y=10, z=5)
    b = exits(1.2, -0.4, 0.9, -1, x=30, y=-10, z=5)
    assert a.eta == pytest.approx(b.eta, abs=1e-12)
    assert a.phi == pytest.approx(-b.phi, abs=1e-12)


def test_a_curler_leaves_through_the_endcap():
    # 2·pT/(0.3·B) = 0.53 m of CMS' 1.29 m: never at the barrel
    found = exits(0.3, 0.0, 0.1, 1)
    assert found.inside.all() and np.isfinite(found.eta).all()
    distance = CMS.half_length / np.sinh(found.eta)
    assert distance <= 2 * 0.3 / (CURVATURE * CMS.field) + 1e-9


def test_what_is_outside_is_dropped():
    found = exits(
        [1, 1, 1, 1e-6, 0.3],
        [0, 0, 0, 0, 0],
        [1, 1, 1, 1, 0],
        1,
        x=[0, 1300, 0, 0, 0],
        z=[0, 0, 3100, 0, 0],
    )
    np.testing.assert_array_equal(found.inside, [True, False, False, False, False])
    assert np.isnan(found.eta[1:]).all()


@pytest.mark.parametrize("card", ["CMS", "ATLAS"])
def test_tracks_as_in_delphes(card):
    real = Delphes(card)
    motion = real.tracks(*(f"Particle.{n}" for n in ("Px", "Py", "Pz", "Charge", "X", "Y", "Z")))
    found = leave_tracker(*motion, real.card.tracker)
    assert found.inside.all() and len(found.inside) > 250
    assert (np.abs(found.d0) > 0.1).sum() > 10
    names = ("EtaOuter", "PhiOuter", "Phi", "D0", "DZ")
    theirs = real.tracks(*(f"Track.{name}" for name in names))
    ours = (found.eta, found.phi_outer, found.phi, found.d0, found.z0)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=5e-5)


def neutral(px, py, pz, x=0.0, y=0.0, z=0.0, tracker=CMS):
    values = [np.atleast_1d(np.asarray(v, float)) for v in (px, py, pz, x, y, z)]
    return straight_out(*np.broadcast_arrays(*values), tracker)


def test_neutral_particles_from_the_origin_keep_their_direction():
    eta, phi = np.linspace(-6, 6, 60), np.linspace(-3.1, 3.1, 60)
    inside, outer, azimuth = neutral(np.cos(phi), np.sin(phi), np.sinh(eta))
    assert inside.all()
    np.testing.assert_allclose(outer, eta, atol=1e-12)
    np.testing.assert_allclose(azimuth, phi, atol=1e-12)


@pytest.mark.parametrize("tracker", [CMS, ATLAS], ids=["CMS", "ATLAS"])
def test_neutral_particles_end_on_the_wall(tracker):
    rng = np.random.default_rng(3)
    n = 300
    x, y = 1e3 * tracker.radius * (rng.random((2, n)) - 0.5)
    z = 1e3 * tracker.half_length * (2 * rng.random(n) - 1)
    px, py, pz = rng.normal(size=(3, n))
    inside, eta, phi = neutral(px, py, pz, x, y, z, tracker)
    assert inside.all()
    # the wall in the direction (η, φ), seen from the origin
    rho = np.minimum(tracker.radius, tracker.half_length / np.abs(np.sinh(eta)))
    end = 1e3 * np.stack([rho * np.cos(phi), rho * np.sin(phi), rho * np.sinh(eta)])
    way, p = end - np.stack([x, y, z]), np.stack([px, py, pz])
    along = (way * p).sum(axis=0) / np.sqrt((way**2).sum(axis=0) * (p**2).sum(axis=0))
    np.testing.assert_allclose(along, 1.0, atol=1e-9)


def test_neutral_and_very_fast_charged_particles_end_alike():
    rng = np.random.default_rng(5)
    n = 50
    px, py, pz = 1e6 * rng.normal(size=(3, n))
    x, y, z = 100 * rng.normal(size=(3, n))
    fast = exits(px, py, pz, 1, x, y, z)
    _, eta, phi = neutral(px, py, pz, x, y, z)
    np.testing.assert_allclose(fast.eta, eta, atol=1e-4)
    np.testing.assert_allclose(fast.phi_outer, phi, atol=1e-4)


def test_neutral_particles_outside_are_dropped():
    inside, eta, _ = neutral([1, 1, 1, 1e-6, 1], 0, 1, x=[0, 1300, 0, 0, 0], z=[0, 0, 3100, 0, 9])
    np.testing.assert_array_equal(inside, [True, False, False, False, True])
    assert np.isnan(eta[1:4]).all()


def test_closest_approach_of_a_displaced_particle():
    # nearly straight: d0 and z0 of the tangent
    found = exits(1e6, 0.0, 1e6, 1, x=3.0, y=-2.0, z=10.0)
    assert found.d0 == pytest.approx(2.0, abs=1e-4)  # x·sin φ − y·cos φ
    assert found.z0 == pytest.approx(7.0, abs=1e-4)
    other = exits(1e6, 0.0, 1e6, -1, x=3.0, y=2.0, z=10.0)
    assert other.d0 == pytest.approx(-2.0, abs=1e-4)
