"""HEPTopTagger on tops made by hand, and against the published steps done with fastjet."""

import itertools

import awkward as ak
import fastjet
import numpy as np
import pytest
from helpers_jets import TOP, four, jet, pseudojets, real, sequence

from relearn import kinematics as kin
from relearn.jets.toptagger import TopTagger, hep_top_tag

TOP_MASS, W_MASS = 172.5, 80.4


def boosted(p4, frame):
    """Take vectors from the rest frame of `frame` to where it has that momentum."""
    mass = kin.mass(frame)
    gamma, beta_gamma = frame[0] / mass, frame[1:] / mass
    along = p4[..., 1:] @ beta_gamma
    energy = gamma * p4[..., 0] + along
    three = p4[..., 1:] + beta_gamma * (along / (gamma + 1) + p4[..., 0])[..., None]
    return np.concatenate([energy[..., None], three], axis=-1)


def two_body(mass, first, second, direction):
    """Two particles of given masses from one at rest."""
    energy = (mass**2 + first**2 - second**2) / (2 * mass)
    p = direction / np.linalg.norm(direction) * np.sqrt(energy**2 - first**2)
    return np.array([energy, *p]), np.array([mass - energy, *-p])


def top(pt=400.0, seed=0, w_mass=W_MASS):
    """b, q, q̄ of a top with momentum along x, random angles: (3, 4)."""
    rng = np.random.default_rng(seed)
    frame = np.array([np.hypot(pt, TOP_MASS), pt, 0, 0])
    w, b = two_body(TOP_MASS, w_mass, 0.0, rng.normal(size=3))
    q, anti = two_body(w_mass, 0.0, 0.0, rng.normal(size=3))
    return boosted(np.stack([b, *boosted(np.stack([q, anti]), w)]), frame)


def showered(partons, seed=0, width=0.03, pieces=4):
    """Each parton split into a narrow spray of particles around it."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(pieces, 3.0), len(partons)).ravel()
    every = np.repeat(partons, pieces, axis=0)
    y = kin.rapidity(every) + rng.normal(0, width, len(every))
    phi = kin.phi(every) + rng.normal(0, width, len(every))
    return kin.from_pt_eta_phi_mass(share * kin.pt(every), y, phi, 0.0)


def f_rec(m12, m13, m23, m123, settings):
    expected = settings.w_mass / settings.top_mass
    return min(abs(m / m123 / expected - 1) for m in (m12, m13, m23))


def test_three_partons_of_a_top_are_found_exactly():
    tops = np.stack([top(seed=seed) for seed in range(20)])
    found = hep_top_tag(tops, TopTagger(top_mass=TOP_MASS, threshold=0.999))
    good = ak.to_numpy(found.found)
    assert good.sum() >= 12  # the others have a pair below the mass of a subjet, or no mass drop
    np.testing.assert_allclose(found.m_rec[good], TOP_MASS, rtol=1e-6)
    np.testing.assert_allclose(found.f_rec[good], 0, atol=1e-6)
    np.testing.assert_allclose(found.p4[good], tops[good].sum(axis=1), atol=1e-6)


def test_optimal_radius_is_the_smallest_that_holds_the_three():
    settings = TopTagger()
    tried = 0
    for seed in range(20):
        partons = top(seed=seed)
        found = hep_top_tag(partons[None], settings)[0]
        clustered = sequence(partons)
        (merged,) = clustered.inclusive_jets()
        one, two = fastjet.PseudoJet(), fastjet.PseudoJet()
        merged.has_parents(one, two)
        widest = one.delta_R(two)  # the last merging of the three
        if found.found and 0.5 < widest < 1.5:
            tried += 1
            smallest = min(radius for radius in settings.radii() if radius > widest)
            assert found.r_opt == pytest.approx(smallest)
    assert tried >= 10


def test_a_showered_top_is_reconstructed_and_passes():
    jets = ak.Array([showered(top(seed=seed), seed) for seed in range(20)])
    found = hep_top_tag(jets)
    good = (abs(found.m_rec - TOP_MASS) < 10) & (found.f_rec < 0.1)
    assert ak.sum(good) >= 12
    assert ak.mean(found.passed[good]) > 0.8
    np.testing.assert_allclose(
        found.delta_r_opt, found.r_opt - 327 / kin.pt(ak.to_numpy(ak.sum(jets, axis=1))), rtol=0.02
    )


def in_plane(m12, m13, m23, m123, expected):
    """The three bands of 1006.2833, as the paper writes them."""
    low, high, share = 0.85 * expected, 1.15 * expected, m23 / m123
    angle = np.arctan(m13 / m12)
    first = 0.2 < angle < 1.3 and low < share < high
    second, third = (
        low**2 * (1 + over**2) < 1 - share**2 < high**2 * (1 + over**2) and share > 0.35
        for over in (m13 / m12, m12 / m13)
    )
    return first or second or third


def test_what_passes_lies_in_the_bands_of_the_mass_plane():
    rng = np.random.default_rng(5)
    partons = np.stack([top(rng.uniform(150, 500), s, rng.uniform(20, 150)) for s in range(200)])
    found = hep_top_tag(partons)
    found = found[found.found]
    expected = []
    for mine in found:
        one, two, three = ak.to_numpy(mine.subjets)
        masses = [kin.mass(p4) for p4 in (one + two, one + three, two + three, one + two + three)]
        good = in_plane(*masses, 80.4 / 172.3) and 150 < mine.m_rec < 200
        expected.append(good and kin.pt(ak.to_numpy(mine.p4)) > 200)
    assert found.passed.to_list() == expected
    assert 0.2 < np.mean(expected) < 0.8


def _pair_masses(partons):
    return [kin.mass(a + b) for a, b in itertools.combinations(partons, 2)]


@pytest.mark.parametrize(
    "prongs",
    [
        [(400, 0, 0), (1, 0.1, 0), (2, 0, 0.1)],  # one, light
        [(200, 0, 0), (200, 0, 0.8)],  # two
    ],
)
def test_one_or_two_prongs_are_no_candidate(prongs):
    found = hep_top_tag(jet(*prongs))[0]
    assert not found.found and not found.passed
    assert (found.m_rec, found.f_rec, found.r_opt) == (0, 1, 1.5)
    assert found.delta_r_opt == pytest.approx(1.5 - found.r_opt_calc)
    assert not np.any(found.subjets)


def test_empty_jets():
    found = hep_top_tag(np.zeros((2, 4, 4)))
    assert not ak.any(found.found)
    np.testing.assert_array_equal(found.delta_r_opt, 0)


class Published:
    """The steps of 1006.2833 and 1503.05921 with fastjet's own objects, one jet at a time."""

    def __init__(self, p4, settings):
        self.s = settings
        self.clustered = sequence(p4)
        (self.jet,) = self.clustered.inclusive_jets()

    def split(self, node):
        one, two = fastjet.PseudoJet(), fastjet.PseudoJet()
        return (one, two) if node.has_parents(one, two) else None

    def shrink(self, node, radius):
        pair = self.split(node)
        if pair is None or pair[0].delta_R(pair[1]) < radius:
            return [node]
        return [small for half in pair for small in self.shrink(half, radius)]

    def hard(self, node):
        pair = self.split(node)
        if pair is None or node.m() < self.s.max_subjet_mass:
            return [node]
        heavy, light = sorted(pair, key=lambda half: -half.m())
        keep_both = heavy.m() < self.s.mass_drop * node.m()
        return self.hard(heavy) + (self.hard(light) if keep_both else [])

    def filtered(self, particles, radius, count):
        clustered = sequence([four(p) for p in particles], "cambridge", radius)
        pieces = fastjet.sorted_by_pt(clustered.inclusive_jets())[:count]
        inside = [four(p) for piece in pieces for p in piece.constituents()]
        return sum(four(piece) for piece in pieces), inside, len(pieces)

    def candidate(self, fat):
        best, nearest = (np.zeros(4), None), np.inf
        for triple in itertools.combinations(self.hard(fat), 3):
            apart = min(a.delta_R(b) for a, b in itertools.combinations(triple, 2))
            particles = [p for part in triple for p in part.constituents()]
            radius = min(self.s.filter_radius, apart / 2)
            p4, inside, pieces = self.filtered(particles, radius, self.s.filter_count)
            off = abs(kin.mass(p4) - self.s.top_mass)
            if pieces >= 3 and off < nearest:
                nearest, best = off, (p4, inside)
        return best

    def tag(self):
        radii, tops = self.s.radii(), []
        for radius in radii:
            every = [self.candidate(small) for small in self.shrink(self.jet, radius)]
            tops.append(max(every, key=lambda top: kin.pt(top[0])))
        masses = [kin.mass(p4) for p4, _ in tops]
        low = [r for r in range(len(radii)) if masses[r] < 0.8 * masses[0]]
        r = 0 if masses[0] == 0 else (low[0] - 1 if low else len(radii) - 1)
        p4, _, _ = self.filtered(self.jet.constituents(), 0.2, 10)
        return radii[r], *tops[r], 327 / kin.pt(p4)


def test_real_jets_agree_with_the_published_steps():
    settings = TopTagger()
    found = hep_top_tag(real(), settings)
    for mine, p4 in zip(found, real(), strict=True):
        radius, expected, inside, calc = Published(p4, settings).tag()
        assert mine.r_opt == pytest.approx(radius)
        assert mine.r_opt_calc == pytest.approx(calc)
        np.testing.assert_allclose(mine.p4, expected, rtol=1e-9, atol=1e-9)
        assert mine.found == (inside is not None)
        if inside is not None:
            three = fastjet.ClusterSequence(
                pseudojets(inside), fastjet.JetDefinition(fastjet.cambridge_algorithm, 3.0)
            )
            subjets = [four(j) for j in fastjet.sorted_by_pt(three.exclusive_jets(3))]
            np.testing.assert_allclose(mine.subjets, subjets, rtol=1e-9, atol=1e-9)
            one = f_rec(*_pair_masses(subjets), kin.mass(sum(subjets)), settings)
            assert mine.f_rec == pytest.approx(one)
    assert ak.mean(found.passed[TOP]) > ak.mean(found.passed[~TOP])
