"""Cells of the calorimeters and what they measure, in closed form."""

import numpy as np
import pytest
from helpers_detector import exact_calorimeter
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from relearn.generate import cards
from relearn.generate.calorimeter import OUTSIDE, locate, measure
from relearn.generate.calorimetercards import Calorimeter

CALORIMETERS = {
    (c, k): getattr(cards.load(c), k) for c in ("CMS", "ATLAS") for k in ("ecal", "hcal")
}
ALL = pytest.mark.parametrize("name", CALORIMETERS, ids="-".join)
CMS_ECAL, CMS_HCAL = CALORIMETERS["CMS", "ecal"], CALORIMETERS["CMS", "hcal"]


def one_cell(card, eta, phi):
    """Edges of the cell that holds a point: η low, high, φ low, high."""
    key = locate(card, np.array([0]), np.array([eta]), np.array([phi]))
    cells = measure(card, key, np.array([100.0]), np.random.default_rng(0))
    return (*cells.eta_edges[0], *cells.phi_edges[0])


@pytest.mark.parametrize(
    ("name", "rings", "cells", "end"),
    [
        (("CMS", "ecal"), 362, 340 * 360 + 22 * 36, 5.0),
        (("CMS", "hcal"), 80, 38 * 72 + 38 * 36 + 4 * 18, 5.0),
        (("ATLAS", "ecal"), 362, 340 * 360 + 22 * 36, 5.0),
        (("ATLAS", "hcal"), 76, 52 * 36 + 6 * 18 + 2 * 36 + 16 * 18, 4.9),
    ],
    ids=str,
)
def test_rings(name, rings, cells, end):
    card = CALORIMETERS[name]
    assert (len(card.cells), card.cells.sum(), card.edges[-1]) == (rings, cells, end)
    np.testing.assert_array_equal(card.edges, -card.edges[::-1])
    np.testing.assert_array_equal(card.cells, card.cells[::-1])
    assert (np.diff(card.edges) > 0).all()


@pytest.mark.parametrize(
    ("card", "eta", "energy", "expected"),
    [
        # σ as written in the card's comment, at the centre of the ring
        (CMS_ECAL, 0.0087, 50.0, (1 + 0.64 * 0.0087**2) * np.sqrt(0.4**2 + 0.605 + 0.16)),
        (CMS_ECAL, -2.0097, 50.0, (2.16 + 5.6 * 0.0097**2) * np.sqrt(0.4**2 + 0.605 + 0.16)),
        (CMS_ECAL, 3.2125, 50.0, np.sqrt((0.107 * 50) ** 2 + 2.08**2 * 50)),
        (CMS_HCAL, 2.909, 20.0, np.sqrt((0.05 * 20) ** 2 + 1.5**2 * 20)),
        (CMS_HCAL, 3.0375, 20.0, np.sqrt((0.13 * 20) ** 2 + 2.7**2 * 20)),
        (
            CALORIMETERS["ATLAS", "hcal"],
            1.65,
            8.0,
            np.hypot(0.0302 * 8, np.sqrt(0.5205**2 * 8 + 1.59**2)),
        ),
    ],
)
def test_resolution_of_a_ring(card, eta, energy, expected):
    ring = np.searchsorted(card.edges, eta) - 1
    noise, stochastic, constant = card.variances[ring]
    found = np.sqrt(noise + stochastic * energy + constant * energy**2)
    assert found == pytest.approx(expected, rel=1e-9)


@ALL
@given(eta=st.floats(-4.85, 4.85), phi=st.floats(-np.pi, np.pi))
def test_a_point_lies_in_its_cell(name, eta, phi):
    low, high, left, right = one_cell(CALORIMETERS[name], eta, phi)
    assert low < eta <= high
    assert left - 1e-12 <= phi <= right + 1e-12


def test_upper_edges_belong_to_a_cell():
    edge = CMS_HCAL.edges[50]
    assert one_cell(CMS_HCAL, edge, 0.1)[1] == edge
    assert one_cell(CMS_HCAL, np.nextafter(edge, 9), 0.1)[0] == edge
    right = one_cell(CMS_HCAL, 0.01, 0.01)[3]
    assert one_cell(CMS_HCAL, 0.01, right - 1e-12)[3] == right
    assert one_cell(CMS_HCAL, 0.01, right + 1e-12)[2] == pytest.approx(right)
    assert one_cell(CMS_HCAL, 0.01, np.pi)[3] == pytest.approx(np.pi)
    assert one_cell(CMS_HCAL, 0.01, -np.pi)[2] == pytest.approx(-np.pi)


@ALL
def test_outside(name):
    card = CALORIMETERS[name]
    end = card.edges[-1]
    eta = np.array(
        [-end, np.nextafter(-end, 0), end, np.nextafter(end, 9), np.nan, np.inf, -np.inf]
    )
    key = locate(card, np.zeros(7, dtype=int), eta, np.full(7, 0.5))
    np.testing.assert_array_equal(key == OUTSIDE, [True, False, False, True, True, True, True])


@ALL
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.floats(-5.2, 5.2), st.floats(-3.1, 3.1), st.floats(0.01, 900)
        ),
        max_size=30,
    )
)
def test_energy_is_conserved_without_fluctuations(name, deposits):
    card = exact_calorimeter(CALORIMETERS[name])
    event, eta, phi, energy = np.array(deposits).reshape(-1, 4).T
    key = locate(card, event.astype(int), eta, phi)
    cells = measure(card, key, energy, np.random.default_rng(1))
    for number in range(4):
        inside = (event == number) & (key != OUTSIDE)
        assert cells.energy[cells.event == number].sum() == pytest.approx(energy[inside].sum())
    assert len(np.unique(cells.key)) == len(cells.key)
    assert (np.diff(cells.key) > 0).all()


def test_deposits_of_one_cell_add_up_and_events_stay_apart():
    card = exact_calorimeter(CMS_ECAL)
    event = np.array([0, 1, 0, 0])
    eta, phi = np.array([1.0, 1.0, 1.0001, -1.0]), np.full(4, 0.5)
    key = locate(card, event, eta, phi)
    cells = measure(card, key, np.array([1.0, 10.0, 100.0, 1000.0]), np.random.default_rng(1))
    np.testing.assert_array_equal(cells.event, [0, 0, 1])
    np.testing.assert_allclose(cells.energy, [1000.0, 101.0, 10.0])


@ALL
def test_energy_and_direction_fluctuate_as_the_card_says(name):
    card, n = CALORIMETERS[name], 20_000
    key = locate(card, np.arange(n), np.full(n, 1.0), np.full(n, 0.5))
    cells = measure(card, key, np.full(n, 200.0), np.random.default_rng(2))
    ring = np.searchsorted(card.edges, 1.0) - 1
    noise, stochastic, constant = card.variances[ring]
    sigma = np.sqrt(noise + stochastic * 200 + constant * 200**2)
    width = np.sqrt(np.log1p((sigma / 200) ** 2))
    logs = (np.log(cells.energy / 200) + width**2 / 2) / width
    assert stats.kstest(logs, "norm").pvalue > 1e-4
    assert cells.energy.mean() == pytest.approx(200, abs=5 * sigma / np.sqrt(n))
    expected = noise + stochastic * cells.energy + constant * cells.energy**2
    np.testing.assert_allclose(cells.variance, expected)
    for drawn, edges in ((cells.eta, cells.eta_edges), (cells.phi, cells.phi_edges)):
        share = (drawn - edges[:, 0]) / (edges[:, 1] - edges[:, 0])
        assert stats.kstest(share, "uniform").pvalue > 1e-4


def test_what_is_insignificant_is_nothing_but_keeps_its_variance():
    # without fluctuations of the draw, by a noise that only the threshold can see
    exact = exact_calorimeter(CMS_HCAL)
    card = Calorimeter(**(exact.model_dump() | {"energy_min": 1.0, "significance_min": 2.0}))
    energy = np.array([0.99, 1.0, 5.0])
    key = locate(card, np.arange(3), np.full(3, 0.5), np.full(3, 0.5))
    cells = measure(card, key, energy, np.random.default_rng(0))
    np.testing.assert_allclose(cells.energy, [0.0, 1.0, 5.0])

    n = 5000
    key = locate(CMS_HCAL, np.arange(n), np.full(n, 0.5), np.full(n, 0.5))
    cells = measure(CMS_HCAL, key, np.full(n, 2.5), np.random.default_rng(0))
    sigma = np.sqrt(cells.variance)
    assert 0.2 < (cells.energy == 0).mean() < 0.8
    seen = cells.energy > 0
    assert (cells.energy[seen] >= sigma[seen]).all() and (cells.energy[seen] >= 1).all()
    # E = σ(E) at E = 2.25/(1 − 0.0025): below it nothing is seen
    assert cells.energy[seen].min() >= 2.25 / 0.9975
    drawn = cells.variance / 2.25
    assert (sigma[~seen] > 0).all() and (drawn[~seen] < 2.27).all()


@ALL
def test_nothing(name):
    none = np.zeros(0)
    key = locate(CALORIMETERS[name], none.astype(int), none, none)
    cells = measure(CALORIMETERS[name], key, none, np.random.default_rng(0))
    assert len(cells.energy) == len(cells.eta_edges) == 0
    lost = measure(CALORIMETERS[name], np.array([OUTSIDE]), np.ones(1), np.random.default_rng(0))
    assert len(lost.energy) == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rings": [{"cells": 72}]}, "either"),
        ({"rings": [{"cells": 72, "width": 0.1}]}, "either"),
        ({"rings": [{"cells": 72, "edges": [1.0, 0.5]}]}, "rise"),
        ({"rings": [{"cells": 0, "edges": [1.0]}]}, "greater than 0"),
        ({"rings": [{"cells": 72, "edges": [1.0, 9.5]}]}, "the resolution ends at 5.0"),
        ({"resolution": [{"eta_max": 5.0, "constant": -1, "stochastic": 0}]}, "greater than"),
        ({"energy_max": 1.0}, "Extra inputs"),
    ],
)
def test_bad_calorimeters_are_refused(change, says):
    good = CMS_HCAL.model_dump()
    with pytest.raises(ValidationError, match=says):
        Calorimeter(**(good | change))
