"""What every tagger that is no network offers: cuts, linear discriminants, decision trees."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relearn.models.jetbatch import Jets


class Classic(ABC):
    """A tagger that is fitted in one go."""

    needs: tuple[str, ...] = ()  # extra columns and observables without which it cannot work
    log_odds: bool = True  # whether scores are logarithms of signal over background

    @abstractmethod
    def fit(self, train: Jets, validation: Jets, seed: int) -> dict[str, Any]:
        """Fit to jets with their labels and weights, and return what is worth recording.

        Parameters
        ----------
        train
            Jets to fit.
        validation
            Jets that may choose how long to go on.
        seed
            Of everything random.
        """

    @abstractmethod
    def score(self, jets: Jets) -> NDArray[np.float64]:
        """Return (B,) scores: the higher, the more like the signal."""

    @abstractmethod
    def state(self) -> dict[str, NDArray]:
        """Return all that `restore` needs, as arrays: a model file holds no code."""

    @abstractmethod
    def restore(self, state: dict[str, NDArray]) -> None:
        """Become the tagger that `state` was taken from."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """Number of fitted numbers."""
