"""Weights of trained networks on disk: ``weights.safetensors``, and the ``spec.json`` beside it.

The weights here are those of fully connected networks, of the best epoch, for standardised inputs
and targets; the scaling is kept beside them in float64. Taggers': `relearn.models.taggerfile`.
Tables of a batch, and finding a network: `relearn.batchfiles`.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from relearn import scans
from relearn.batchfiles import SPEC, cure, locate
from relearn.data.scaling import Standardiser
from relearn.errors import UserError
from relearn.files import atomic
from relearn.taggerruns import TaggerRun

WEIGHTS = "weights.safetensors"


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


def write_spec(folder: Path, spec: Mapping[str, Any]) -> None:
    """Write ``spec.json``: what is given, versions and threads; the last file of a batch."""
    versions = {"python": platform.python_version()}
    versions |= {"torch": torch.__version__, "numpy": np.__version__}
    about = {**spec, "versions": versions, "threads": torch.get_num_threads()}
    with atomic(folder / SPEC) as temporary:
        temporary.write_text(json.dumps(about, indent=1), encoding="utf-8")


def find(path: Path, run: str) -> Stored:
    """Return the fully connected network `run` of a batch's folder, or of a scan's.

    Raises
    ------
    UserError
        If there is no such run, it is a tagger, or a file is missing or damaged.
    """
    folder, found = locate(path, run)
    if isinstance(found, TaggerRun):
        raise UserError(f"{run} is a tagger ({found.architecture}), no fully connected network")
    return read(folder, found)


def read(folder: Path, run: scans.Run) -> Stored:
    """Return a fully connected network of a batch's folder.

    Raises
    ------
    UserError
        If its weights are missing, damaged or of another shape.
    """
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
        raise UserError(f"{path} cannot be read ({error}). {cure(folder)}") from None
    shapes = [tuple(weight.shape) for weight, _ in layers]
    expected = [(out, into) for into, out in zip(run.sizes, run.sizes[1:], strict=False)]
    if shapes != expected:
        raise UserError(
            f"{path} does not belong to its {SPEC}: {run.name} has layers {shapes}, not "
            f"{expected}. {cure(folder)}"
        )
    return Stored(run, layers, *scaling)
