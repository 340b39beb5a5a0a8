"""First layers of a network from the best network of another scan."""

from pathlib import Path

import pandas as pd
import torch

from relearn import batchfiles
from relearn.errors import UserError
from relearn.models import storage
from relearn.scans import Run


def first_layers(scan: Path, run: Run) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the layers of the network of `scan` that `run` starts from.

    Of the networks on the same dataset with `run`'s first hidden layer as their only one, of the
    same activation and convention, the one with the least validation loss.

    Raises
    ------
    UserError
        If there is none, or its last layer does not fit `run`'s second.
    """
    if len(run.hidden) < 2:
        raise UserError(
            f"{run.name}: start: {run.start} needs two hidden layers or more, the first of the "
            f"network to start from and the second in place of its outputs: change "
            f"scans.{run.scan}.hidden"
        )
    table = pd.concat([batchfiles.read_runs(folder) for folder in batchfiles.batch_folders(scan)])
    wanted = (
        (table["hidden"] == str(run.hidden[0]))
        & (table["activation"] == run.activation[0])
        & (table["convention"] == run.convention)
        & (table["dataset"] == run.dataset)
        & (table["status"] != "diverged")
    )
    if not wanted.any():
        raise UserError(
            f"{run.name} starts from a network of {scan.name} with {run.hidden[0]} nodes, "
            f"{run.activation[0]}, {run.convention}, on {run.dataset}, and there is none: add "
            f"{run.hidden[0]} to scans.{scan.name}.hidden, or change scans.{run.scan}"
        )
    best = table[wanted].sort_values(["best_validation_loss", "run"]).iloc[0]
    layers = list(storage.find(scan, best["run"]).layers)
    if len(layers[-1][1]) != run.hidden[1]:
        raise UserError(
            f"{run.name} has {run.hidden[1]} nodes where {best['run']} has {len(layers[-1][1])} "
            f"outputs: change scans.{run.scan}.hidden"
        )
    return layers
