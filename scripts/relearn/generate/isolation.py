"""Isolation: how much of the energy flow lies around a lepton or photon."""

import numpy as np
from numpy.typing import NDArray

from relearn.generate.cards import Isolation
from relearn.generate.flat import pairs

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def around(
    card: Isolation,
    candidates: tuple[Index, Array, Array, Array],
    flow: tuple[Index, Array, Array, Array],
    events: int,
    own: Index | None = None,
) -> Array:
    """Return Σ pT of the energy flow around candidates, over their own pT.

    Parameters
    ----------
    card
        Radius and least pT of what is counted (included).
    candidates, flow
        Event, pT (GeV), η, φ of each; the events of `flow` rise. Leave leptons out of `flow`.
    events
        Number of events.
    own
        Where each candidate is in `flow` itself, so that it is not counted.

    Returns
    -------
    ndarray
        One ratio for each candidate.
    """
    event, pt, eta, phi = candidates
    hard = np.flatnonzero(flow[1] >= card.pt_min)
    flow_event, flow_pt, flow_eta, flow_phi = (column[hard] for column in flow)
    one, other = pairs(event, flow_event, events)
    turn = np.abs(phi[one] - flow_phi[other])
    turn = np.minimum(turn, 2 * np.pi - turn)
    near = (eta[one] - flow_eta[other]) ** 2 + turn**2 <= card.radius**2
    if own is not None:
        near &= hard[other] != own[one]
    total = np.bincount(one[near], flow_pt[other[near]], minlength=len(pt))
    return total / pt
