"""Kinematics against scikit-hep's `vector`, closed forms and invariances."""

import numpy as np
import pytest
import vector
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relearn import kinematics as kin

finite = st.floats(-1e3, 1e3).map(lambda x: round(x, 6))
momenta = hnp.arrays(np.float64, (2, 3), elements=finite)
masses = hnp.arrays(np.float64, 2, elements=st.floats(0.1, 500))
boosts = st.floats(-0.99, 0.99)


def p4(three, mass):
    energy = np.sqrt((three**2).sum(-1) + np.asarray(mass) ** 2)
    return np.concatenate([energy[..., None], three], axis=-1)


def sample(n=2000, seed=1):
    rng = np.random.default_rng(seed)
    return p4(rng.normal(0, 60, (n, 3)), rng.uniform(0.1, 5, n))


def as_vector(a):
    return vector.array({"E": a[..., 0], "px": a[..., 1], "py": a[..., 2], "pz": a[..., 3]})


def boost_z(a, beta):
    gamma = 1 / np.sqrt(1 - beta**2)
    out = a.copy()
    out[..., 0] = gamma * (a[..., 0] + beta * a[..., 3])
    out[..., 3] = gamma * (a[..., 3] + beta * a[..., 0])
    return out


def rotate_z(a, angle):
    out = a.copy()
    out[..., 1] = np.cos(angle) * a[..., 1] - np.sin(angle) * a[..., 2]
    out[..., 2] = np.sin(angle) * a[..., 1] + np.cos(angle) * a[..., 2]
    return out


@pytest.mark.parametrize("name", ["mass", "pt", "eta", "phi", "rapidity", "gamma"])
def test_one_vector_as_in_vector(name):
    a = sample()
    np.testing.assert_allclose(getattr(kin, name)(a), getattr(as_vector(a), name), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("delta_r", "deltaR"), ("delta_phi", "deltaphi"), ("delta_eta", "deltaeta")],
)
def test_two_vectors_as_in_vector(name, theirs):
    a, b = sample(seed=1), sample(seed=2)
    expected = getattr(as_vector(a), theirs)(as_vector(b))
    np.testing.assert_allclose(getattr(kin, name)(a, b), expected, atol=1e-10)


def test_any_leading_axes():
    a = sample(24).reshape(2, 3, 4, 4)
    for function in (kin.mass, kin.pt, kin.eta, kin.phi, kin.rapidity, kin.gamma):
        assert function(a).shape == (2, 3, 4)
        assert function(a[0, 0, 0]) == function(a)[0, 0, 0]
    assert kin.cos_theta_cs(a, a[..., ::-1, :]).shape == (2, 3, 4)


def test_from_pt_eta_phi_mass_and_back():
    a = sample()
    back = kin.from_pt_eta_phi_mass(kin.pt(a), kin.eta(a), kin.phi(a), kin.mass(a))
    np.testing.assert_allclose(back, a, rtol=1e-9, atol=1e-9)


@given(momenta, masses, boosts, st.floats(-3, 3))
def test_invariances(three, mass, beta, angle):
    a, b = p4(three, mass)
    moved = [boost_z(rotate_z(x, angle), beta) for x in (a, b)]
    scale = a[0] + b[0]
    boost = 1 / np.sqrt(1 - beta**2)
    tolerance = 1e-12 * (boost * scale) ** 2
    assert kin.mass_squared(sum(moved)) == pytest.approx(kin.mass_squared(a + b), abs=tolerance)
    assert kin.pt(sum(moved)) == pytest.approx(kin.pt(a + b), abs=1e-12 * scale)


@given(momenta, st.floats(-0.9, 0.9))
def test_rapidity_shifts_under_boosts(three, beta):
    a = p4(three, [1.0, 2.0])
    shifted = kin.rapidity(boost_z(a, beta)) - kin.rapidity(a)
    np.testing.assert_allclose(shifted, np.arctanh(beta), atol=1e-6)


def test_light_fast_particles_have_no_imaginary_mass():
    rng = np.random.default_rng(3)
    direction = rng.normal(size=(1000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    massless = p4(direction * 10 ** rng.uniform(0, 5, (1000, 1)), np.zeros(1000))
    assert np.all(kin.mass(massless) >= 0)
    assert np.all(kin.mass(massless) < 1e-6 * massless[:, 0])
    muon = p4(direction * 50.0, kin.MUON_MASS)
    np.testing.assert_allclose(kin.mass(muon), kin.MUON_MASS, rtol=1e-8)


def test_space_like_mass_is_negative():
    assert kin.mass(np.array([3.0, 0, 0, 5.0])) == -4.0


def test_along_the_beam_and_at_rest():
    along = np.array([[5.0, 0, 0, 5.0], [5.0, 0, 0, -5.0], [5.0, 0, 0, 0]])
    np.testing.assert_array_equal(kin.eta(along), [np.inf, -np.inf, 0])
    np.testing.assert_array_equal(kin.rapidity(along), [np.inf, -np.inf, 0])
    np.testing.assert_array_equal(kin.phi(along), 0)
    np.testing.assert_array_equal(kin.gamma(along), [np.inf, np.inf, 1])


def test_delta_phi_wraps():
    def at(angle):
        return kin.from_pt_eta_phi_mass(10.0, 0.0, angle, 0.0)

    assert kin.delta_phi(at(3.1), at(-3.1)) == pytest.approx(6.2 - 2 * np.pi)
    assert abs(kin.delta_phi(at(0.0), at(np.pi))) == pytest.approx(np.pi)


def collins_soper_by_boost(minus, plus):
    """The definition: in the pair's rest frame, against the bisector of the two beams."""
    pair = as_vector(minus) + as_vector(plus)
    beams = [np.zeros_like(minus), np.zeros_like(minus)]
    for beam, sign in zip(beams, (1, -1), strict=True):
        beam[:, 0], beam[:, 3] = 6500, sign * 6500
    one, two = (as_vector(beam).boostCM_of_p4(pair).to_Vector3D().unit() for beam in beams)
    axis = (one - two).unit()
    muon = as_vector(minus).boostCM_of_p4(pair).to_Vector3D().unit()
    return np.where(pair.pz < 0, -1, 1) * axis.dot(muon)


def test_collins_soper_is_what_it_says():
    a, b = sample(seed=4), sample(seed=5)
    # the closed form is for massless leptons
    muons = [kin.from_pt_eta_phi_mass(kin.pt(x), kin.eta(x), kin.phi(x), 0.0) for x in (a, b)]
    np.testing.assert_allclose(kin.cos_theta_cs(*muons), collins_soper_by_boost(*muons), atol=1e-9)


@given(momenta)
def test_collins_soper_is_bounded_and_odd(three):
    muons = p4(three + np.array([[0.3, 0.1, 0.7], [-0.4, 0.2, -0.1]]), kin.MUON_MASS)
    value = kin.cos_theta_cs(muons[0], muons[1])
    assert -1 <= value <= 1
    assert kin.cos_theta_cs(muons[1], muons[0]) == pytest.approx(-value, abs=1e-9)
