"""Errors by leaving out groups of jets, against closed forms."""

import numpy as np
import pytest

from relearn.studies import jackknife, spreads


@pytest.mark.parametrize(("count", "groups"), [(1, 20), (7, 20), (20, 20), (113, 20), (9, 2)])
def test_groups_are_neighbours_and_alike(count, groups):
    found = jackknife.group_of(count, groups)
    assert len(found) == count and (np.diff(found) >= 0).all()
    sizes = np.bincount(found)
    assert len(sizes) == min(count, groups) and np.ptp(sizes) <= 1


def test_the_error_of_a_mean_is_that_of_the_textbook():
    values = np.random.default_rng(1).normal(size=(50, 3))
    means = jackknife.without_each(values) / 49
    np.testing.assert_allclose(means[7], np.delete(values, 7, axis=0).mean(axis=0))
    expected = values.std(axis=0, ddof=1) / np.sqrt(50)
    np.testing.assert_allclose(jackknife.error(means), expected, rtol=1e-12)


def test_the_error_of_a_correlation_is_as_large_as_it_scatters():
    draw, count, true = np.random.default_rng(2), 400, 0.6
    found, errors = [], []
    for _ in range(200):
        x, y = draw.normal(size=(2, count))
        y = true * x + np.sqrt(1 - true**2) * y
        sums = np.stack([x, y, x * x, y * y, x * y, np.ones(count)]).reshape(6, 20, -1).sum(2).T

        def r(s):
            mx, my, xx, yy, xy = (s[..., n] / s[..., 5] for n in range(5))
            return (xy - mx * my) / np.sqrt((xx - mx**2) * (yy - my**2))

        found.append(r(sums.sum(axis=0)))
        errors.append(jackknife.error(r(jackknife.without_each(sums))))
    expected = (1 - true**2) / np.sqrt(count)  # of normal x and y
    assert np.std(found) == pytest.approx(expected, rel=0.15)
    assert np.mean(errors) == pytest.approx(expected, rel=0.1)


def test_trials_share_the_error_of_the_jets():
    row = jackknife.over_trials("r", [0.5, 0.52, 0.54], [0.03, 0.03, 0.03])
    assert row["r"] == pytest.approx(0.52) and row["r_spread"] == pytest.approx(0.02)
    assert row["r_sample"] == pytest.approx(0.03)
    assert row["r_error"] == pytest.approx(np.hypot(0.03, 0.02 / np.sqrt(3)))
    ends = spreads.interval(0.52, 0.03, [spreads.Spread(0.02**2 / 3, 2)])[:3]
    assert (row["r_error"], row["r_low"], row["r_high"]) == pytest.approx(ends)


def test_one_trial_has_no_interval():
    row = jackknife.over_trials("r", [0.5], [0.03])
    assert row["r"] == 0.5 and np.isnan(row["r_error"]) and row["r_low"] == -np.inf
