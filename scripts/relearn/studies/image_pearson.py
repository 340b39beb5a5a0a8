"""Pearson's r of each pixel, and of each of the feature maps, with what the network says.

Talks 001 and 003: r_ij = Σ (x_ij − x̄_ij)(y − ȳ) / √(Σ (x_ij − x̄_ij)²) √(Σ (y − ȳ)²), where the sums
are over images, x is what is in a pixel, and y the output, the probability of a top. Here they have
the generator's weights. Where a pixel is the same in all jets there is no r.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from relearn.jets.images import HEIGHT, WIDTH
from relearn.studies import feature_maps, jackknife, taggers, tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

JETS = 20_000  # test jets at most
TARGETS = ("output", "truth")
# ΔR from the middle pixel, which the first ring holds alone
EDGES = (0.0, 0.05, 0.25, 0.45, 0.65, 0.85, 1.05, 1.25, 1.45, 1.65)
SAME = 1e-12  # of the mean square: a variance that is only rounding
Array = NDArray[np.float64]


class Moments:
    """Weighted sums over jets, from which r of P numbers with T targets follows."""

    def __init__(self) -> None:
        self.sums: list[Any] = [0.0] * 6

    def add(self, x: ArrayLike, y: ArrayLike, weight: ArrayLike) -> None:
        """Add jets: x (B, P), y (B, T), weight (B,)."""
        x, y, w = (np.asarray(one, dtype=np.float64) for one in (x, y, weight))
        both = (w.sum(), w @ x, w @ x**2, w @ y, w @ y**2, (y * w[:, None]).T @ x)
        self.sums = [old + new for old, new in zip(self.sums, both, strict=True)]

    def correlations(self) -> Array:
        """Return r (T, P); NaN where x or y is the same in all jets."""
        return correlations(*self.sums)


def correlations(w: Any, x: Array, xx: Array, y: Array, yy: Array, yx: Array) -> Array:
    """Return r (…, T, P) of Σw (…), Σwx, Σwx² (…, P), Σwy, Σwy² (…, T) and Σwyx (…, T, P)."""
    w = np.asarray(w)[..., None]
    x, xx, y, yy = x / w, xx / w, y / w, yy / w
    spread = [np.where(s - m**2 > SAME * s, s - m**2, np.nan) for m, s in ((x, xx), (y, yy))]
    together = yx / w[..., None] - y[..., None] * x[..., None, :]
    return together / np.sqrt(spread[1][..., None] * spread[0][..., None, :])


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, r by `layers` and in `rings`, and the r of all `pixels` of one network.

    Option ``jets``: how many test jets at most (20 000). `layers` has a row for each network and
    layer, ``image`` the first, with r between its values and the output: ``maps``, and ``side``,
    pixels, of each; ``constant`` values, the same in all jets; ``lowest``, ``highest`` and ``rms``
    of r. `rings`
    has r of the sum of energies around the middle pixel: ``low`` and ``high``, of ΔR; ``against``,
    ``output`` or ``truth`` (1 for a top); ``trials``; ``r``, their mean, with ``_spread``,
    ``_sample`` (jackknife over the test jets), ``_error``, ``_low`` and ``_high``. `pixels` is of
    the network with the median AUC: layer, map, row, column, ``r`` with the output, and with the
    ``truth``; those without are left out.
    """
    runs = feature_maps.good(inputs)
    found = {run["run"]: _of(inputs, run) for _, run in runs.iterrows()}
    rows = []
    for _, run in runs.iterrows():
        point = {name: run[name] for name in ("run", *AXES, "trial")}
        for layer, (shape, r) in found[run["run"]][0].items():
            rows.append(point | {"layer": layer} | _summary(shape, r[0]))
    rings = [
        row
        for point, trials in tagging.points(runs)
        for row in _rings(point, [found[name][1:] for name in trials["run"]])
    ]
    return {
        "": inputs.runs.drop(columns="folder"),
        "layers": pd.DataFrame(rows, columns=["run", *AXES, "trial", "layer", *SUMMARY]),
        "rings": pd.DataFrame(rings, columns=[*AXES, "low", "high", "against", "trials", *RING]),
        "pixels": _pixels(found[feature_maps.median(runs)["run"]][0] if len(runs) else {}),
    }


SUMMARY = ("maps", "side", "constant", "lowest", "highest", "rms")
RING = ("r", *(f"r_{end}" for end in ("spread", "sample", "error", "low", "high")))
Layers = dict[str, tuple[tuple[int, int, int], Array]]


def _of(inputs: StudyInputs, run: pd.Series) -> tuple[Layers, Array, Array]:
    """Return shape and r (2, values) of each layer, and of the rings r (2, R) and its errors."""
    network = feature_maps.network(inputs, run)
    jets = testjets.read(inputs, run, inputs.options.get("jets", JETS))
    label, weight, score = (one[: len(jets)] for one in taggers.scores(run))
    y = np.stack([expit(score.astype(np.float64)), label], axis=1)
    group = jackknife.group_of(len(jets))
    moments: dict[str, Moments] = {}
    shapes, around = {}, [Moments() for _ in range(group[-1] + 1)]
    for rows, values in feature_maps.walk(network, jets):
        for name, x in values.items():
            shapes[name] = x.shape[1:]
            flat = x.reshape(len(x), -1)
            moments.setdefault(name, Moments()).add(flat, y[rows], weight[rows])
        sums = ring_sums(values[feature_maps.IMAGE])
        for number in np.unique(group[rows]):
            mine = group[rows] == number
            around[number].add(sums[mine], y[rows][mine], weight[rows][mine])
    groups = [np.stack(one) for one in zip(*(one.sums for one in around), strict=True)]
    r = correlations(*(one.sum(axis=0) for one in groups))
    error = jackknife.error(correlations(*(jackknife.without_each(one) for one in groups)))
    return {name: (shapes[name], one.correlations()) for name, one in moments.items()}, r, error


def ring_sums(images: NDArray) -> Array:
    """Return the energy in each ring of `EDGES` (B, R) of images (B, channels, rows, columns).

    The energies are in the first channels, of charged and of neutral where there are colours.
    """
    size = images.shape[-1]
    phi, eta = (np.indices((size, size)) - size // 2) * np.array([HEIGHT, WIDTH])[:, None, None]
    ring = np.digitize(np.hypot(eta, phi), EDGES) - 1
    member = (ring.ravel()[:, None] == np.arange(len(EDGES) - 1)).astype(np.float64)
    return images[:, :2].sum(axis=1).reshape(len(images), -1) @ member


def _summary(shape: tuple[int, int, int], r: Array) -> dict[str, float]:
    there = r[np.isfinite(r)]
    numbers = (there.min(), there.max(), np.sqrt(np.mean(there**2))) if len(there) else [np.nan] * 3
    return dict(zip(SUMMARY, (*shape[:2], len(r) - len(there), *numbers), strict=True))


def _rings(point: dict[str, Any], trials: list[tuple[Array, Array]]) -> list[dict[str, Any]]:
    """Return the rows of a point, from r (2, R) and its error of each trial."""
    rows = []
    for ring, (low, high) in enumerate(zip(EDGES, EDGES[1:], strict=False)):
        for which, target in enumerate(TARGETS):
            r, error = np.array([[part[which, ring] for part in one] for one in trials]).T
            place = {"low": low, "high": high, "against": target, "trials": len(trials)}
            rows.append(point | place | jackknife.over_trials("r", r, error))
    return rows


def _pixels(layers: Layers) -> pd.DataFrame:
    tables = []
    for name, (shape, r) in layers.items():
        output, truth = (feature_maps.short(one, 3) for one in r)
        columns = {"layer": name} | feature_maps.places(shape) | {"r": output, "truth": truth}
        tables.append(pd.DataFrame(columns).dropna(subset="r"))
    empty = pd.DataFrame(columns=["layer", "map", "row", "column", "r", "truth"])
    return pd.concat(tables, ignore_index=True) if tables else empty
