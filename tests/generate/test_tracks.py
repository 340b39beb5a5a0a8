"""Tracks: efficiencies, resolutions, impact parameters."""

import numpy as np
import pytest

from relearn.generate import cards
from relearn.generate.propagation import Exit
from relearn.generate.tracks import impact_resolution, joined, measure

CMS, ATLAS = cards.load("CMS"), cards.load("ATLAS")
N = 20_000


def tracks(kind, pt, eta, n=N, card=CMS, seed=1, inside=True, outer=None):
    """Tracks of n particles alike; `outer`: η where they leave the tracker, else their own."""
    full = np.full(n, 0.0)
    outer = full + (eta if outer is None else outer)
    exits = Exit(np.full(n, inside), outer, full + 0.7, full, full + 0.01, full + 0.02)
    rng = np.random.default_rng(seed)
    px, py, pz = full + pt * np.cos(0.7), full + pt * np.sin(0.7), full + pt * np.sinh(eta)
    return measure(np.arange(n), px, py, pz, exits, getattr(card, kind), rng)


@pytest.mark.parametrize("card", [CMS, ATLAS], ids=["CMS", "ATLAS"])
@pytest.mark.parametrize(
    ("kind", "pt", "eta", "expected"),
    [
        ("hadrons", 0.05, 0.3, 0.0),
        ("hadrons", 0.5, 0.3, 0.70),
        ("hadrons", 5.0, -1.4, 0.95),
        ("hadrons", 0.5, 2.0, 0.60),
        ("hadrons", 5.0, -2.4, 0.85),
        ("hadrons", 5.0, 2.6, 0.0),
        ("electrons", 0.5, 0.3, 0.73),
        ("electrons", 50.0, 0.3, 0.95),
        ("electrons", 150.0, 0.3, 0.99),
        ("electrons", 0.5, 2.0, 0.50),
        ("electrons", 50.0, 2.0, 0.83),
        ("electrons", 150.0, 2.0, 0.90),
        ("muons", 0.5, 0.3, 0.75),
        ("muons", 50.0, 2.0, 0.98),
    ],
)
def test_efficiency(card, kind, pt, eta, expected):
    share = tracks(kind, pt, eta, card=card).seen.mean()
    assert share == pytest.approx(expected, abs=4.5 * np.sqrt(expected * (1 - expected) / N))


def test_efficiency_and_resolution_are_those_of_the_outer_pseudorapidity():
    made = tracks("hadrons", 5.0, 0.3, outer=2.0)
    assert made.seen.mean() == pytest.approx(0.85, abs=0.015)
    np.testing.assert_allclose(made.relative, np.hypot(0.25, 3.1e-3 * 5))
    np.testing.assert_allclose(made.eta, 0.3)


@pytest.mark.parametrize(("kind", "constant"), [("hadrons", 0.06), ("electrons", 0.03)])
def test_momentum_scatters_around_the_true_one(kind, constant):
    made = tracks(kind, 40.0, 0.3)
    sigma = np.hypot(constant, 1.3e-3 * 40)
    np.testing.assert_allclose(made.relative, sigma)
    assert made.pt.mean() == pytest.approx(40, abs=5 * 40 * sigma / np.sqrt(N))
    assert made.pt.std() == pytest.approx(40 * sigma, rel=0.04)
    np.testing.assert_allclose(made.phi, 0.7)


def test_the_resolution_is_at_most_the_momentum_itself():
    made = tracks("hadrons", 5000.0, 0.3)
    np.testing.assert_array_equal(made.relative, 1.0)
    assert (made.pt > 0).all()


def test_outside_the_tracker_nothing_is_seen_but_the_dice_are_thrown():
    lost, made = tracks("hadrons", 5.0, 0.3, inside=False), tracks("hadrons", 5.0, 0.3)
    assert not lost.seen.any() and made.seen.any()
    np.testing.assert_array_equal(lost.dice, made.dice)


def test_joined_in_the_order_of_the_particles():
    one, two = tracks("hadrons", 5.0, 0.3, n=4), tracks("muons", 50.0, 0.3, n=3)
    one, two = one[np.array([0, 3])], two[np.array([1, 2])]
    both = joined([one, two])
    np.testing.assert_array_equal(both.particle, [0, 1, 2, 3])
    np.testing.assert_array_equal(both.pt, [one.pt[0], two.pt[0], two.pt[1], one.pt[1]])


def test_impact_resolution_in_closed_form():
    pt, eta = np.array([1e9, 1.0, 1.0]), np.array([0.0, 0.0, 2.0])
    d0, z0 = impact_resolution(CMS.impact, pt, eta)
    grows = np.cosh(2.0)
    np.testing.assert_allclose(d0, [0.010, np.hypot(0.01, 0.09), np.hypot(0.01, 0.09 * grows**0.5)])
    np.testing.assert_allclose(
        z0, [0.030, np.hypot(0.03, 0.145), np.hypot(0.03, 0.145 * grows**1.5)]
    )
