"""Four-vectors, invariants and angles: the first stone, which everything else stands on.

A four-vector is an array whose last axis is E, px, py, pz, in GeV; every function takes
``(..., 4)`` and returns ``(...)``. Metric (+, −, −, −).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MUON_MASS = 0.1056583755  # GeV, Particle Data Group 2022
ROUNDING = 8 * np.finfo(np.float64).eps  # of m², in units of E²

Array = NDArray[np.float64]


def _split(p4: ArrayLike) -> tuple[Array, Array, Array, Array]:
    p4 = np.asarray(p4, dtype=np.float64)
    return p4[..., 0], p4[..., 1], p4[..., 2], p4[..., 3]


def from_pt_eta_phi_mass(pt: ArrayLike, eta: ArrayLike, phi: ArrayLike, mass: ArrayLike) -> Array:
    """Return four-vectors ``(..., 4)`` from pT and mass in GeV, pseudorapidity and azimuth."""
    pt, eta, phi, mass = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (pt, eta, phi, mass))
    )
    energy = np.hypot(pt * np.cosh(eta), mass)
    return np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1)


def pt(p4: ArrayLike) -> Array:
    """Transverse momentum, GeV."""
    _, px, py, _ = _split(p4)
    return np.hypot(px, py)


def phi(p4: ArrayLike) -> Array:
    """Azimuth in [−π, π]; 0 for a vector along the beam."""
    _, px, py, _ = _split(p4)
    return np.arctan2(py, px)


def eta(p4: ArrayLike) -> Array:
    """Pseudorapidity; ±∞ along the beam, 0 for a particle at rest."""
    pz = _split(p4)[3]
    return _arcsinh_ratio(pz, pt(p4))


def mass_squared(p4: ArrayLike) -> Array:
    """Invariant mass squared, GeV²; negative for a space-like vector.

    Taken as (E − |p|)(E + |p|), which cancels less than E² − p². What is below the rounding
    error of E² is noise and returned as 0, so that light fast particles get no imaginary mass.
    """
    energy, px, py, pz = _split(p4)
    momentum = np.hypot(np.hypot(px, py), pz)
    squared = (energy - momentum) * (energy + momentum)
    return np.where(np.abs(squared) < ROUNDING * energy**2, 0.0, squared)


def mass(p4: ArrayLike) -> Array:
    """Invariant mass, GeV; −√|m²| for a space-like vector, as in scikit-hep's ``vector``."""
    squared = mass_squared(p4)
    return np.copysign(np.sqrt(np.abs(squared)), squared)


def rapidity(p4: ArrayLike) -> Array:
    """Rapidity along the beam, ½ ln((E + pz)/(E − pz)); ±∞ for a massless one along it."""
    pz = _split(p4)[3]
    transverse_mass = np.sqrt(np.maximum(mass_squared(p4) + pt(p4) ** 2, 0.0))
    return _arcsinh_ratio(pz, transverse_mass)


def gamma(p4: ArrayLike) -> Array:
    """Lorentz factor E/m of the vector's rest frame; ∞ for a massless one."""
    energy, heavy = _split(p4)[0], mass(p4)
    with np.errstate(divide="ignore"):
        return np.where(heavy > 0, energy / np.where(heavy > 0, heavy, 1.0), np.inf)


def delta_phi(a: ArrayLike, b: ArrayLike) -> Array:
    """Azimuth of `a` minus that of `b`, in [−π, π]."""
    _, ax, ay, _ = _split(a)
    _, bx, by, _ = _split(b)
    return np.arctan2(ay * bx - ax * by, ax * bx + ay * by)


def delta_eta(a: ArrayLike, b: ArrayLike) -> Array:
    """Pseudorapidity of `a` minus that of `b`."""
    return eta(a) - eta(b)


def delta_r(a: ArrayLike, b: ArrayLike) -> Array:
    """Distance √(Δη² + Δφ²)."""
    return np.hypot(delta_eta(a, b), delta_phi(a, b))


def cos_theta_cs(mu_minus: ArrayLike, mu_plus: ArrayLike) -> Array:
    """Cosine of the angle of the negative lepton in the Collins–Soper frame.

    Parameters
    ----------
    mu_minus, mu_plus
        Four-vectors ``(..., 4)``, GeV.

    Returns
    -------
    ndarray
        sign(pz of the pair) · (p1⁺p2⁻ − p1⁻p2⁺) / (m √(m² + pT²)) with p± = E ± pz and
        1 = μ⁻, in [−1, 1]. In proton–proton collisions the quark's side is not known: the
        sign of the pair's pz stands for it (Phys. Rev. D 16 (1977) 2219).
    """
    e1, _, _, z1 = _split(mu_minus)
    e2, _, _, z2 = _split(mu_plus)
    pair = np.asarray(mu_minus, dtype=np.float64) + np.asarray(mu_plus, dtype=np.float64)
    # (E1 + z1)(E2 − z2) − (E1 − z1)(E2 + z2), multiplied out: half the products cancel
    difference = 2.0 * (z1 * e2 - e1 * z2)
    heavy = mass(pair)
    scale = heavy * np.hypot(heavy, pt(pair))
    side = np.where(z1 + z2 < 0, -1.0, 1.0)
    return np.clip(side * difference / scale, -1.0, 1.0)


def _arcsinh_ratio(longitudinal: Array, transverse: Array) -> Array:
    """arsinh(l/t), with the limits ±∞ at t = 0 and 0 where both vanish."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(longitudinal == 0, 0.0, longitudinal / transverse)
    return np.arcsinh(ratio)
