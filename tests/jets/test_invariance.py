"""What every observable must not see: order, padding, rotations about and boosts along the beam;
and what the safe ones must not: a soft particle, a collinear pair.
"""

import awkward as ak
import numpy as np
import pytest
from helpers_jets import QUICK, massless, particles, real
from hypothesis import given
from hypothesis import strategies as st

from relearn import kinematics as kin
from relearn.jets import shapes
from relearn.jets.clustering import hardest
from relearn.jets.correlators import c2, d2, energy_correlation
from relearn.jets.grooming import soft_drop
from relearn.jets.images import jet_image
from relearn.jets.nsubjettiness import n_subjettiness
from relearn.jets.toptagger import hep_top_tag

BOOST_INVARIANT = {
    "antikt": lambda c: kin.pt(ak.to_numpy(hardest(c, 0.6).p4)),
    "soft_drop_mass": lambda c: kin.mass(ak.to_numpy(soft_drop(c).p4)),
    "tau_kt": lambda c: n_subjettiness(c, (1, 2), (1.0, 2.0), axes="kt").sum(axis=(1, 2)),
    "tau2": lambda c: n_subjettiness(c, 2, 2.0),
    "ecf3": lambda c: energy_correlation(c, 3, 1.0),
    "mass": shapes.mass,
    "girth": shapes.girth,
    "eventropy": shapes.eventropy,
    "dispersion": shapes.momentum_dispersion,
}
OBSERVABLES = BOOST_INVARIANT | {"c_parameter": shapes.c_parameter}
SAFE = {
    "soft_drop_mass": lambda c: kin.mass(ak.to_numpy(soft_drop(c, 0.1, 1.0).p4)),
    "tau_kt": OBSERVABLES["tau_kt"],
    "tau3": lambda c: n_subjettiness(c, 3, 1.0),
    "ecf2": lambda c: energy_correlation(c, 2, 1.0),
    "c2": c2,
    "d2": d2,
    "mass": shapes.mass,
    "girth": shapes.girth,
    "c_parameter": shapes.c_parameter,
    "m_rec": lambda c: ak.to_numpy(hep_top_tag(c).m_rec),
}
by_name = pytest.mark.parametrize("name", OBSERVABLES)


def same(one, two, rtol=1e-6):
    np.testing.assert_allclose(one, two, rtol=rtol, atol=1e-6)


@by_name
def test_order_and_padding_do_not_matter(name):
    observable = OBSERVABLES[name]
    plain = observable(real())
    length = int(ak.max(ak.num(real()))) + 10
    rng = np.random.default_rng(6)
    padded = np.zeros((len(real()), length, 4))
    for row, p4 in zip(padded, real(), strict=True):
        row[rng.permutation(length)[: len(p4)]] = rng.permutation(ak.to_numpy(p4))
    same(observable(padded), plain)


@by_name
@QUICK
@given(triples=particles, angle=st.floats(-3.1, 3.1), boost=st.floats(-2, 2))
def test_rotations_about_and_boosts_along_the_beam(name, triples, angle, boost):
    boost = boost if name in BOOST_INVARIANT else 0.0
    pt, y, phi = triples.T
    before, after = massless(pt, y, phi)[None], massless(pt, y + boost, phi + angle)[None]
    same(OBSERVABLES[name](after), OBSERVABLES[name](before), rtol=1e-4)


@pytest.mark.parametrize("name", SAFE)
def test_a_soft_particle_does_not_matter(name):
    jets = real()
    soft = ak.from_regular(ak.Array(np.tile(massless(1e-7, 0.4, 0.6), (len(jets), 1, 1))))
    same(SAFE[name](ak.concatenate([jets, soft], axis=1)), SAFE[name](jets), rtol=1e-4)


@pytest.mark.parametrize("name", SAFE)
def test_a_collinear_pair_does_not_matter(name):
    jets = real()
    split = ak.concatenate([jets[:, :1] * 0.3, jets[:, 1:], jets[:, :1] * 0.7], axis=1)
    same(SAFE[name](split), SAFE[name](jets), rtol=1e-4)


def test_unsafe_observables_do_see_a_split():
    jets = real()
    split = ak.concatenate([jets[:, :1] * 0.5, jets[:, 1:], jets[:, :1] * 0.5], axis=1)
    for observable in (shapes.multiplicity, shapes.eventropy, shapes.momentum_dispersion):
        assert (observable(split) != observable(jets)).all()


@pytest.mark.parametrize(
    "extreme", [[9.0, 0, 0, 9], [9.0, 0, 0, -9], [7.0, 0, 0, 0], [1e90, 1e90, 0, 0]]
)
def test_a_constituent_along_the_beam_or_at_rest_or_huge_stops_nothing(extreme):
    jets = ak.concatenate([real()[:3], [[extreme]] * 3], axis=1)
    with np.errstate(all="ignore"):
        for observable in OBSERVABLES.values():
            assert len(observable(jets)) == 3
        n_subjettiness(jets, (1, 4), 0.5, axes="onepass_wta_kt")
        hep_top_tag(jets)
        jet_image(jets)
        jet_image(jets, level="constituent")


def test_constituents_without_pt_leave_substructure_as_it_is():
    jets = real()
    along = ak.from_regular(ak.Array(np.tile([1e-3, 0, 0, 1e-3], (len(jets), 1, 1))))
    more = ak.concatenate([jets, along], axis=1)
    for name in ("tau_kt", "tau2", "ecf3", "girth", "dispersion", "eventropy", "soft_drop_mass"):
        same(OBSERVABLES[name](more), OBSERVABLES[name](jets), rtol=1e-3)
