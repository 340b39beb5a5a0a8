"""Energy flow: what of a cell's energy the tracks explain, and what is neutral."""

import numpy as np
from numpy.typing import NDArray

from relearn.generate.calorimeter import OUTSIDE, Cells
from relearn.generate.calorimetercards import Calorimeter

Array = NDArray[np.float64]
Index = NDArray[np.int64]
TRACK, PHOTON, NEUTRAL_HADRON = 0, 1, 2  # kinds of energy flow


def subtract(
    card: Calorimeter,
    cells: Cells,
    key: Index,
    energy: Array,
    relative: Array,
    fraction: Array | float = 1.0,
) -> tuple[Array, Array]:
    """Share the energy of each cell between its tracks and a neutral particle.

    Parameters
    ----------
    card
        Of the calorimeter.
    cells
        What it has measured.
    key
        Cell of each track that leaves energy in this calorimeter (`calorimeter.locate`). A track
        in no measured cell keeps its momentum.
    energy, relative
        Of the tracks: energy in GeV, and σ(pT)/pT.
    fraction
        Share of a track's energy that this calorimeter gets.

    Returns
    -------
    neutral : ndarray
        Energy of the neutral particle in each cell, GeV; 0 where there is none. It is the excess
        over the tracks, if that passes the least energy and, with the uncertainties of both, the
        least significance.
    scale : ndarray
        What each track's pT is to be multiplied by. In cells without a neutral particle the
        tracks share the mean of both measurements, each weighted with its variance.
    """
    where = np.searchsorted(cells.key, key)
    where[where == len(cells.key)] = 0
    known = key != OUTSIDE
    known &= cells.key[where] == key if len(cells.key) else False
    place, number = where[known], len(cells.key)
    share = fraction[known] if np.ndim(fraction) else fraction
    tracks = np.bincount(place, energy[known] * share, minlength=number)
    track_variance = np.bincount(place, (energy[known] * relative[known]) ** 2, minlength=number)

    excess = np.maximum(cells.energy - tracks, 0.0)
    sigma = np.sqrt(track_variance + cells.variance)
    is_neutral = (excess > card.energy_min) & (excess > card.significance_min * sigma)

    with np.errstate(divide="ignore", invalid="ignore"):
        of_tracks = np.where(track_variance > 0, 1 / track_variance, 0.0)
        of_cell = np.where(cells.variance > 0, 1 / cells.variance, 0.0)
        best = (of_tracks * tracks + of_cell * cells.energy) / (of_tracks + of_cell)
        best = np.where(of_tracks + of_cell > 0, best, tracks)
        ratio = np.where(~is_neutral & (tracks > 0), best / tracks, 1.0)
    scale = np.ones(len(key))
    scale[known] = ratio[place]
    return np.where(is_neutral, excess, 0.0), scale
