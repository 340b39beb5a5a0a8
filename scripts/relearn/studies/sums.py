"""The talk's table of observables as functions of sums over constituents: F(Σ Φ).

Of Komiske, Metodiev and Thaler, 1810.05165, as talk 002 shows it. `relearn.jets.shapes` computes
the same observables from four-vectors. Here Φ sees what a particle flow network sees of a
constituent: pT in GeV, y, φ and charge, and takes it for massless.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
KAPPA = 0.5  # of the jet charge


@dataclass(frozen=True)
class Pair:
    """An observable as F(Σ Φ).

    Attributes
    ----------
    size
        ℓ, how many sums the talk's table has.
    safe
        Whether neither soft nor collinear particles change it.
    phi
        pT (GeV), y, φ and charge, each (n,) → (n, ℓ).
    f
        Sums (..., ℓ) → values (...).
    """

    size: int
    safe: bool
    phi: Callable[[Array, Array, Array, Array], Array]
    f: Callable[[Array], Array]


def _stack(*columns: Array) -> Array:
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def _momentum(pt: Array, y: Array, phi: Array, charge: Array) -> Array:
    return _stack(pt * np.cosh(y), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(y))


def _charged(charge: Array) -> Array:
    return (charge != 0).astype(np.float64)


def _mass(x: Array) -> Array:
    return np.sqrt(np.maximum(x[..., 0] ** 2 - np.square(x[..., 1:]).sum(axis=-1), 0.0))


def _tensor(pt: Array, y: Array, phi: Array, charge: Array) -> Array:
    """|p| and the six different components of p pᵀ/|p|: three on the diagonal, three beside it."""
    size, px, py, pz = np.moveaxis(_momentum(pt, y, phi, charge), -1, 0)
    pairs = ((px, px), (py, py), (pz, pz), (px, py), (px, pz), (py, pz))
    there = np.where(size > 0, size, 1.0)
    return _stack(size, *(one * other / there for one, other in pairs))


def _c(x: Array) -> Array:
    trace = x[..., 1:4].sum(axis=-1)
    square = np.square(x[..., 1:4]).sum(axis=-1) + 2 * np.square(x[..., 4:]).sum(axis=-1)
    return 1.5 * (trace**2 - square) / x[..., 0] ** 2


def _pt_log_pt(pt: Array) -> Array:
    return pt * np.log(np.where(pt > 0, pt, 1.0))


PAIRS = {
    "mass": Pair(4, True, _momentum, _mass),
    "multiplicity": Pair(
        1, False, lambda pt, y, phi, q: _stack(1.0 * (pt > 0)), lambda x: x[..., 0]
    ),
    "track_mass": Pair(
        4, False, lambda pt, y, phi, q: _momentum(pt * _charged(q), y, phi, q), _mass
    ),
    "track_multiplicity": Pair(
        1, False, lambda pt, y, phi, q: _stack(_charged(q)), lambda x: x[..., 0]
    ),
    "jet_charge": Pair(
        2,
        False,
        lambda pt, y, phi, q: _stack(pt, q * pt**KAPPA),
        lambda x: x[..., 1] / x[..., 0] ** KAPPA,
    ),
    # the talk's has the other sign: Σ z ln z
    "eventropy": Pair(
        2,
        False,
        lambda pt, y, phi, q: _stack(pt, _pt_log_pt(pt)),
        lambda x: np.log(x[..., 0]) - x[..., 1] / x[..., 0],
    ),
    "momentum_dispersion": Pair(
        2,
        False,
        lambda pt, y, phi, q: _stack(pt, pt**2),
        lambda x: np.sqrt(x[..., 1] / x[..., 0] ** 2),
    ),
    "c_parameter": Pair(7, True, _tensor, _c),
}


def evaluate(name: str, pt: Array, y: Array, phi: Array, charge: Array) -> Array:
    """Return an observable of jets, (jets,), by its closed form.

    Parameters
    ----------
    name
        One of `PAIRS`.
    pt, y, phi, charge
        (jets, constituents), pT in GeV; pT = 0 where there is none.
    """
    pair = PAIRS[name]
    there = (pt > 0)[..., None]
    return pair.f(np.where(there, pair.phi(pt, y, phi, charge), 0.0).sum(axis=-2))
