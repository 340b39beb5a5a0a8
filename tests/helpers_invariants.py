"""Made-up trained networks of group I, for tests of what is drawn of them.

The studies' own `measure` makes the tables, so that the figures are drawn from the columns that
there really are; only the networks and events are made up.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import torch

from relearn import studies
from relearn.data import hdf5
from relearn.data.hdf5 import SPLITS
from relearn.figures.tables import read_tables
from relearn.models import mlp
from relearn.studies.inputs import StudyInputs
from relearn.studylist import STUDIES

EVENTS = 400
TARGETS = ("cos_theta_cs", "abs_cos_theta_cs", "abs_delta_eta", "abs_delta_phi", "delta_r", "gamma")
# What a scan has unless a study's own says otherwise; the names are the columns of runs.csv.
POINT = {
    "dataset": ["zmumu"],
    "target": ["pt"],
    "hidden": ["2", "10"],
    "activation": ["leaky_relu"],
    "convention": ["keras"],
    "dropout": [0.0],
}
SCANS = {
    "samples": [],
    "pt_nodes": [{"convention": ["keras", "pytorch"]}],
    "pt_layers": [
        {
            "dataset": ["zmumu", "ttbar_mumu"],
            "hidden": ["10", "10x1", "10x3"],
            "activation": ["relu", "softplus", "leaky_relu", "tanh"],
        },
        {"hidden": ["10x1", "10x3"], "activation": ["relu"], "dropout": [0.1]},
    ],
    "pt_weights": [{"hidden": ["2", "9", "10"], "convention": ["keras", "pytorch"]}],
    "pt_transfer": [{"dataset": ["zmumu", "ttbar_mumu"], "hidden": ["5", "10"]}],
    "mass_grid": [
        {
            "dataset": ["ttbar_mumu"],
            "target": ["mass"],
            "hidden": ["5", "10", "20", "10x10", "20x20x20"],
        },
        {
            "dataset": ["ttbar_mumu"],
            "target": ["mass"],
            "hidden": ["10", "10x10"],
            "convention": ["pytorch"],
        },
        {"dataset": ["zmumu", "ttbar_mumu"], "hidden": ["5", "10"]},
    ],
    "angles": [{"target": list(TARGETS), "hidden": ["10", "10x10"]}],
}


@dataclass
class MadeUp(StudyInputs):
    """Untrained networks, and predictions that are the better the larger the network is."""

    def data(self, dataset, split="test"):
        """Return events of one split, the same at each call."""
        rng = np.random.default_rng([SPLITS.index(split), len(dataset)])
        if dataset == "momenta":
            return hdf5.Block(rng.normal(0, 50, (EVENTS, 3)))
        transverse = rng.normal(0, 30, (EVENTS, 2, 2))
        pz = rng.normal(0, 60, (EVENTS, 2, 1))
        energy = np.sqrt((transverse**2).sum(-1, keepdims=True) + pz**2)
        inputs = np.concatenate([energy, transverse, pz], axis=-1).reshape(EVENTS, 8)
        pair = inputs[:, :4] + inputs[:, 4:]
        targets = {
            "pt": np.hypot(pair[:, 1:2], pair[:, 2:3]),
            "mass": np.sqrt(pair[:, :1] ** 2 - (pair[:, 1:] ** 2).sum(1, keepdims=True)),
        }
        targets |= {name: rng.normal(0, 1, (EVENTS, 1)) for name in TARGETS}
        return hdf5.Block(inputs, targets)

    def network(self, row):
        """Return the untrained network of a row, its inputs scaled as those of muons."""
        torch.manual_seed(row["seed"])
        sizes = [int(size) for size in row["hidden"].split("x")]
        network = mlp.build(sizes, activation=row["activation"], convention=row["convention"])
        network.input_std.copy_(torch.tensor([80.0, 30, 30, 60] * 2))
        return network

    def predictions(self, row, dataset=None, network=None):
        """Return the truth, and it with noise of a relative size of one over the parameters."""
        true = self.data(dataset or row["dataset"]).targets[row["target"]]
        noise = np.random.default_rng(row["seed"]).standard_normal(true.shape)
        return true, true * (1 + 10 * noise / row["parameters"])


def runs(scan, points, trials):
    """Return the runs.csv of a scan, a row for each network."""
    grid = POINT | points
    rows = []
    for values in product(*grid.values(), range(trials)):
        row = dict(zip((*grid, "trial"), values, strict=True))
        sizes = [8, *map(int, row["hidden"].split("x")), 1]
        rows.append(
            row
            | {
                "run": "-".join(map(str, values)),
                "scan": scan,
                "folder": "nowhere",
                "layers": len(sizes) - 2,
                "nodes": sum(sizes[1:-1]),
                "parameters": sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False)),
                "seed": len(rows),
                "status": "ok",
            }
        )
    return pd.DataFrame(rows)


def tables(study, folder, trials=3, lost=(), **points):
    """Measure made-up networks; write and read the tables, as a real run does.

    Parameters
    ----------
    study
        One of `SCANS`.
    folder
        For the tables.
    trials
        Networks of each point.
    lost
        Rows of the networks that diverged; ``"all"`` for each of them.
    **points
        Lists that replace those of every scan of the study.
    """
    scans = [runs(f"s{i}", scan | points, trials) for i, scan in enumerate(SCANS[study])]
    table = pd.concat(scans, ignore_index=True) if scans else pd.DataFrame()
    if len(lost):
        table.loc[table.index if lost == "all" else list(lost), "status"] = "diverged"
    names = ("zmumu", "ttbar_mumu", "momenta") if study == "samples" else ("zmumu", "ttbar_mumu")
    inputs = MadeUp(table, dict.fromkeys(names))
    measured = studies.load(study).measure(inputs)
    paths = []
    for extra in ("", *STUDIES[study].extras):
        paths.append(folder / f"{'_'.join(filter(None, (study, extra)))}.csv")
        measured[extra].to_csv(paths[-1], index=False)
    return read_tables(paths, study)
