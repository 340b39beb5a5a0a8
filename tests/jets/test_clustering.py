"""Clustering against fastjet itself, matching, and what cannot be clustered."""

import awkward as ak
import fastjet
import numpy as np
import pytest
from helpers_jets import (
    ALGORITHMS,
    QUICK,
    events,
    four,
    jet,
    massless,
    members,
    particles,
    real,
    sequence,
)
from hypothesis import given

from relearn import kinematics as kin
from relearn.errors import UserError
from relearn.jets import clustering


def by_fastjet(p4, algorithm, radius, pt_min=0.0):
    clustered = sequence(p4, algorithm, radius)
    jets = fastjet.sorted_by_pt(clustered.inclusive_jets(pt_min))
    return [(four(found), members(found)) for found in jets]


def same(ours, theirs):
    assert len(ours) == len(theirs)
    for mine, (p4, constituents) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.p4, p4, rtol=1e-12, atol=1e-9)
        assert sorted(mine.constituents) == constituents


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("radius", [0.4, 1.5])
def test_jets_are_those_of_fastjet(algorithm, radius):
    for source in (events(), real()):
        for found, p4 in zip(clustering.cluster(source, radius, algorithm), source, strict=True):
            same(found, by_fastjet(p4, algorithm, radius))


@QUICK
@given(particles)
def test_few_particles_too(triples):
    p4 = massless(*triples.T)
    for algorithm in ALGORITHMS:
        found = clustering.cluster(p4[None], 0.7, algorithm)[0]
        mine = [kin.pt(entry) for entry in found.p4]
        theirs = [kin.pt(p4) for p4, _ in by_fastjet(p4, algorithm, 0.7)]
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)


def test_soft_jets_are_left_out():
    source = events()
    for found, p4 in zip(clustering.cluster(source, 0.4, pt_min=20.0), source, strict=True):
        same(found, by_fastjet(p4, "antikt", 0.4, 20.0))


def test_the_hardest_is_the_first_and_its_particles_are_in_order():
    source = events(n=10)
    every, first = clustering.cluster(source), clustering.hardest(source)
    np.testing.assert_array_equal(every.p4[:, 0], first.p4)
    assert every.constituents[:, 0].to_list() == first.constituents.to_list()
    taken = clustering.take(source, first.constituents)
    np.testing.assert_allclose(ak.sum(taken, axis=1), first.p4, rtol=1e-12)
    for p4 in taken:
        assert (np.diff(kin.pt(p4)) <= 0).all()


def test_positions_are_those_of_the_padded_array():
    padded = np.zeros((2, 6, 4))
    padded[1, [1, 4]] = massless(np.array([10.0, 30.0]), 0.0, np.array([0.0, 0.1]))
    found = clustering.hardest(padded)
    assert found.constituents.to_list() == [[], [4, 1]]
    np.testing.assert_array_equal(found.p4[0], 0)
    assert clustering.take(padded, found.constituents)[1].to_list() == padded[1, [4, 1]].tolist()


def test_reclustering_counts_what_it_loses():
    # anti-kT takes in the nearer of the pair, C/A merges the pair first, and is then too far away
    pair = jet((300, 0, 0), (20, 0, 1.35), (40, 0.4, 1.6))
    assert sorted(clustering.hardest(pair, 1.5, "antikt").constituents[0]) == [0, 1]
    again = clustering.recluster(pair, 1.5)
    assert again.constituents.to_list() == [[0]]
    assert again.lost.to_list() == [2]
    np.testing.assert_allclose(again.lost_pt, 60)
    whole = clustering.recluster(real(), 100.0)
    assert not ak.any(whole.lost) and ak.all(whole.lost_pt < 1e-9)


def test_windows_exclude_their_edges():
    p4 = massless(np.array([300.0, 400, 400, 500]), np.array([0, 0, -1.2, 0]), 0.0)
    np.testing.assert_array_equal(
        clustering.in_window(p4, 350, 450, 1.0), [False, True, False, False]
    )
    assert not clustering.in_window(p4, 400.0001, 450).any()
    assert not clustering.in_window(np.zeros((1, 4)), 350, 450).any()


def test_matches_are_the_nearest_within_the_radius():
    jets = massless(np.array([400.0, 400, 400]), 0.0, np.array([0.0, np.pi - 0.1, 0]))
    others = ak.Array([
        massless(np.array([50.0, 60.0]), np.array([0.5, 0.1]), 0.0),
        massless(np.array([50.0, 60.0]), 0.0, np.array([1.0, -np.pi + 0.1])),
        np.zeros((0, 4)),
    ])  # fmt: skip
    position, distance = clustering.match(jets, others, 1.2)
    np.testing.assert_array_equal(position, [1, 1, -1])
    np.testing.assert_allclose(distance, [0.1, 0.2, np.inf])
    np.testing.assert_array_equal(clustering.match(jets, others, 0.15)[0], [1, -1, -1])
    with pytest.raises(ValueError, match="3 jets"):
        clustering.match(jets, others[:2], 1.0)


def test_collinear_particles_and_one_without_pt():
    p4 = np.stack([massless(100.0, 0.5, 0.2), massless(50.0, 0.5, 0.2), np.array([9.0, 0, 0, 9])])
    for algorithm in ALGORITHMS:
        found = clustering.cluster(p4[None], 1.5, algorithm)[0]
        np.testing.assert_allclose(kin.pt(found.p4), [150, 0], atol=1e-9)
        assert [sorted(c) for c in found.constituents] == [[0, 1], [2]]


def test_empty_events_have_no_jets():
    assert clustering.cluster(np.zeros((3, 0, 4))).to_list() == [[], [], []]
    assert len(clustering.cluster(np.zeros((0, 4, 4)))) == 0
    assert not ak.any(clustering.hardest(np.zeros((2, 5, 4))).p4)


@pytest.mark.parametrize(("options", "says"), [({"algorithm": "cone"}, "antikt, cambridge, kt"),
                                               ({"radius": 0.0}, "not positive")])  # fmt: skip
def test_wrong_arguments_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        clustering.cluster(jet((1, 0, 0)), **options)


def test_particles_that_are_no_numbers_are_refused():
    broken = jet((1, 0, 0), (2, 0, 1))
    broken[0, 1, 0] = np.nan
    with pytest.raises(UserError, match="constituent 1 of jet 0"):
        clustering.hardest(broken)
