"""Datasets for taggers on disk: what `relearn.data.tagging` writes, read in one go.

Knows neither detectors nor jets: what the columns are stands in the file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from relearn.data.hdf5 import SPLITS, cure, get, opened
from relearn.errors import UserError

CLASSES = ("signal", "background")
LABELS = {"signal": 1.0, "background": 0.0}
COLUMNS = ("p4", "features")
ROWS_AT_ONCE = 20_000  # of a check, so that memory does not grow with the dataset
# what to do about a name that a table of a whole file lacks
MORE = {
    "observables": "take one of these, or let `observables` in the config compute more",
    "quality": "only jets of a dataset of kind tagging have it",
    "truth": "only jets of a dataset of kind tagging have it",
}
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """Jets of one split, float32; what was not asked for is None or not there.

    Attributes
    ----------
    label, weight
        (n,): 1 signal, 0 background; the generator's weight.
    p4
        (n, constituents, 4): E, px, py, pz in GeV, the hardest first, zeros at the end.
    features
        (n, constituents, k): see `Description.features`.
    observables, quality, truth
        Name → (n,).
    """

    label: Array
    weight: Array
    p4: Array | None = None
    features: Array | None = None
    observables: dict[str, Array] = field(default_factory=dict)
    quality: dict[str, Array] = field(default_factory=dict)
    truth: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Spectra:
    """What one class was selected from.

    Attributes
    ----------
    events
        Number of generated events.
    edges
        Of the histograms, GeV.
    leading
        pT of the leading jet of all events inside |η|, before the window: sums of weights.
    hat
        The same of the hard process, of all events.
    """

    events: int
    edges: NDArray[np.float64]
    leading: NDArray[np.float64]
    hat: NDArray[np.float64]


@dataclass(frozen=True)
class Description:
    """What a dataset holds.

    Attributes
    ----------
    dataset, settings
        Name, and settings in the config.
    kinds
        ``eflow`` and, with a detector, ``tower``.
    features, observables, quality, truth
        Names of the columns.
    shapes
        Path in a split → shape of one jet.
    jets
        Split → number of jets, both classes together.
    selection
        Class → settings of its sample's jets; empty for jets made elsewhere.
    origin
        Class → ``process``, ``detector``, ``detector_card``, ``multiple_interactions`` of its
        events (`relearn.data.jets.origin`); empty for jets made elsewhere.
    spectra
        Class → what it was selected from; empty for jets made elsewhere.
    """

    dataset: str
    settings: Mapping[str, Any]
    kinds: tuple[str, ...]
    features: tuple[str, ...]
    observables: tuple[str, ...]
    quality: tuple[str, ...]
    truth: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    jets: Mapping[str, int]
    selection: Mapping[str, Mapping[str, Any]]
    origin: Mapping[str, Mapping[str, Any]]
    spectra: Mapping[str, Spectra]


def describe(path: str | Path) -> Description:
    """Return what a dataset holds, by its names and attributes.

    Raises
    ------
    UserError
        If the file cannot be read or holds no jets.
    """
    with opened(path) as file:
        train = get(path, file, "train")
        shapes = {}
        train.visititems(
            lambda name, one: (
                shapes.update({name: one.shape[1:]}) if hasattr(one, "shape") else None
            )
        )
        kinds = tuple(name for name in train if f"{name}/p4" in shapes)
        if not kinds:
            raise UserError(f"{path} holds no jets, but {', '.join(train) or 'nothing'}.")
        about = file.attrs
        return Description(
            dataset=str(about["dataset"]),
            settings=json.loads(about["settings"]),
            kinds=kinds,
            features=_names(train, f"{kinds[0]}/features"),
            observables=_names(train, f"{kinds[0]}/observables"),
            quality=_names(train, f"{kinds[0]}/quality"),
            truth=_names(train, "truth"),
            shapes=shapes,
            jets={split: len(get(path, file, f"{split}/label")) for split in SPLITS},
            selection=json.loads(about.get("selection", "{}")),
            origin=json.loads(about.get("origin", "{}")),
            spectra={
                side: Spectra(
                    int(about[f"events_{side}"]),
                    about["spectrum_edges"],
                    about[f"spectrum_{side}"],
                    about[f"hat_spectrum_{side}"],
                )
                for side in CLASSES
                if f"spectrum_{side}" in about
            },
        )


def read(
    path: str | Path,
    split: str,
    kind: str = "eflow",
    columns: Sequence[str] = ("p4",),
    observables: Sequence[str] = (),
    quality: Sequence[str] = (),
    truth: Sequence[str] = (),
    rows: slice = slice(None),
) -> Block:
    """Read jets of one split, with their labels and weights.

    Parameters
    ----------
    path
        The file.
    split
        ``train``, ``validation`` or ``test``.
    kind
        ``eflow`` or ``tower``.
    columns
        Any of ``p4`` and ``features``.
    observables, quality, truth
        Names of the columns wanted (`describe` says which there are); distances in the truth
        are infinite where there is no such particle.
    rows
        Which jets; a step of one reads fastest. Classes take turns, so that the first n are
        balanced.

    Raises
    ------
    ValueError
        If a column is neither ``p4`` nor ``features``.
    UserError
        If the file cannot be read, lacks a column, has no jets or those of one class only, or
        has values that are not finite, or a name is none of the file's: says where, and the cure.
    """
    if unknown := set(columns) - set(COLUMNS):
        raise ValueError(f"no columns {sorted(unknown)}; there are {', '.join(COLUMNS)}")
    with opened(path) as file:
        group = get(path, file, split)
        label = np.asarray(get(path, group, "label"))
        _check_label(path, split, label)

        def one(name: str) -> Array:
            return _finite(path, split, name, _long(path, group, name, len(label))[rows])

        def named(name: str, wanted: Sequence[str]) -> dict[str, Array]:
            if not wanted:
                return {}
            table = name.rpartition("/")[2]
            if table == "observables":
                get(path, group, name)  # which every dataset has
            there = _names(group, name)
            if absent := [column for column in wanted if column not in there]:
                raise UserError(
                    f"{path}: {split}/{name} has no {', '.join(absent)}, only "
                    f"{', '.join(there) or 'nothing'}: {MORE[table]}"
                )
            values = one(name)
            return {column: values[:, there.index(column)] for column in wanted}

        return Block(
            label=label[rows],
            weight=one("weight"),
            **{name: one(f"{kind}/{name}") for name in columns},
            observables=named(f"{kind}/observables", observables),
            quality=named(f"{kind}/quality", quality),
            truth=named("truth", truth),
        )


def check(path: str | Path) -> None:
    """Stop at a dataset that cannot be trained on; reads all of it, a part at a time.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UserError
        If the file is cut short, lacks a column in a split, has no jets or those of one class
        only, columns of unequal length or shape, or values that are not finite: names the place
        and the cure.
    """
    expected = describe(path)
    with opened(path) as file:
        for split in SPLITS:
            group = get(path, file, split)
            label = np.asarray(get(path, group, "label"))
            _check_label(path, split, label)
            for name, shape in expected.shapes.items():
                dataset = _long(path, group, name, len(label))
                if dataset.shape[1:] != shape:
                    raise UserError(
                        f"{path}: a jet's {split}/{name} has the shape {dataset.shape[1:]}, in "
                        f"train {shape}. {cure(path)}"
                    )
                for first in range(0, len(label), ROWS_AT_ONCE):
                    values = dataset[first : first + ROWS_AT_ONCE]
                    _finite(path, split, name, values, first)


def _names(group: h5py.Group, name: str) -> tuple[str, ...]:
    return tuple(map(str, group[name].attrs["columns"])) if name in group else ()


def _long(path: str | Path, group: h5py.Group, name: str, jets: int) -> h5py.Dataset:
    """Return a column, which must have a row for every jet."""
    dataset = get(path, group, name)
    if len(dataset) != jets:
        raise UserError(
            f"{path}: {group.name.strip('/')}/{name} has {len(dataset)} rows for {jets} jets. "
            f"{cure(path)}"
        )
    return dataset


def _check_label(path: str | Path, split: str, label: Array) -> None:
    where = f"{path}: {split}/label"
    if label.ndim != 1 or not len(label):
        raise UserError(f"{where} is empty (shape {label.shape}). {cure(path)}")
    if not np.isin(label, list(LABELS.values())).all():
        raise UserError(f"{where} has values other than 0 and 1. {cure(path)}")
    if (label == label[0]).all():
        raise UserError(
            f"{where}: all {len(label)} jets are {CLASSES[int(label[0] == 0)]}; a tagger needs "
            f"both classes. {cure(path)}"
        )


def _finite(path: str | Path, split: str, name: str, values: Array, first: int = 0) -> Array:
    """Return values that must be numbers; distances of the truth may be infinite."""
    distances = name == "truth"
    with np.errstate(over="ignore", invalid="ignore"):
        # a sum reads the values once, and is finite only if they all are
        if not (np.isnan(values).any() if distances else not np.isfinite(values.sum())):
            return values
    bad = np.isnan(values) if distances else ~np.isfinite(values)
    rows = np.flatnonzero(bad.reshape(len(values), -1).any(axis=1))
    if not len(rows):  # large values, whose sum is none
        return values
    raise UserError(
        f"{path}: {split}/{name} has {len(rows)} jets that are not finite, the first in row "
        f"{first + rows[0]}. {cure(path)}"
    )
