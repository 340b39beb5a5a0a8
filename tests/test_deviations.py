"""Three standard deviations, held against scipy.stats."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from relearn import deviations

FREEDOM = st.one_of(st.floats(1, 1e9), st.just(math.inf))


@given(FREEDOM)
def test_an_interval_leaves_out_the_level(freedom):
    assert deviations.reach(freedom) == pytest.approx(stats.t.isf(stats.norm.sf(3), freedom))


@given(st.floats(-20, 20), st.floats(0.1, 10), FREEDOM)
def test_deviations_are_those_of_as_rare_a_gaussian(value, error, freedom):
    found = deviations.gaussian(value, error, freedom)
    if math.isfinite(found):
        assert stats.norm.sf(found) == pytest.approx(stats.t.sf(value / error, freedom), rel=1e-6)
    else:
        assert stats.t.sf(abs(value) / error, freedom) == 0


@pytest.mark.parametrize("error", [0.0, -1.0, math.nan])
def test_without_an_error_there_are_no_deviations(error):
    assert math.isnan(deviations.gaussian(1.0, error, 5))
