"""Isolation against a loop over pairs, and its edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relearn.generate.cards import Isolation, load
from relearn.generate.isolation import around

CARD = load("CMS").electrons.isolation


def ratio(candidates, flow, events=3, own=None):
    columns = [np.array(rows, dtype=float).reshape(-1, 4).T for rows in (candidates, flow)]
    one, two = ((event.astype(int), pt, eta, phi) for event, pt, eta, phi in columns)
    return around(CARD, one, two, events, own)


def test_shipped_cuts():
    for name in ("CMS", "ATLAS"):
        card = load(name)
        soft = Isolation(radius=0.5, pt_min=0.5, share_max=0.12)
        assert card.electrons.isolation == card.photons.isolation == soft
        assert card.muons.isolation == Isolation(radius=0.5, pt_min=0.5, share_max=0.25)


def test_what_is_counted():
    candidate = [(1, 20.0, 1.0, 3.1)]
    assert ratio(candidate, []) == 0
    flow = [
        (0, 50.0, 1.0, 3.1),  # another event
        (1, 2.0, 1.3, 3.1),
        (1, 1.0, 1.0, -3.1),  # across φ = π
        (1, 0.5, 1.0, 3.1),  # the least pT counts,
        (1, 0.49, 1.0, 3.1),  # less does not
        (1, 30.0, 1.6, 3.1),  # too far
        (1, 30.0, 1.4, 2.7),  # too far, by both together
        (2, 50.0, 1.0, 3.1),
    ]
    assert ratio(candidate, flow) == pytest.approx((2.0 + 1.0 + 0.5) / 20)


def test_a_candidate_does_not_count_itself():
    flow = [(0, 0.1, 1.0, 0.0), (0, 20.0, 1.0, 0.0), (0, 20.0, 1.1, 0.0)]
    candidates = [flow[1], flow[2]]
    found = ratio(candidates, flow, own=np.array([1, 2]))
    np.testing.assert_array_equal(found, [1.0, 1.0])


things = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0.1, 50), st.floats(-1, 1), st.floats(-np.pi, np.pi)),
    max_size=12,
)


@given(things, things)
def test_as_a_loop_over_pairs_says(candidates, flow):
    flow = sorted(flow, key=lambda one: one[0])
    found = ratio(candidates, flow)
    assert len(found) == len(candidates)
    for (event, pt, eta, phi), value in zip(candidates, found, strict=True):
        total = 0.0
        for other, around_pt, around_eta, around_phi in flow:
            turn = (phi - around_phi + np.pi) % (2 * np.pi) - np.pi
            near = (eta - around_eta) ** 2 + turn**2 <= 0.25
            total += around_pt * (other == event and around_pt >= 0.5 and near)
        assert value == pytest.approx(total / pt)
