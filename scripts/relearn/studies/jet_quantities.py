"""What `jet_validation` looks at: quantities of jets and of their truth, and their moments."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relearn.data import tagfile
from relearn.data.hdf5 import SPLITS

OBSERVABLES = ("pt", "eta", "mass", "sd_mass", "multiplicity")
TAUS = ("tau1_b1", "tau2_b1", "tau3_b1")  # where the config has them computed
QUALITY = ("found", "passes", "lost", "lost_pt", "cut", "cut_share")
TRUTH = ("gen_pt", "hat_pt", "merged")
QUANTILES = (0.01, 0.16, 0.5, 0.84, 0.99)
Array = NDArray[np.float64]


def read(path: str, kind: str, side: str, known: Sequence[str]) -> dict[str, Array]:
    """Return all that is looked at of one class, all splits together.

    Parameters
    ----------
    path
        Dataset.
    kind, side
        ``eflow`` or ``tower``; ``signal`` or ``background``.
    known
        The observables that the dataset has (`relearn.data.tagfile.Description`).

    Returns
    -------
    dict
        `OBSERVABLES`, those of `TAUS` that there are, `QUALITY`, `TRUTH` and ``weight``:
        (jets,), float64, GeV.

    Raises
    ------
    UserError
        If the dataset cannot be read or lacks a column.
    """
    names = (*OBSERVABLES, *(name for name in TAUS if name in known))
    pooled: dict[str, list[Array]] = {}
    for split in SPLITS:
        block = tagfile.read(path, split, kind, (), observables=names, quality=QUALITY, truth=TRUTH)
        mine = block.label == tagfile.LABELS[side]
        columns = {"weight": block.weight} | block.observables | block.quality | block.truth
        for name, values in columns.items():
            pooled.setdefault(name, []).append(values[mine].astype(np.float64))
    return {name: np.concatenate(parts) for name, parts in pooled.items()}


def quantities(block: Mapping[str, Array]) -> dict[str, tuple[Array, Array]]:
    """Return quantity → its values and weights.

    Parameters
    ----------
    block
        What `read` returns.
    """
    there = block["found"] > 0
    jets = {name: values[there] for name, values in block.items()}
    found = {name: jets[name] for name in OBSERVABLES}
    for name, above, below in (("tau21", "tau2_b1", "tau1_b1"), ("tau32", "tau3_b1", "tau2_b1")):
        if above in jets and below in jets:
            found[name] = _ratio(jets[above], jets[below])
    found |= {
        "response": _ratio(jets["pt"], jets["gen_pt"]),
        "loses": jets["lost"] > 0,
        "lost": jets["lost"],
        "lost_share": _ratio(jets["lost_pt"], jets["pt"] + jets["lost_pt"]),
        "cut": jets["cut"] > 0,
        "cut_number": jets["cut"],
        "cut_share": jets["cut_share"],
    }
    weighted = {name: (block[name], block["weight"]) for name in ("found", "passes")}
    for name, values in found.items():
        finite = np.isfinite(values)
        weighted[name] = values[finite].astype(np.float64), jets["weight"][finite]
    return weighted


def _ratio(above: Array, below: Array) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def describe(values: Array, weight: Array) -> dict[str, float]:
    """Return the number of jets, and weighted moments and quantiles of a quantity."""
    if not len(values):
        return {"jets": 0}
    mean = float(np.average(values, weights=weight))
    away = values - mean
    quantiles = np.quantile(values, QUANTILES, weights=weight, method="inverted_cdf")
    return {
        "jets": len(values),
        "mean": mean,
        "error": float(np.sqrt(np.sum((weight * away) ** 2)) / weight.sum()),
        "sd": float(np.sqrt(np.average(away**2, weights=weight))),
        **{f"q{round(100 * q):02d}": float(x) for q, x in zip(QUANTILES, quantiles, strict=True)},
        "smallest": float(values.min()),
        "largest": float(values.max()),
    }
