"""Efficiencies and resolutions: the detector's dice."""

import numpy as np
from numpy.typing import NDArray

from relearn.generate.cards import Efficiency, Resolution

Array = NDArray[np.float64]


def efficiency(card: Efficiency, pt: Array, eta: Array) -> Array:
    """Return the probability to be seen, from pT in GeV and pseudorapidity."""
    row = np.searchsorted(card.eta_max, np.abs(eta), side="left")
    column = np.searchsorted(card.pt_min, pt, side="left") - 1
    outside = (row == len(card.eta_max)) | (column < 0)
    table = np.array(card.efficiency)
    value = table[np.where(outside, 0, row), np.where(outside, 0, column)]
    if card.fall:
        loss = np.exp(card.fall.constant - card.fall.slope * pt)
        value = value * np.where(pt > card.fall.above, loss, 1.0)
    return np.where(outside, 0.0, value)


def relative_resolution(card: Resolution, pt: Array, eta: Array) -> Array:
    """Return σ(pT)/pT, at most 1."""
    last = len(card.eta_max) - 1
    row = np.minimum(np.searchsorted(card.eta_max, np.abs(eta), side="left"), last)
    return np.minimum(np.hypot(np.array(card.constant)[row], np.array(card.slope)[row] * pt), 1.0)


def log_normal(mean: Array, deviation: Array, rng: np.random.Generator) -> Array:
    """Draw positive numbers of given mean and standard deviation, log-normally distributed."""
    width = np.sqrt(np.log1p((deviation / mean) ** 2))
    return np.exp(np.log(mean) - width**2 / 2 + width * rng.standard_normal(mean.shape))
