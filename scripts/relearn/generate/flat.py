"""Jagged events ↔ flat columns, and sums over them."""

from collections.abc import Iterable, Mapping

import awkward as ak
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def columns(events: ak.Array, names: Iterable[str]) -> dict[str, Array]:
    """Return fields of events × things as flat float64 columns, in the order of the events."""
    return {
        name: ak.to_numpy(ak.flatten(events[name])).astype(np.float64, copy=False) for name in names
    }


def jagged(event: Index, values: Mapping[str, NDArray], events: int) -> ak.Array:
    """Return flat columns as records, events × things.

    Parameters
    ----------
    event
        Number of the event of each thing, in rising order.
    values
        Columns of the same length.
    events
        Number of events, the empty ones included.
    """
    return ak.unflatten(ak.zip(dict(values), depth_limit=1), np.bincount(event, minlength=events))


def pairs(event: Index, others: Index, events: int) -> tuple[Index, Index]:
    """Pair each thing with all others of its event.

    Parameters
    ----------
    event, others
        Numbers of the events of both kinds of things; those of `others` rise.
    events
        Number of events.

    Returns
    -------
    tuple of ndarray
        Positions of the pairs' members in both; the first rises.
    """
    number = np.bincount(others, minlength=events)
    start = np.cumsum(number) - number
    partners = number[event]
    one = np.repeat(np.arange(len(event)), partners)
    within = np.arange(len(one)) - np.repeat(np.cumsum(partners) - partners, partners)
    return one, within + np.repeat(start[event], partners)
