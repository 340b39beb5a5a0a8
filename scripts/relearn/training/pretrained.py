"""First layers of a network from the best network of another scan."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import torch

from relearn.errors import UserError
from relearn.models import storage
from relearn.scans import Run


def first_layers(scan: Path, run: Run) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the layers of the network of `scan` that `run` starts from.

    Of the networks on the same dataset with `run`'s first hidden layer as their only one, the
    one with the least validation loss.

    Raises
    ------
    UserError
        If there is none, or its last layer does not fit `run`'s second.
    """
    table = pd.concat(list(_tables(scan)), ignore_index=True)
    wanted = (
        (table["hidden"].astype(str) == str(run.hidden[0]))
        & (table["activation"] == run.activation[0])
        & (table["dataset"] == run.dataset)
        & (table["status"] != "diverged")
    )
    if not wanted.any():
        raise UserError(
            f"{run.name} starts from a network of {scan.name} with {run.hidden[0]} nodes, "
            f"{run.activation[0]}, on {run.dataset}, and there is none: add {run.hidden[0]} to "
            f"scans.{scan.name}.hidden, or change scans.{run.scan}"
        )
    best = table[wanted].sort_values(["best_validation_loss", "run"]).iloc[0]
    layers = list(storage.find(scan, best["run"]).layers)
    if len(layers[-1][1]) != run.hidden[1]:
        raise UserError(
            f"{run.name} has {run.hidden[1]} nodes where {best['run']} has {len(layers[-1][1])} "
            f"outputs: change scans.{run.scan}.hidden"
        )
    return layers


def _tables(scan: Path) -> Iterable[pd.DataFrame]:
    paths = sorted(scan.glob("[0-9]*/runs.csv"))
    if not paths:
        raise UserError(f"{scan} has no trained networks: train it first")
    return (pd.read_csv(path) for path in paths)
