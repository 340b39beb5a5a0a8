"""Standardisation: there and back, for any numbers that physics may give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relearn.data.scaling import Standardiser

tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 40), st.integers(1, 5)),
    elements=st.floats(-1e8, 1e8).map(lambda x: round(x, 6)),
)


@given(tables)
def test_there_and_back(values):
    scale = Standardiser.fit(values)
    there = scale.apply(values)
    largest = np.abs(values).max(axis=0)
    np.testing.assert_allclose(scale.invert(there), values, rtol=0, atol=1e-14 * largest.max())
    assert np.isfinite(there).all()


@given(tables)
def test_mean_zero_and_width_one_or_zero(values):
    there = Standardiser.fit(values).apply(values)
    spread, largest = values.std(axis=0), np.abs(values).max(axis=0)
    # A column that varies by more than rounding.
    varied = spread > 1e-10 * largest
    np.testing.assert_allclose(there[:, varied].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(there[:, varied].std(axis=0), 1, atol=1e-5)
    # Shifted and not blown up.
    constant = np.ptp(values, axis=0) == 0
    np.testing.assert_allclose(there[:, constant], 0, atol=1e-7)


@given(tables, st.integers(0, 2**32 - 1))
def test_other_events_of_the_same_scale(values, seed):
    """Validation and test events are scaled by the training's numbers: an affine map."""
    scale = Standardiser.fit(values)
    one, other = np.random.default_rng(seed).normal(size=(2, 3, values.shape[1])) * 1e3
    middle = scale.apply((one + other) / 2)
    expected = (scale.apply(one) + scale.apply(other)) / 2
    np.testing.assert_allclose(middle, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_column_too_small_to_square_is_not_scaled():
    values = np.array([[0.0], [1e-200]])
    assert np.isfinite(Standardiser.fit(values).apply(values)).all()


@pytest.mark.parametrize("constant", [0.0, 0.1, -13000.0, 1e-12])
def test_constant_column_is_shifted_only(constant):
    for rows in (1, 100, 16_000):
        values = np.stack([np.full(rows, constant), np.linspace(-1, 1, rows)], axis=1)
        scale = Standardiser.fit(values)
        assert scale.std[0] == 1.0 and scale.mean[0] == pytest.approx(constant)
        np.testing.assert_allclose(scale.apply(values)[:, 0], 0, atol=1e-8)


def test_numbers_are_those_of_the_columns():
    rng = np.random.default_rng(1)
    values = rng.normal([3.0, -200.0], [0.5, 40.0], size=(100_000, 2))
    scale = Standardiser.fit(values)
    np.testing.assert_allclose(scale.mean, [3, -200], atol=5 * 40 / np.sqrt(1e5))
    np.testing.assert_allclose(scale.std, [0.5, 40], rtol=5 / np.sqrt(2e5))
    assert scale.apply(np.float32(values)).dtype == np.float64
