"""Charged particles → tracks: efficiency, momentum, impact parameters."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from relearn.generate import response
from relearn.generate.cards import ImpactParameters, Tracks
from relearn.generate.propagation import Exit

Array = NDArray[np.float64]
D0_POWER, Z0_POWER = 1, 3  # of cosh η in the square of the scattering term


@dataclass(frozen=True)
class TrackSet:
    """Charged particles and what the tracker makes of them, one entry each."""

    particle: NDArray[np.int64]  # where the particle is
    seen: NDArray[np.bool_]
    dice: Array  # uniform, for what comes later (identification)
    pt: Array  # GeV, measured
    eta: Array
    phi: Array
    relative: Array  # σ(pT)/pT
    eta_outer: Array
    phi_outer: Array
    d0: Array  # mm, true
    z0: Array

    def __getitem__(self, which: NDArray) -> "TrackSet":
        return TrackSet(**{one.name: getattr(self, one.name)[which] for one in fields(self)})


def measure(
    particle: NDArray[np.int64],
    px: Array,
    py: Array,
    pz: Array,
    exits: Exit,
    card: Tracks,
    rng: np.random.Generator,
) -> TrackSet:
    """Say which particles of one kind become tracks, and with which momentum.

    Parameters
    ----------
    particle
        Names the particles; passed on.
    px, py, pz
        True momenta, GeV.
    exits
        Where the particles leave the tracker. Efficiency and resolution are those of the
        pseudorapidity there and of the true pT; the direction is the true one, with the azimuth
        of the closest approach to the beam.
    card
        Of this kind of particle.
    rng
        The dice: the same number of throws for each particle, seen or not.

    Returns
    -------
    TrackSet
        Of the same length; pT drawn log-normally.
    """
    pt = np.hypot(px, py)
    chance, dice = rng.random((2, len(pt)))
    # outside the tracker the angles are undefined; any value will do, `seen` is false there
    outer = np.where(exits.inside, exits.eta, np.inf)
    seen = exits.inside & (chance < response.efficiency(card.tracking, pt, outer))
    relative = response.relative_resolution(card.resolution, pt, outer)
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = response.log_normal(pt, relative * pt, rng)
        eta = np.arcsinh(pz / pt)
    return TrackSet(
        particle,
        seen,
        dice,
        measured,
        eta,
        exits.phi,
        relative,
        outer,
        exits.phi_outer,
        exits.d0,
        exits.z0,
    )


def joined(sets: list[TrackSet]) -> TrackSet:
    """Return the tracks of all sets, in the order of their particles."""
    columns = {
        one.name: np.concatenate([getattr(tracks, one.name) for tracks in sets])
        for one in fields(TrackSet)
    }
    return TrackSet(**columns)[np.argsort(columns["particle"], kind="stable")]


def impact_resolution(card: ImpactParameters, pt: Array, eta: Array) -> tuple[Array, Array]:
    """Return σ(d0) and σ(z0) in mm, from pT in GeV and pseudorapidity of a track."""
    cosh = np.cosh(eta)
    return tuple(
        np.hypot(one.constant, one.slope / pt * np.sqrt(cosh**power))
        for one, power in ((card.d0, D0_POWER), (card.z0, Z0_POWER))
    )
