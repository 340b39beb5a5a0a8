"""Toy momenta: their distribution in closed form, seeds, targets."""

import numpy as np
import pytest
from scipy import stats

from relearn.data import hdf5, momenta

COUNT = 20_000
SETTINGS = {"events": {"train": COUNT, "validation": 500, "test": 800}}
LEAST = 1e-3  # p-value; the seed is fixed


@pytest.fixture(scope="module")
def drawn():
    return momenta.draw(COUNT, seed=11)


def test_components_are_normal_and_independent(drawn):
    for component in drawn.T:
        assert stats.kstest(component, stats.norm(0, momenta.WIDTH).cdf).pvalue > LEAST
    correlation = np.corrcoef(drawn.T) - np.eye(3)
    assert np.abs(correlation).max() < 4 / np.sqrt(COUNT)


def test_norm_is_maxwells_and_directions_are_isotropic(drawn):
    norm = np.linalg.norm(drawn, axis=1)
    assert stats.kstest(norm, stats.maxwell(scale=momenta.WIDTH).cdf).pvalue > LEAST
    cosine, phi = drawn[:, 2] / norm, np.arctan2(drawn[:, 1], drawn[:, 0])
    assert stats.kstest(cosine, stats.uniform(-1, 2).cdf).pvalue > LEAST
    assert stats.kstest(phi, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > LEAST


def test_targets_and_their_distributions(drawn):
    targets = momenta.targets(drawn)
    np.testing.assert_array_equal(targets["identity"], drawn)
    np.testing.assert_allclose(targets["square"], drawn * drawn)
    np.testing.assert_allclose(targets["norm_squared"][:, 0], np.linalg.norm(drawn, axis=1) ** 2)
    assert [targets[name].shape[1] for name in ("identity", "square", "norm_squared")] == [3, 3, 1]
    width = momenta.WIDTH**2
    for component in targets["square"].T:
        assert stats.kstest(component / width, stats.chi2(1).cdf).pvalue > LEAST
    assert stats.kstest(targets["norm_squared"][:, 0] / width, stats.chi2(3).cdf).pvalue > LEAST


def test_a_longer_draw_begins_with_the_shorter(drawn):
    np.testing.assert_array_equal(momenta.draw(COUNT + 7, seed=11)[:COUNT], drawn)


def test_splits_datasets_and_roots_share_no_event():
    blocks, _ = momenta.build("momenta", SETTINGS)
    found = [blocks[split].inputs for split in hdf5.SPLITS]
    found.append(momenta.build("other", SETTINGS)[0]["train"].inputs)
    found.append(momenta.build("momenta", SETTINGS, root_seed=1)[0]["train"].inputs)
    everything = np.concatenate(found)
    assert len(np.unique(everything, axis=0)) == len(everything)
    again, _ = momenta.build("momenta", SETTINGS)
    for split in hdf5.SPLITS:
        np.testing.assert_array_equal(again[split].inputs, blocks[split].inputs)


def test_more_training_events_move_none():
    more = {"events": SETTINGS["events"] | {"train": 2 * COUNT}}
    small, large = (momenta.build("momenta", s)[0] for s in (SETTINGS, more))
    np.testing.assert_array_equal(large["train"].inputs[:COUNT], small["train"].inputs)
    for split in ("validation", "test"):
        np.testing.assert_array_equal(large[split].inputs, small[split].inputs)
        assert len(large[split].inputs) == SETTINGS["events"][split]


def test_description_has_units_of_every_target():
    blocks, description = momenta.build("momenta", SETTINGS)
    assert set(description.target_units) == set(description.labels) == set(blocks["test"].targets)
    assert description.target_units["norm_squared"] == "GeV²"
    assert description.settings == SETTINGS and description.dataset == "momenta"
