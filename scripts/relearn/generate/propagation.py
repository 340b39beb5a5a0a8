"""From where a particle is made to where it leaves the tracker: a helix, or a straight line."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from relearn.generate.cards import Tracker

Array = NDArray[np.float64]

CURVATURE = 0.299792458  # pT/GeV = CURVATURE · |q|/e · B/T · radius/m
MM = 1e-3  # in m
SMALLEST_PT_SQUARED = 1e-9  # GeV²; slower particles are dropped, as in Delphes


@dataclass(frozen=True)
class Exit:
    """Where helices leave the cylinder, and what the tracker measures of their start."""

    inside: NDArray[np.bool_]  # made within the cylinder, with transverse momentum
    eta: Array  # pseudorapidity of the point of exit, seen from the origin
    phi: Array  # azimuth of the momentum at the closest approach to the beam
    phi_outer: Array  # azimuth of the point of exit
    d0: Array  # mm, x·sin φ − y·cos φ of the closest approach
    z0: Array  # mm, z of the closest approach

    def __getitem__(self, which: NDArray) -> "Exit":
        return Exit(**{one.name: getattr(self, one.name)[which] for one in fields(self)})


def leave_tracker(
    px: Array, py: Array, pz: Array, charge: Array, x: Array, y: Array, z: Array, tracker: Tracker
) -> Exit:
    """Follow charged particles to the wall of the tracker.

    Parameters
    ----------
    px, py, pz
        Momenta, GeV.
    charge
        In units of e, not 0.
    x, y, z
        Production vertices, mm.
    tracker
        Radius, half-length, field.

    Returns
    -------
    Exit
        Arrays of the same shape. A positive charge turns clockwise, seen along the field.
        Where `inside` is false the angles are not a number.
    """
    x, y, z = x * MM, y * MM, z * MM
    pt = np.hypot(px, py)
    inside = (pt**2 >= SMALLEST_PT_SQUARED) & (np.hypot(x, y) <= tracker.radius)
    inside &= np.abs(z) <= tracker.half_length
    with np.errstate(divide="ignore", invalid="ignore"):
        signed = pt / (CURVATURE * charge * tracker.field)
        # centre of the circle: to the right of the momentum for a positive charge
        centre_x, centre_y = x + signed * py / pt, y - signed * px / pt
        distance = np.hypot(centre_x, centre_y)
        radius, turn = np.abs(signed), np.sign(charge)

        # ψ: angle at the centre, from the direction away from the beam; falls for charge > 0
        to_start = np.arctan2(y - centre_y, x - centre_x)
        outwards = np.arctan2(centre_y, centre_x)
        behind = turn * (to_start - outwards)
        psi = behind % (2 * np.pi)
        cosine = (tracker.radius**2 - distance**2 - radius**2) / (2 * distance * radius)
        at_wall = np.arccos(np.clip(cosine, -1.0, 1.0))
        to_barrel = np.where(np.abs(cosine) <= 1, (psi - at_wall) % (2 * np.pi), np.inf)
        to_endcap = (np.copysign(tracker.half_length, pz) - z) / (radius * pz / pt)
        to_endcap = np.where(pz == 0, np.inf, to_endcap)
        angle = np.minimum(to_barrel, to_endcap)
        inside &= np.isfinite(angle)  # in a transverse circle for ever: seen nowhere

        end = to_start - turn * angle
        end_x, end_y = centre_x + radius * np.cos(end), centre_y + radius * np.sin(end)
        rho = np.hypot(end_x, end_y)
        height = z + radius * angle * pz / pt
        eta = np.arcsinh(height / rho)
        # the beam sees the circle's nearest point along the line to its centre
        phi = outwards + turn * np.pi / 2
        d0 = turn * (distance - radius) / MM
        z0 = (z + radius * _turned(behind - np.pi) * pz / pt) / MM
    angles = (eta, _turned(phi), np.arctan2(end_y, end_x), d0, z0)
    return Exit(inside, *(np.where(inside, value, np.nan) for value in angles))


def straight_out(
    px: Array, py: Array, pz: Array, x: Array, y: Array, z: Array, tracker: Tracker
) -> tuple[NDArray[np.bool_], Array, Array]:
    """Follow neutral particles to the wall of the tracker.

    Parameters
    ----------
    px, py, pz
        Momenta, GeV.
    x, y, z
        Production vertices, mm.
    tracker
        Radius, half-length.

    Returns
    -------
    tuple of ndarray
        As `Exit`: made within the cylinder with transverse momentum; pseudorapidity and azimuth
        of the point of exit. Where the first is false the angles are not a number.
    """
    x, y, z = x * MM, y * MM, z * MM
    squared = px**2 + py**2
    room = tracker.radius**2 - x**2 - y**2
    inside = (squared >= SMALLEST_PT_SQUARED) & (room >= 0) & (np.abs(z) <= tracker.half_length)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = x * px + y * py
        to_barrel = (np.sqrt(along**2 + squared * room) - along) / squared
        to_endcap = (np.copysign(tracker.half_length, pz) - z) / pz
        way = np.where(pz == 0, to_barrel, np.minimum(to_barrel, to_endcap))
        x, y, z = x + way * px, y + way * py, z + way * pz
        eta, phi = np.arcsinh(z / np.sqrt(x**2 + y**2)), np.arctan2(y, x)
    return inside, np.where(inside, eta, np.nan), np.where(inside, phi, np.nan)


def _turned(angle: Array) -> Array:
    """Into [−π, π)."""
    return np.remainder(angle + np.pi, 2 * np.pi) - np.pi
