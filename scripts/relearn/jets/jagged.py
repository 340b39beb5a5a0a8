"""Constituents of many jets: from the user's array to flat ones, and back.

*Constituents* are an array jets × constituents × 4 (E, px, py, pz, GeV): an awkward array
``n * var * 4 * float64``, or a NumPy array (n, length, 4) padded with zero vectors. A vector of
four zeros is no particle, wherever it stands. Events of particles are the same thing.
"""

from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError

Array = NDArray[np.float64]
LARGEST = 1e100  # GeV; squares and their inverses are still numbers
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Flat:
    """The constituents of all jets one after the other.

    Attributes
    ----------
    p4
        (particles, 4), GeV.
    offsets
        (jets + 1,): jet j owns the particles from ``offsets[j]`` up to ``offsets[j + 1]``.
    position
        (particles,): where in the jet of the user's array each stands.
    """

    p4: Array
    offsets: Integers
    position: Integers

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> Integers:
        """Number of constituents of each jet."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> Integers:
        """Jet of each particle."""
        return np.repeat(np.arange(len(self)), self.counts)

    def sum(self, values: Array) -> Array:
        """Sum over the constituents of each jet: (particles, ...) → (jets, ...)."""
        columns = values.reshape(len(values), int(np.prod(values.shape[1:]))).T
        sums = [np.bincount(self.owner, column, minlength=len(self)) for column in columns]
        # NumPy counts in integers where there is no particle at all
        sums = np.stack(sums, axis=-1).astype(np.float64)
        return sums.reshape(len(self), *values.shape[1:])

    def select(self, chosen: NDArray[np.bool_]) -> ak.Array:
        """Return the positions of chosen particles: jets × positions."""
        counts = np.bincount(self.owner[chosen], minlength=len(self))
        return ak.unflatten(self.position[chosen], counts)


def flatten(constituents: ak.Array | Array) -> Flat:
    """Return constituents as flat arrays.

    Parameters
    ----------
    constituents
        As in this module's head.

    Raises
    ------
    ValueError
        If the array has another shape.
    UserError
        If a component is not finite, or absurdly large: names the jet and the constituent.
    """
    if isinstance(constituents, ak.Array):
        particles, counts = _from_awkward(constituents)
    else:
        particles, counts = _from_numpy(np.asarray(constituents))
    # a copy: kernels are compiled once more for arrays that may not be written to
    particles = np.array(particles, dtype=np.float64, order="C")
    position = np.arange(len(particles)) - np.repeat(np.cumsum(counts) - counts, counts)
    size = np.abs(particles)
    if not (size < LARGEST).all():  # so with NaN too
        broken = ~(size < LARGEST).all(axis=1)
        first = int(np.argmax(broken))
        jet = int(np.searchsorted(np.cumsum(counts), first, side="right"))
        raise UserError(
            f"constituent {position[first]} of jet {jet} is {particles[first]}, which is "
            f"not finite (nor are {int(broken.sum()) - 1} others): remove it beforehand"
        )
    real = size[:, 0] + size[:, 1] + size[:, 2] + size[:, 3] > 0
    if not real.all():
        owner = np.repeat(np.arange(len(counts)), counts)
        counts = np.bincount(owner[real], minlength=len(counts))
        particles, position = particles[real], position[real]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Flat(particles, offsets, position.astype(np.int64))


def _from_awkward(constituents: ak.Array) -> tuple[Array, Integers]:
    if constituents.ndim != 3 or ak.fields(constituents):
        raise ValueError(f"{constituents.type} is not jets * constituents * 4 components")
    counts = ak.to_numpy(ak.num(constituents, axis=1), allow_missing=False).astype(np.int64)
    particles = ak.to_numpy(ak.flatten(constituents, axis=1), allow_missing=False)
    return _four(particles, constituents.type), counts


def _from_numpy(constituents: Array) -> tuple[Array, Integers]:
    if constituents.ndim != 3:
        raise ValueError(f"shape {constituents.shape} is not (jets, constituents, 4)")
    jets, length, components = constituents.shape
    particles = _four(constituents.reshape(jets * length, components), constituents.shape)
    return particles, np.full(jets, length, dtype=np.int64)


def _four(particles: Array, shape: object) -> Array:
    if len(particles) == 0:
        return np.empty((0, 4))
    if particles.shape[1:] != (4,):
        raise ValueError(f"{shape}: a four-vector has the 4 components E, px, py, pz")
    return particles
