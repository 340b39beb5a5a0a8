"""The simulated samples: how their momenta and masses are distributed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relearn import kinematics
from relearn.data import hdf5
from relearn.data.hdf5 import SPLITS
from relearn.studies.inputs import StudyInputs

# Bins of the histograms: logarithmic where a quantity spans decades.
EDGES = {
    "muon_pt": np.geomspace(1, 1000, 46),
    "muon_eta": np.linspace(-3, 3, 41),
    "pair_pt": np.geomspace(0.5, 1000, 46),
    "pair_mass": np.geomspace(5, 2000, 79),
    "momentum_component": np.linspace(-200, 200, 51),
    "momentum_norm": np.linspace(0, 250, 51),
}
QUANTILES = (0.01, 0.16, 0.5, 0.84, 0.99)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the moments and quantiles of each quantity, and their `histograms`.

    The main table has a row per dataset, split and quantity: events, values (two for each
    event of a muon's quantity), mean, sd, quantiles q01 … q99, smallest and largest. The
    histograms take all splits together: dataset, quantity, low, high, values, and density,
    the share of all values per unit of the quantity.
    """
    rows, tables = [], []
    for dataset in inputs.datasets:
        blocks = {split: inputs.data(dataset, split) for split in SPLITS}
        found = {split: quantities(block) for split, block in blocks.items()}
        for split, values in found.items():
            for name, value in values.items():
                place = {"dataset": dataset, "split": split, "quantity": name}
                rows.append(place | {"events": len(blocks[split].inputs)} | _describe(value))
        for name in found["train"]:
            pooled = np.concatenate([values[name] for values in found.values()])
            tables.append(_histogram(dataset, name, pooled))
    return {"": pd.DataFrame(rows), "histograms": pd.concat(tables, ignore_index=True)}


def quantities(block: hdf5.Block) -> Mapping[str, np.ndarray]:
    """Return what is looked at of a block of events: muons and their pair, or toy momenta."""
    if block.inputs.shape[1] == 3:
        return {
            "momentum_component": block.inputs.ravel(),
            "momentum_norm": np.linalg.norm(block.inputs, axis=1),
        }
    muons = block.inputs.reshape(-1, 4)
    return {
        "muon_pt": kinematics.pt(muons),
        "muon_eta": kinematics.eta(muons),
        "pair_pt": block.targets["pt"][:, 0],
        "pair_mass": block.targets["mass"][:, 0],
    }


def _describe(values: np.ndarray) -> dict[str, float]:
    quantiles = np.quantile(values, QUANTILES)
    return {
        "values": values.size,
        "mean": float(values.mean()),
        "sd": float(values.std()),
        **{f"q{round(100 * q):02d}": float(x) for q, x in zip(QUANTILES, quantiles, strict=True)},
        "smallest": float(values.min()),
        "largest": float(values.max()),
    }


def _histogram(dataset: str, name: str, values: np.ndarray) -> pd.DataFrame:
    edges = EDGES[name]
    counts, _ = np.histogram(values, edges)
    return pd.DataFrame(
        {
            "dataset": dataset,
            "quantity": name,
            "low": edges[:-1],
            "high": edges[1:],
            "values": counts,
            "density": counts / np.diff(edges) / values.size,
        }
    )
