"""Cuts: windows of a mass, an upper limit of τ3/τ2, or both together (a box).

A cut is one point; its ROC curve needs a family of them. Here it is a family of nested windows,
each inside the next, and the score says in which of them a jet is: cutting on the score is cutting
on the variable. Of all such families it is the one under which the training jets are likeliest: the
logarithm of signal over background, fitted as a function of the variable that rises to one maximum
and falls from there. Where the true ratio of probabilities does so, these are the best cuts that
there are (Neyman and Pearson). A limit of τ3/τ2 may only fall. The fit is an isotonic regression
on either side of the maximum, of cells with equally many jets; neither width nor shape is assumed.

The box tightens both at once: at signal efficiency ε of independent variables the window of the
soft-drop mass keeps ε^a of the signal, and the limit of τ3/τ2 keeps ε^(1−a). The a of `PACES` with
the largest area under the validation jets' ROC curve is taken.

No paper: the talk's mass, W mass and N-subjettiness as they stand. τ_N has β = 1. The sizes are the
numbers of cells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from relearn.errors import UserError
from relearn.models import variables
from relearn.models.classic import Classic
from relearn.models.jetbatch import Jets
from relearn.models.tagger import check_choices, check_options, options_of

SIZES = {"small": {"cells": 50}, "medium": {"cells": 100}, "paper": {"cells": 200}}
DEFAULTS: dict[str, Any] = {}
# what is cut on → its variables, and whether only an upper limit makes sense
LIMIT = {"mass": False, "sd_mass": False, "tau32": True}
CUTS = {"mass": ("mass",), "sd_mass": ("sd_mass",), "tau32": ("tau32",)}
CUTS["box"] = ("sd_mass", "tau32")
PACES = np.linspace(0.05, 0.95, 19)  # of a
SIDES = ("left", "right")
EFFICIENCY = 0.5  # of the signal, at which the record quotes the cut

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Nested windows of one variable.

    Attributes
    ----------
    edges
        (K − 1,) rising: between K pieces of the axis.
    odds
        (K,): ln(signal/background) of each piece; rises, then falls.
    kept
        (K,): share of the signal in the smallest window that contains the piece.
    """

    edges: Array
    odds: Array
    kept: Array

    def piece(self, values: Array) -> NDArray[np.int64]:
        """Return the piece (n,) that each value (n,) is in."""
        return np.searchsorted(self.edges, values, side="right")

    def window(self, efficiency: float) -> list[float | None]:
        """Return the ends of the smallest window that keeps so much signal; None: open."""
        inside = np.flatnonzero(self.kept <= max(efficiency, self.kept.min()))
        ends = np.concatenate([[np.nan], self.edges, [np.nan]])[[inside[0], inside[-1] + 1]]
        return [None if np.isnan(end) else float(end) for end in ends]


def windows(values: Array, label: NDArray, weight: NDArray, cells: int, limit: bool) -> Windows:
    """Return the likeliest nested windows.

    Parameters
    ----------
    values
        (n,) of the variable.
    label, weight
        (n,): 1 signal, 0 background; weights that are not negative.
    cells
        Into how many pieces of equally many jets the axis is cut first.
    limit
        Whether the windows are open below.

    Raises
    ------
    UserError
        If there is one class only.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, cells + 1)[1:-1]))
    cell = np.searchsorted(edges, values, side="right")
    signal, background = (
        np.bincount(cell, np.where(label == side, weight, 0.0), len(edges) + 1) for side in (1, 0)
    )
    if not (signal.sum() > 0 and background.sum() > 0):
        raise UserError("a cut needs training jets of both classes, with weights above 0")
    filled = signal + background > 0
    edges = edges[np.flatnonzero(filled)[1:] - 1]
    signal, background = signal[filled], background[filled]
    share = _rise_and_fall(signal, background, limit)
    least = 0.5 / len(values)  # no piece is pure: half a jet of the other class could be there
    share = share.clip(least, 1 - least)
    first = np.flatnonzero(np.diff(share, prepend=np.nan) != 0)  # of pieces that are alike
    signal, share = np.add.reduceat(signal, first), share[first]
    kept = np.array([signal[share >= one].sum() for one in share]) / signal.sum()
    return Windows(edges[first[1:] - 1], np.log(share / (1 - share)), kept)


def _rise_and_fall(signal: Array, background: Array, limit: bool) -> Array:
    """Return the likeliest share (C,) of signal that rises, then falls along the cells."""
    weight = signal + background
    share, best, likeliest = signal / weight, None, -np.inf
    for top in range(1 if limit else len(share) + 1):
        sides = ((slice(None, top), True), (slice(top, None), False))
        fits = [
            isotonic_regression(share[side], weights=weight[side], increasing=rising).x
            for side, rising in sides
            if len(share[side])
        ]
        found = np.concatenate(fits).clip(0, 1)
        likelihood = (xlogy(signal, found) + xlogy(background, 1 - found)).sum()
        if likelihood > likeliest:
            best, likeliest = found, likelihood
    return best


class Cut(Classic):
    """Nested cuts on one variable or two.

    Parameters
    ----------
    of
        ``mass``, ``sd_mass`` (soft drop), ``tau32`` or ``box``.
    cells
        Pieces of equally many jets that each axis is cut into first.
    """

    def __init__(self, of: str = "mass", cells: int = 200):
        check_choices("cuts", of=(of, CUTS))
        if cells < 2:
            raise UserError(f"cuts: cells: {cells} leave nothing to cut, at least 2")
        self.of, self.cells = of, cells
        self.columns = CUTS[of]
        self.log_odds = len(self.columns) == 1
        taus = (variables.tau(3), variables.tau(2))
        self.needs = tuple(
            name for one in self.columns for name in (taus if one == "tau32" else (one,))
        )
        self.windows: dict[str, Windows] = {}
        self.pace = 1.0  # a

    def fit(self, train: Jets, validation: Jets, seed: int) -> dict[str, Any]:
        """Fit the windows to the training jets; the validation jets choose a. Nothing is random."""
        label, weight = (x.cpu().numpy().astype(np.float64) for x in (train.label, train.weight))
        self.windows = {
            name: windows(values, label, weight, self.cells, LIMIT[name])
            for name, values in self._values(train).items()
        }
        if len(self.columns) == 2:
            self.pace = max(map(float, PACES), key=lambda pace: self._area(pace, validation))
        powers = self._powers()
        cut = {n: one.window(EFFICIENCY ** powers[n]) for n, one in self.windows.items()}
        return {"windows": cut, "signal_efficiency": EFFICIENCY, "pace": self.pace}

    def score(self, jets: Jets) -> Array:
        """Return (B,) scores: ln(signal/background), of the box −ln ε.

        Raises
        ------
        UserError
            If it is not fitted, or the jets lack an observable.
        """
        if not self.windows:
            raise UserError("cuts: not fitted yet")
        values, powers = self._values(jets), self._powers()
        pieces = {name: one.piece(values[name]) for name, one in self.windows.items()}
        if len(pieces) == 1:
            ((name, piece),) = pieces.items()
            return self.windows[name].odds[piece]
        tight = [
            -np.log(self.windows[name].kept[piece]) / powers[name] for name, piece in pieces.items()
        ]
        return np.minimum(*tight)

    def state(self) -> dict[str, NDArray]:
        """Return edges, odds and shares of each variable's windows, and a (1,)."""
        parts = ("edges", "odds", "kept")
        stored = {
            f"{name}.{part}": getattr(one, part)
            for name, one in self.windows.items()
            for part in parts
        }
        return {**stored, "pace": np.array([self.pace])}

    def restore(self, state: dict[str, NDArray]) -> None:
        """Become the tagger that `state` was taken from.

        Raises
        ------
        UserError
            If it cuts on something else.
        """
        there = {name.partition(".")[0] for name in state} - {"pace"}
        if there != set(self.columns):
            raise UserError(
                f"cuts: the stored tagger cuts on {', '.join(sorted(there)) or 'nothing'}, this "
                f"one on {', '.join(self.columns)}: build it with the options that it was "
                "trained with"
            )
        self.windows = {
            name: Windows(*(state[f"{name}.{part}"] for part in ("edges", "odds", "kept")))
            for name in self.columns
        }
        self.pace = float(state["pace"][0])

    @property
    def parameters(self) -> int:
        """Number of fitted numbers: edges, a value for each piece between them, a of the box."""
        found = sum(one.edges.size + one.odds.size for one in self.windows.values())
        return found + (len(self.columns) == 2)

    def _values(self, jets: Jets) -> dict[str, Array]:
        """Return variable → (B,)."""
        table = variables.table("cuts", jets, self.needs).double()
        there = dict(zip(self.needs, table.unbind(dim=1), strict=True))
        if "tau32" in self.columns:
            there["tau32"] = variables.ratio(*(there.pop(variables.tau(n)) for n in (3, 2)))
        return {name: there[name].cpu().numpy() for name in self.columns}

    def _area(self, pace: float, jets: Jets) -> float:
        """Return the area under the ROC curve with this a, in units of its own."""
        self.pace = pace
        score, label = self.score(jets), jets.label.cpu().numpy() > 0.5
        weight = jets.weight.cpu().numpy().astype(np.float64)
        if not (weight[label].sum() > 0 and weight[~label].sum() > 0):
            raise UserError("a box needs validation jets of both classes, with weights above 0")
        order = np.argsort(score[~label])
        sums = np.concatenate([[0.0], np.cumsum(weight[~label][order])])
        places = (np.searchsorted(score[~label][order], score[label], side=s) for s in SIDES)
        return float(np.average(sum(sums[place] for place in places), weights=weight[label]))

    def _powers(self) -> dict[str, float]:
        """Return variable → the power of ε that its window keeps."""
        return dict(zip(self.columns, (self.pace, 1 - self.pace), strict=False))


def build(
    size: str = "paper", constituents: int | None = None, features: int = 0, **options: Any
) -> Cut:
    """Return a tagger that is not fitted.

    Parameters
    ----------
    size
        ``small``, ``medium`` or ``paper``: 50, 100 or 200 cells.
    constituents, features
        Of no matter.
    options
        ``of`` and ``cells``, in place of the size's.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    values = options_of("cuts", SIZES, size, options)
    check_options("cuts", values, ("of", "cells"))
    return Cut(**values)
