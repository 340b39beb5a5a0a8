"""Natural units → mean 0 and width 1, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Standardiser:
    """Shift and scale each column; `mean` and `std` have one number a column, float64."""

    mean: Array
    std: Array

    @classmethod
    def fit(cls, values: ArrayLike) -> "Standardiser":
        """Take mean and standard deviation of the columns of `values` (n, d).

        A column that is constant, up to rounding, is shifted and not scaled.
        """
        values = np.asarray(values, dtype=np.float64)
        mean, std = values.mean(axis=0), values.std(axis=0)
        # of the range, not of `std`: the mean's own rounding grows with the number of rows
        rounding = 8 * np.finfo(np.float64).eps * np.abs(values).max(axis=0)
        varies = (np.ptp(values, axis=0) > rounding) & (std > 0)
        return cls(mean, np.where(varies, std, 1.0))

    def apply(self, values: ArrayLike) -> Array:
        """Natural units → standardised."""
        return (np.asarray(values, dtype=np.float64) - self.mean) / self.std

    def invert(self, values: ArrayLike) -> Array:
        """Standardised → natural units."""
        return np.asarray(values, dtype=np.float64) * self.std + self.mean
