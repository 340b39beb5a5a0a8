"""Trained networks on disk: ``weights.safetensors``, ``spec.json`` and tables of one batch.

The weights here are those of fully connected networks, of the best epoch, for standardised inputs
and targets; the scaling is kept beside them in float64. Taggers': `relearn.models.taggerfile`.
"""

import io
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from relearn import scans, taggerruns
from relearn.data.scaling import Standardiser
from relearn.errors import UserError
from relearn.files import atomic
from relearn.taggerruns import TaggerRun

WEIGHTS = "weights.safetensors"
SPEC = "spec.json"
RUNS, HISTORY = "runs.csv", "history.csv"
# Layer sizes such as "10" are names, and "none" (no hidden layer) is one too.
READ = {"dtype": {"hidden": str}, "keep_default_na": False, "na_values": ["", "nan", "NaN"]}


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


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables of a batch: name of the file → table."""
    for name, table in tables.items():
        with atomic(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format="%.8g")


def write_spec(folder: Path, spec: Mapping[str, Any]) -> None:
    """Write ``spec.json``: what is given, versions and threads; the last file of a batch."""
    versions = {"python": platform.python_version()}
    versions |= {"torch": torch.__version__, "numpy": np.__version__}
    about = {**spec, "versions": versions, "threads": torch.get_num_threads()}
    with atomic(folder / SPEC) as temporary:
        temporary.write_text(json.dumps(about, indent=1), encoding="utf-8")


def batch_folders(scan: Path) -> list[Path]:
    """Return the folders of a scan's batches, in order, whether they are there or not.

    The spec in the first says how many there are, so that what an earlier and larger scan
    left behind is not taken for a part of this one: taggers' by number, as their jobs were
    given it.

    Parameters
    ----------
    scan
        ``results/<scale>/models/<scan>``.

    Raises
    ------
    UserError
        If the first batch is missing or its spec is damaged.
    """
    folder = scan / "0000"
    if not (folder / SPEC).is_file():
        raise UserError(f"{scan} has no trained networks ({folder / SPEC} is missing): train it")
    return [scan / name for name in _spec(folder, _batch_names)]


def _batch_names(spec: Mapping[str, Any]) -> list[str]:
    if "batches" in spec["scan"]:
        return [f"{number:04d}" for number in range(spec["scan"]["batches"])]
    return [batch.name for batch in scans.batches(spec["scan"])]


def read_runs(folder: Path) -> pd.DataFrame:
    """Return ``runs.csv`` of a batch, a row for each network of its spec.

    Raises
    ------
    UserError
        If it is missing, damaged or cut short, or has other networks than the spec.
    """
    table = _table(folder, RUNS)
    names = _spec(folder, lambda spec: [run["name"] for run in spec["runs"]])
    if "run" not in table or list(table["run"]) != names:
        raise UserError(
            f"{folder / RUNS} has {len(table)} rows that are not those of the {len(names)} "
            f"networks of its {SPEC}. {cure(folder)}"
        )
    return table


def read_history(folder: Path) -> pd.DataFrame:
    """Return ``history.csv`` of a batch: the losses of its networks, epoch by epoch.

    Raises
    ------
    UserError
        If it is missing, damaged or cut short.
    """
    return _table(folder, HISTORY)


def _table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / name
    if not path.is_file():
        raise UserError(f"{path} is missing: train this part of the scan again")
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(io.StringIO(text), **READ)
    except ValueError as error:  # text that is none, rows of unequal length, nothing at all
        raise UserError(f"{path} cannot be read ({error}). {cure(folder)}") from None
    if not text.endswith("\n"):
        raise UserError(f"{path} is cut short. {cure(folder)}")
    return table


def training(folder: Path) -> str:
    """Return how the networks of a batch were trained and what from, as JSON: to compare."""
    return _spec(folder, lambda s: json.dumps([s["scan"]["training"], s["scan"]["pretrained"]]))


def locate(path: Path, run: str) -> tuple[Path, scans.Run | TaggerRun]:
    """Return the batch's folder that holds a run, and the run.

    Parameters
    ----------
    path
        Folder of a batch, or of a whole scan.
    run
        Its name.

    Raises
    ------
    UserError
        If there is no such run, or a spec is missing or damaged.
    """
    folders = [path] if (path / SPEC).is_file() else batch_folders(path)
    for folder in folders:
        if (folder / SPEC).is_file():
            for stored in _spec(folder, lambda s: [_run(entry) for entry in s["runs"]]):
                if stored.name == run:
                    return folder, stored
    raise UserError(f"{path} has no run {run!r}; the names are in runs.csv")


def _run(entry: Mapping[str, Any]) -> scans.Run | TaggerRun:
    return (scans if "hidden" in entry else taggerruns).from_dict(entry)


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
    return _read(folder, found)


def _spec(folder: Path, what: Callable[[Any], Any]) -> Any:
    path = folder / SPEC
    try:
        return what(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} cannot be read ({error!r}). {cure(folder)}") from None


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
        raise UserError(f"{path} cannot be read ({error}). {cure(folder)}") from None
    shapes = [tuple(weight.shape) for weight, _ in layers]
    expected = [(out, into) for into, out in zip(run.sizes, run.sizes[1:], strict=False)]
    if shapes != expected:
        raise UserError(
            f"{path} does not belong to its {SPEC}: {run.name} has layers {shapes}, not "
            f"{expected}. {cure(folder)}"
        )
    return Stored(run, layers, *scaling)


def cure(folder: Path) -> str:
    """Return what to do about a damaged batch."""
    return f"Delete the batch (rm -r {folder}) and run the workflow again to train it anew."
