"""Transverse momentum, rapidity, azimuth and distances, as FastJet has them."""

import math

from relearn.jets.kernels import compiled

TWO_PI = 2 * math.pi
FARTHEST = 1e5  # rapidity of a massless particle along the beam


@compiled
def coordinates(energy, px, py, pz):
    """Return pT, rapidity and azimuth in [−π, π] of a four-vector."""
    pt2 = px * px + py * py
    mass2 = max((energy - pz) * (energy + pz) - pt2, 0.0)
    if pt2 + mass2 == 0.0:
        rapidity = math.copysign(FARTHEST, pz) if pz != 0.0 else 0.0
    else:
        forward = energy + abs(pz)
        rapidity = math.copysign(0.5 * math.log(forward * forward / (pt2 + mass2)), pz)
    return math.sqrt(pt2), rapidity, math.atan2(py, px)


@compiled
def turn(difference):
    """Return a difference of two azimuths as an angle in [−π, π]."""
    if difference > math.pi:
        return difference - TWO_PI
    if difference < -math.pi:
        return difference + TWO_PI
    return difference


@compiled
def distance2(y1, phi1, y2, phi2):
    """Return Δy² + Δφ²."""
    separation = abs(phi1 - phi2)
    separation = separation if separation <= math.pi else TWO_PI - separation
    return (y1 - y2) * (y1 - y2) + separation * separation


@compiled
def mass(energy, px, py, pz):
    """Return the mass, 0 for what is space-like."""
    return math.sqrt(max((energy - pz) * (energy + pz) - px * px - py * py, 0.0))
