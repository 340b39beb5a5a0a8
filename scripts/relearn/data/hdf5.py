"""Datasets on disk: HDF5 files that training and studies read in one go.

Groups ``train``, ``validation``, ``test``; in each ``inputs`` (n, d) and ``targets/<name>``
(n, k), float64, natural units. Names, units and axis labels are attributes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.files import atomic

SPLITS = ("train", "validation", "test")
BROKEN = (OSError, RuntimeError, KeyError, TypeError, ValueError)  # of a damaged file
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """Events of one split: `inputs` (n, d), and `targets` name → (n, k)."""

    inputs: Array
    targets: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """What the columns of a dataset are; `labels` are for axes, in LaTeX, without units."""

    kind: str
    dataset: str
    settings: Mapping[str, Any]
    features: tuple[str, ...]
    units: tuple[str, ...]
    target_units: Mapping[str, str]
    labels: Mapping[str, str]


def write(path: str | Path, splits: Mapping[str, Block], description: Description) -> None:
    """Write a dataset: whole, or not at all.

    Parameters
    ----------
    path
        The file.
    splits
        ``train``, ``validation`` and ``test``, with the same targets.
    description
        Of the columns, and of what they were made of.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        file.attrs["kind"] = description.kind
        file.attrs["dataset"] = description.dataset
        file.attrs["settings"] = json.dumps(description.settings, sort_keys=True)
        for split in SPLITS:
            group = file.create_group(split, track_order=True)
            inputs = group.create_dataset("inputs", data=splits[split].inputs, dtype="f8")
            inputs.attrs["features"] = list(description.features)
            inputs.attrs["units"] = list(description.units)
            targets = group.create_group("targets", track_order=True)
            for name, values in splits[split].targets.items():
                column = targets.create_dataset(name, data=values, dtype="f8")
                column.attrs["unit"] = description.target_units[name]
                column.attrs["label"] = description.labels[name]


def read(path: str | Path, split: str, target: str | None = None) -> Block:
    """Read one split of a dataset.

    Parameters
    ----------
    path
        The file.
    split
        ``train``, ``validation`` or ``test``.
    target
        Read this target alone; all of them where it is None.

    Raises
    ------
    UserError
        If the file cannot be read, or lacks the split or the target.
    """
    with opened(path) as file:
        group = get(path, file, split)
        targets = get(path, group, "targets")
        names = list(targets) if target is None else [target]
        return Block(
            np.asarray(get(path, group, "inputs")),
            {name: np.asarray(get(path, targets, name)) for name in names},
        )


def describe(path: str | Path) -> Description:
    """Return what the columns of a dataset are.

    Raises
    ------
    UserError
        If the file cannot be read or is no dataset.
    """
    with opened(path) as file:
        inputs = get(path, file, "train/inputs")
        targets = get(path, file, "train/targets")
        return Description(
            kind=str(file.attrs["kind"]),
            dataset=str(file.attrs["dataset"]),
            settings=json.loads(file.attrs["settings"]),
            features=tuple(map(str, inputs.attrs["features"])),
            units=tuple(map(str, inputs.attrs["units"])),
            target_units={name: str(targets[name].attrs["unit"]) for name in targets},
            labels={name: str(targets[name].attrs["label"]) for name in targets},
        )


def check(path: str | Path, wanted: Sequence[str] = ()) -> None:
    """Stop at a dataset that cannot be trained on.

    Parameters
    ----------
    path
        The file.
    wanted
        Targets that it must have.

    Raises
    ------
    UserError
        If the file is cut short, lacks a group or column, is empty, has columns of unequal
        length, or values that are no finite numbers: names the place and the cure.
    """
    expected = describe(path)
    if absent := [name for name in wanted if name not in expected.labels]:
        raise UserError(
            f"{path}: no train/targets/{', '.join(absent)}, only "
            f"{', '.join(expected.labels) or 'nothing'}. {cure(path)}"
        )
    widths = {"inputs": len(expected.features)}
    for split in SPLITS:
        block = read(path, split)
        if set(block.targets) != set(expected.labels):
            raise UserError(f"{path}: {split}/targets differ from train/targets. {cure(path)}")
        columns = {"inputs": block.inputs}
        columns |= {f"targets/{name}": values for name, values in block.targets.items()}
        for name, values in columns.items():
            where = f"{path}: {split}/{name}"
            if values.ndim != 2 or 0 in values.shape:
                raise UserError(f"{where} is empty (shape {values.shape}). {cure(path)}")
            if len(values) != len(block.inputs):
                raise UserError(f"{where} is not as long as the inputs. {cure(path)}")
            if values.shape[1] != widths.setdefault(name, values.shape[1]):
                raise UserError(
                    f"{where} has {values.shape[1]} columns, not {widths[name]}. {cure(path)}"
                )
            bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
            if len(bad):
                raise UserError(
                    f"{where} has {len(bad)} events that are not finite, the first in row "
                    f"{bad[0]}. {cure(path)}"
                )


@contextmanager
def opened(path: str | Path) -> Iterator[h5py.File]:
    """Open a dataset; whatever is wrong with the file in this block is the user's to cure."""
    try:
        with h5py.File(path, "r", track_order=True) as file:
            yield file
    except FileNotFoundError:
        raise UserError(f"{path} does not exist. Run the workflow again to make it.") from None
    except BROKEN as error:
        raise UserError(
            f"{path} is cut short or no dataset of this workflow ({error}). {cure(path)}"
        ) from None


def get(path: str | Path, group: h5py.Group, name: str) -> Any:
    """Return a group or column; where there is none, say what there is."""
    if name not in group:
        there = ", ".join(group) or "nothing"
        raise UserError(f"{path}: no {group.name.rstrip('/')}/{name}, only {there}. {cure(path)}")
    return group[name]


def cure(path: str | Path) -> str:
    """Return what to do about a damaged dataset."""
    return f"Delete it (rm {path}) and run the workflow again to make it anew."
