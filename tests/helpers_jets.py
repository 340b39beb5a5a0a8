"""Jets for tests: real ones, simple ones, and fastjet's view of them.

``data_files/jets.npz`` holds the constituents of 24 anti-kT R=1.5 jets of 350–450 GeV, |η| < 1, at
particle level: 12 of hadronic top quarks, 12 of QCD; Pythia 8.317 at 14 TeV without multiple
interactions.
"""

import awkward as ak
import fastjet
import numpy as np
from helpers_workflow import ROOT
from hypothesis import settings
from hypothesis import strategies as st

from relearn import kinematics as kin

QUICK = settings(max_examples=20, deadline=None, derandomize=True)
STORED = np.load(ROOT / "tests/data_files/jets.npz")
TOP = STORED["top"]
ALGORITHMS = {
    "antikt": fastjet.antikt_algorithm,
    "cambridge": fastjet.cambridge_algorithm,
    "kt": fastjet.kt_algorithm,
}

_particle = st.tuples(st.floats(0.5, 200), st.floats(-1, 1), st.floats(-1, 1))
# hypothesis loves equal numbers; a little noise, always the same, keeps distances from being equal
_NOISE = np.random.default_rng(0).uniform(0.005, 0.03, (12, 3))
particles = st.lists(_particle, min_size=1, max_size=12).map(
    lambda rows: np.round(rows, 3) + _NOISE[: len(rows)]
)


def real():
    """All stored jets: 24 * var * 4, on their mass shells to the last digit."""
    p4 = STORED["p4"].astype(float)
    mass = np.sqrt(np.maximum(kin.mass_squared(p4), 0.0))
    p4[:, 0] = np.sqrt((p4[:, 1:] ** 2).sum(axis=1) + mass**2)
    return ak.unflatten(p4, STORED["counts"])


def massless(pt, y, phi):
    return kin.from_pt_eta_phi_mass(pt, y, phi, 0.0)


def jet(*triples):
    """One jet of massless constituents (pT, y, φ): (1, n, 4)."""
    return massless(*np.array(triples, dtype=float).T)[None]


def events(n=6, size=150, seed=3):
    """Events of massive particles with a few clumps: n * var * 4."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(size // 2, size, n)
    total = counts.sum()
    clump = rng.uniform([-2, -3], [2, 3], (5, 2))[rng.integers(0, 5, total)]
    y, phi = (clump + rng.normal(0, 0.6, (total, 2))).T
    pt = rng.exponential(5, total) ** 1.5
    return ak.unflatten(kin.from_pt_eta_phi_mass(pt, y, phi, rng.uniform(0, 1, total)), counts)


def pseudojets(p4):
    made = [fastjet.PseudoJet(*map(float, (p[1], p[2], p[3], p[0]))) for p in np.asarray(p4)]
    for position, particle in enumerate(made):
        particle.set_user_index(position)
    return made


def sequence(p4, algorithm="cambridge", radius=1000.0):
    """fastjet's clustering of one jet; keep it as long as its jets are used."""
    return fastjet.ClusterSequence(
        pseudojets(p4), fastjet.JetDefinition(ALGORITHMS[algorithm], radius)
    )


def four(pseudojet):
    return np.array([pseudojet.E(), pseudojet.px(), pseudojet.py(), pseudojet.pz()])


def members(pseudojet):
    return sorted(particle.user_index() for particle in pseudojet.constituents())
