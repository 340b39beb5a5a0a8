"""Efficiency tables, resolutions and the log-normal dice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.generate import cards, response

CMS, ATLAS = cards.load("CMS").muons, cards.load("ATLAS").muons


@pytest.mark.parametrize(
    ("pt", "eta", "expected"),
    [
        (0.1, 0.0, 0.0),  # lower edges are excluded,
        (0.5, 1.5, 0.75),  # upper ones included
        (1.0, -1.5, 0.75),
        (1.01, 1.5, 0.99),
        (50.0, -1.51, 0.98),
        (50.0, 2.51, 0.0),
        (50.0, np.inf, 0.0),
    ],
)
def test_tracking_efficiency_and_its_edges(pt, eta, expected):
    for card in (CMS, ATLAS):
        found = response.efficiency(card.tracking, np.array([pt]), np.array([eta]))
        assert found == pytest.approx(expected)


def test_losses_above_a_tev_are_those_of_cms_alone():
    pt, eta = np.array([999.0, 2000.0]), np.zeros(2)
    np.testing.assert_allclose(
        response.efficiency(CMS.tracking, pt, eta), [0.99, 0.99 * np.exp(0.5 - 1.0)]
    )
    np.testing.assert_allclose(response.efficiency(ATLAS.tracking, pt, eta), 0.99)


def test_identification():
    pt, eta = np.array([10.0, 10.1, 30, 30, 30]), np.array([0, 0, 1.6, 2.5, 2.8])
    np.testing.assert_array_equal(
        response.efficiency(CMS.identification, pt, eta), [0, 0.95, 0.95, 0, 0]
    )
    np.testing.assert_array_equal(
        response.efficiency(ATLAS.identification, pt, eta), [0, 0.95, 0.85, 0.85, 0]
    )


@given(st.floats(0.1, 1e6), st.floats(-3, 3))
def test_resolution_grows_with_pt_and_eta_and_ends_at_one(pt, eta):
    pt, eta = np.array([pt]), np.array([eta])
    found = response.relative_resolution(CMS.resolution, pt, eta)
    assert 0.01 <= found <= 1
    assert response.relative_resolution(CMS.resolution, 2 * pt, eta) >= found
    assert response.relative_resolution(CMS.resolution, pt, -eta) == found


def test_resolution_in_closed_form():
    found = response.relative_resolution(CMS.resolution, np.array([100.0] * 3), np.array([0, 1, 2]))
    np.testing.assert_allclose(found, np.hypot([0.010, 0.015, 0.025], [0.010, 0.015, 0.035]))


@pytest.mark.parametrize("relative", [0.02, 0.3, 1.0])
def test_log_normal_has_the_mean_and_the_width_asked_for(relative):
    n = 200_000
    mean = np.full(n, 40.0)
    drawn = response.log_normal(mean, relative * mean, np.random.default_rng(8))
    assert (drawn > 0).all()
    error = relative / np.sqrt(n)
    assert drawn.mean() / 40 == pytest.approx(1, abs=5 * error)
    log_width = np.log(drawn).std()
    assert log_width == pytest.approx(np.sqrt(np.log1p(relative**2)), rel=5 / np.sqrt(2 * n))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("radius: 1.29", "radius: -1", "tracker.radius"),
        ("field: 3.8", "fild: 3.8", "tracker.fild"),
        ("eta_max: [0.5, 1.5, 2.5]", "eta_max: [1.5, 0.5, 2.5]", "rise"),
        ("constant: [0.010, 0.015, 0.025]", "constant: [0.010]", "muons.resolution"),
        ("[0.70, 0.98]", "[0.70, 1.98]", "between 0 and 1"),
        ("[[0.95]]", "[[0.95, 0.9]]", "muons.identification"),
        ("tracker:", "tracker: [", "no YAML"),
    ],
)
def test_bad_cards_are_explained(tmp_path, old, new, says):
    text = (cards.SHIPPED / "CMS.yaml").read_text()
    assert old in text
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace(old, new))
    with pytest.raises(UserError) as error:
        cards.load(bad)
    assert says in str(error.value) and "bad.yaml" in str(error.value)


def test_an_unknown_card_names_those_there_are():
    with pytest.raises(UserError, match="LHCb.yaml; shipped are ATLAS, CMS"):
        cards.load("LHCb")
