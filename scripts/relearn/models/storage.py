"""Trained networks on disk: ``weights.safetensors`` and ``spec.json`` of one batch.

Weights are those of the best epoch, for standardised inputs and targets; the scaling is kept
beside them in float64.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from relearn import scans
from relearn.data.scaling import Standardiser
from relearn.errors import UserError
from relearn.files import atomic

WEIGHTS = "weights.safetensors"
SPEC = "spec.json"


@dataclass(frozen=True)
class Stored:
    """One trained network: layers as (weight (out, in), bias (out,)), and the scaling."""

    run: scans.Run
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    inputs: Standardiser
    target: Standardiser


def write_weights(
    path: Path,
    networks: Mapping[str, list[tuple[torch.Tensor, torch.Tensor]]],
    scaling: Mapping[str, Standardiser],
) -> None:
    """Write the networks of a batch.

    Parameters
    ----------
    path
        The file.
    networks
        Run → its layers.
    scaling
        ``inputs`` and each target → its scaling.
    """
    tensors = {}
    for run, layers in networks.items():
        for i, (weight, bias) in enumerate(layers):
            tensors[f"{run}/layers.{i}.weight"] = weight.contiguous()
            tensors[f"{run}/layers.{i}.bias"] = bias.contiguous()
    for name, scale in scaling.items():
        tensors[f"scaling/{name}/mean"] = torch.from_numpy(scale.mean.copy())
        tensors[f"scaling/{name}/std"] = torch.from_numpy(scale.std.copy())
    with atomic(path) as temporary:
        save_file(tensors, temporary)


def find(path: Path, run: str) -> Stored:
    """Return the network `run` of a batch folder, or of any batch of a scan's folder.

    Raises
    ------
    UserError
        If there is no such run, or a file is missing or damaged.
    """
    folders = [path] if (path / SPEC).is_file() else sorted(path.glob("[0-9]*"))
    for folder in folders:
        for values in _spec(folder)["runs"]:
            if values["name"] == run:
                return _read(folder, scans.from_dict(values))
    raise UserError(f"{path} has no run {run!r}; the names are in runs.csv")


def _spec(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / SPEC).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UserError(
            f"{folder / SPEC} cannot be read ({error}); delete it and train again"
        ) from None


def _read(folder: Path, run: scans.Run) -> Stored:
    path = folder / WEIGHTS
    try:
        with safe_open(path, framework="pt") as file:
            get = file.get_tensor
            layers = tuple(
                (get(f"{run.name}/layers.{i}.weight"), get(f"{run.name}/layers.{i}.bias"))
                for i in range(len(run.sizes) - 1)
            )
            scaling = [
                Standardiser(
                    get(f"scaling/{name}/mean").numpy(), get(f"scaling/{name}/std").numpy()
                )
                for name in ("inputs", run.target)
            ]
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and train again") from None
    return Stored(run, layers, *scaling)
