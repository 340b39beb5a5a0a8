"""What networks learn of a muon pair, against scikit-hep's `vector` and closed forms."""

import numpy as np
import pytest
import vector
from helpers_training import muons
from hypothesis import given
from hypothesis import strategies as st

from relearn import config
from relearn.data import dimuon

PAIRS = muons(3000, seed=21)


def sides():
    names = ("E", "px", "py", "pz")
    return [
        vector.array({name: PAIRS[:, first + i] for i, name in enumerate(names)})
        for first in (0, 4)
    ]


def collins_soper(minus, plus):
    """The talk's formula, from light-cone components."""
    pair = minus + plus
    up, down = (lambda p: p.E + p.pz), (lambda p: p.E - p.pz)
    product = up(minus) * down(plus) - down(minus) * up(plus)
    return np.sign(pair.pz) * product / (pair.mass * np.sqrt(pair.mass**2 + pair.pt**2))


BY_VECTOR = {
    "pt": lambda a, b: (a + b).pt,
    "mass": lambda a, b: (a + b).mass,
    "rapidity": lambda a, b: (a + b).rapidity,
    "cos_theta_cs": collins_soper,
    "abs_cos_theta_cs": lambda a, b: np.abs(collins_soper(a, b)),
    "abs_delta_eta": lambda a, b: np.abs(a.deltaeta(b)),
    "abs_delta_phi": lambda a, b: np.abs(a.deltaphi(b)),
    "delta_r": lambda a, b: a.deltaR(b),
    "gamma": lambda a, b: (a + b).gamma,
}


@pytest.mark.parametrize("name", dimuon.TARGETS)
def test_targets_are_those_of_vector(name):
    found = dimuon.targets(PAIRS)[name]
    assert found.shape == (len(PAIRS), 1) and found.dtype == np.float64
    np.testing.assert_allclose(found[:, 0], BY_VECTOR[name](*sides()), rtol=1e-9, atol=1e-9)


def test_config_allows_these_targets_and_no_other():
    assert set(config.DIMUON_TARGETS) == set(dimuon.TARGETS)
    with_unit = {name for name, target in dimuon.TARGETS.items() if target.unit}
    assert with_unit == {"pt", "mass", "abs_delta_phi"}


def decay(mass, cosine, phi, beta_t, beta_l):
    """A pair of massless leptons (1, 8): at rest, boosted along x, then along the beam."""
    sine = np.sqrt(1 - cosine**2)
    direction = np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])
    rows = []
    for sign in (1, -1):
        e, x, y, z = np.array([1.0, *(sign * direction)]) * mass / 2
        gamma = 1 / np.sqrt(1 - beta_t**2)
        e, x = gamma * (e + beta_t * x), gamma * (x + beta_t * e)
        gamma = 1 / np.sqrt(1 - beta_l**2)
        e, z = gamma * (e + beta_l * z), gamma * (z + beta_l * e)
        rows.append([e, x, y, z])
    return np.array(rows).reshape(1, 8)


speeds = st.floats(-0.95, 0.95)


@given(st.floats(10, 500), st.floats(-1, 1), st.floats(-np.pi, np.pi), speeds, speeds.filter(bool))
def test_a_decay_whose_boosts_and_angle_are_known(mass, cosine, phi, beta_t, beta_l):
    """The Collins–Soper axis is the beam's at rest, for a boost across it and one along it."""
    found = {
        k: v[0, 0] for k, v in dimuon.targets(decay(mass, cosine, phi, beta_t, beta_l)).items()
    }
    gamma_t, gamma_l = (1 / np.sqrt(1 - beta**2) for beta in (beta_t, beta_l))
    sure = pytest.approx
    assert found["mass"] == sure(mass, rel=1e-9)
    assert found["pt"] == sure(mass * gamma_t * abs(beta_t), rel=1e-9, abs=1e-9 * mass)
    assert found["gamma"] == sure(gamma_t * gamma_l, rel=1e-9)
    assert found["rapidity"] == sure(np.arctanh(beta_l), abs=1e-8)
    if abs(beta_l) > 1e-6:  # below, the sign of the pair's pz is rounding
        assert found["cos_theta_cs"] == sure(np.sign(beta_l) * cosine, abs=1e-8)
    assert found["abs_cos_theta_cs"] == sure(abs(cosine), abs=1e-8)


@given(st.floats(10, 500), st.floats(-0.99, 0.99), st.floats(-np.pi, np.pi), speeds)
def test_back_to_back_in_the_transverse_plane(mass, cosine, phi, beta_l):
    """Without transverse momentum Δφ = π and Δη = 2 artanh cosθ, under any boost of the beam."""
    found = {k: v[0, 0] for k, v in dimuon.targets(decay(mass, cosine, phi, 0.0, beta_l)).items()}
    assert found["abs_delta_phi"] == pytest.approx(np.pi, abs=1e-6)
    assert found["abs_delta_eta"] == pytest.approx(2 * abs(np.arctanh(cosine)), abs=1e-6)
    assert found["delta_r"] == pytest.approx(np.hypot(np.pi, 2 * np.arctanh(cosine)), abs=1e-6)
