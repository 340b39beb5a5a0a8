"""Energy deposits → cells of a calorimeter, with what it measures in each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relearn.generate import response
from relearn.generate.calorimetercards import Calorimeter

Array = NDArray[np.float64]
Index = NDArray[np.int64]
OUTSIDE = -1


@dataclass(frozen=True)
class Cells:
    """Cells with a deposit, sorted by event, ring and azimuth."""

    key: Index  # event and cell in one number, as `locate` gives it
    event: Index
    energy: Array  # GeV, measured; 0 below threshold
    variance: Array  # GeV², of what was measured before the threshold
    eta: Array  # drawn within the cell
    phi: Array
    eta_edges: Array  # cells × (lower, upper)
    phi_edges: Array


def locate(card: Calorimeter, event: Index, eta: Array, phi: Array) -> Index:
    """Return the cell that holds each point.

    Parameters
    ----------
    card
        Of the calorimeter.
    event
        Number of each point's event.
    eta, phi
        Where particles leave the tracker. A cell holds its upper edges.

    Returns
    -------
    ndarray
        event · (cells of the calorimeter) + cell, or `OUTSIDE`.
    """
    ring = np.searchsorted(card.edges, eta, side="left") - 1
    outside = (ring < 0) | (ring >= len(card.cells)) | ~np.isfinite(eta)
    ring[outside] = 0
    around = card.cells[ring]
    turns = (phi + np.pi) * (0.5 / np.pi)
    with np.errstate(invalid="ignore"):
        within = np.ceil(turns * around).astype(np.int64) - 1
    within = np.clip(within, 0, around - 1)
    first = np.cumsum(card.cells) - card.cells
    key = event * np.sum(card.cells) + first[ring] + within
    key[outside] = OUTSIDE
    return key


def measure(card: Calorimeter, key: Index, energy: Array, rng: np.random.Generator) -> Cells:
    """Add up deposits in each cell and measure them.

    Parameters
    ----------
    card
        Of the calorimeter.
    key
        Where each deposit is (`locate`); those outside are lost.
    energy
        Deposits, GeV, above 0.
    rng
        The dice: energy, then direction, for each cell.

    Returns
    -------
    Cells
        Energies are drawn log-normally with the resolution at the true energy; what is below
        the least energy or the least significance, with the resolution at the energy drawn,
        becomes 0.
    """
    order = np.argsort(key, kind="stable")
    order = order[np.searchsorted(key[order], 0, side="left") :]
    key = key[order]
    start = np.flatnonzero(np.diff(key, prepend=OUTSIDE))
    key = key[start]
    true = np.add.reduceat(energy[order], start) if len(start) else np.zeros(0)

    event, cell = np.divmod(key, np.sum(card.cells))
    last = np.cumsum(card.cells)
    ring = np.searchsorted(last, cell, side="right")
    noise, stochastic, constant = card.variances[ring].T
    width = np.sqrt(noise + true * (stochastic + true * constant))
    drawn = response.log_normal(true, width, rng)
    variance = noise + drawn * (stochastic + drawn * constant)
    significant = drawn >= card.significance_min * np.sqrt(variance)
    drawn[~significant | (drawn < card.energy_min)] = 0.0

    around = card.cells[ring]
    eta_edges = np.stack([card.edges[ring], card.edges[ring + 1]], axis=1)
    within = cell - (last[ring] - around)
    phi_edges = np.stack([within, within + 1], axis=1) * (2 * np.pi / around)[:, None] - np.pi
    throws = rng.random((2, len(key)))
    eta = eta_edges[:, 0] + throws[0] * (eta_edges[:, 1] - eta_edges[:, 0])
    phi = phi_edges[:, 0] + throws[1] * (phi_edges[:, 1] - phi_edges[:, 0])
    return Cells(key, event, drawn, variance, eta, phi, eta_edges, phi_edges)
