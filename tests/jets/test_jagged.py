"""Constituents in and out: jagged, padded, broken."""

import awkward as ak
import numpy as np
import pytest

from relearn.errors import UserError
from relearn.jets.jagged import flatten

JAGGED = ak.Array([[[5.0, 3, 0, 4], [3, 0, 0, 3]], [], [[1.0, 0, 1, 0]]])


def padded(length=4):
    result = np.zeros((3, length, 4))
    result[0, 1], result[0, 3] = JAGGED[0, 0], JAGGED[0, 1]
    result[2, 2] = JAGGED[2, 0]
    return result


def test_padded_and_jagged_are_the_same_but_for_the_positions():
    one, two = flatten(ak.from_regular(JAGGED, axis=-1)), flatten(padded())
    np.testing.assert_array_equal(one.p4, two.p4)
    np.testing.assert_array_equal(one.offsets, [0, 2, 2, 3])
    np.testing.assert_array_equal(two.offsets, one.offsets)
    np.testing.assert_array_equal(one.position, [0, 1, 0])
    np.testing.assert_array_equal(two.position, [1, 3, 2])


def test_zero_vectors_of_a_jagged_array_are_no_particles():
    with_zero = ak.concatenate([JAGGED, [[[0.0, 0, 0, 0]]] * 3], axis=1)
    flat = flatten(with_zero)
    np.testing.assert_array_equal(flat.counts, [2, 0, 1])
    np.testing.assert_array_equal(flat.owner, [0, 0, 2])


def test_sums_and_selections_go_by_jet():
    flat = flatten(padded())
    np.testing.assert_allclose(flat.sum(flat.p4), [[8, 3, 0, 7], [0, 0, 0, 0], [1, 0, 1, 0]])
    np.testing.assert_allclose(flat.sum(flat.p4[:, 0]), [8, 0, 1])
    assert flat.select(np.array([False, True, True])).to_list() == [[3], [], [2]]


@pytest.mark.parametrize("jets", [ak.Array([[[1.0, 0, 0, 1]]])[:0], np.zeros((0, 5, 4))])
def test_no_jets_at_all(jets):
    assert len(flatten(jets)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e150])
def test_what_is_not_finite_is_named(bad):
    jets = padded()
    jets[2, 2, 1] = bad
    with pytest.raises(UserError, match="constituent 2 of jet 2"):
        flatten(jets)


@pytest.mark.parametrize(
    "bad",
    [np.zeros((3, 4)), np.zeros((3, 2, 5)), ak.Array([[1.0, 2.0]]), ak.Array([[{"px": 1.0}]])],
)
def test_other_shapes_are_refused(bad):
    with pytest.raises(ValueError, match="4"):
        flatten(bad)


def test_the_input_is_not_changed():
    jets = padded()
    flatten(jets).p4[:] = 7
    np.testing.assert_array_equal(jets, padded())
