"""Jets made elsewhere → a dataset for taggers, in the layout of `relearn.data.tagging`.

Four-vectors stay as they are, as 32-bit floats. The observables are our own, of all constituents
in the file; nothing is known of charges, impact parameters or truth. Signal and background take
turns, and what one class has more stands at the end. Filled chunk by chunk: memory does not
grow with the file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
from numpy.typing import NDArray

from relearn import observablenames
from relearn.data import observables
from relearn.data.hdf5 import SPLITS
from relearn.data.jettables import Source
from relearn.data.jettruth import NOTHING
from relearn.data.tagfile import LABELS
from relearn.data.tagging import QUALITY, TRUTH, Columns, name_columns, share
from relearn.errors import UserError
from relearn.files import atomic

KIND = "eflow"
# pT that falls with the constituent's number, but for its last digits, is in order
ORDERED_WITHIN = 1e-5
Array = NDArray[np.float32]


def build(
    path: str | Path, dataset: str, settings: Mapping[str, Any], files: Mapping[str, str | Path]
) -> None:
    """Build a dataset from files of jets.

    Parameters
    ----------
    path
        The dataset's file: whole, or not at all.
    dataset
        Its name.
    settings
        Of the dataset in the config (`relearn.configdata.External`), and ``observables``,
        those of what is computed (`relearn.configobservables.Observables`).
    files
        Split → file.

    Raises
    ------
    UserError
        If a file cannot be used, or has too few jets of a class: names file, column and cure.
    """
    settings = dict(settings)
    how = settings.pop("observables")
    names = observablenames.names(how)
    columns = Columns.of([KIND], settings["constituents"], names)
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["kind"] = "external"
        file.attrs["dataset"] = dataset
        file.attrs["settings"] = json.dumps(settings, sort_keys=True)
        file.attrs["observables"] = json.dumps(how, sort_keys=True)
        file.attrs["made_from"] = json.dumps({split: Path(files[split]).name for split in SPLITS})
        for split in SPLITS:
            source = Source.open(files[split], settings)
            signal = source.labels()
            wanted = (settings["jets"] or {}).get(split)
            rows = places(signal, wanted, f"datasets.{dataset}.jets.{split}", source)
            group = file.create_group(split)
            for name, shape in columns.shapes.items():
                group.create_dataset(name, (int((rows >= 0).sum()), *shape), dtype="f4")
            name_columns(group, [KIND], names)
            _fill(group, source, signal, rows, settings, how)


def places(
    signal: NDArray[np.bool_], wanted: int | None, what: str, source: Source
) -> NDArray[np.int64]:
    """Return the row of the dataset for each row of the file, −1 for those left out.

    Parameters
    ----------
    signal
        Which rows are signal.
    wanted
        Jets of each class, the first ones; None: all.
    what
        The key of the config, for messages.
    source
        The file, for messages.

    Raises
    ------
    UserError
        If the file has too few jets of a class.
    """
    classes = {"signal": np.flatnonzero(signal), "background": np.flatnonzero(~signal)}
    for side, rows in classes.items():
        if len(rows) < (wanted or 1):
            raise UserError(
                f"{what}: {wanted or 'some'} {side} jets are wanted, {source.table.path} has "
                f"{len(rows)} ({source.label} = {LABELS[side]:.0f}). Ask for fewer, or name "
                "another file"
            )
    if wanted is not None:
        classes = {side: rows[:wanted] for side, rows in classes.items()}
    shorter = min(map(len, classes.values()))
    place = np.full(len(signal), -1)
    for first, rows in enumerate(classes.values()):
        number = np.arange(len(rows))
        place[rows] = np.where(number < shorter, 2 * number + first, number + shorter)
    return place


def _fill(
    group: h5py.Group,
    source: Source,
    signal: NDArray[np.bool_],
    rows: NDArray[np.int64],
    settings: Mapping[str, Any],
    how: Mapping[str, Any],
) -> None:
    """Write the jets of a file to the `rows` of a split."""
    kept = [signal[rows >= 0].sum(), (~signal[rows >= 0]).sum()]
    in_turns = 2 * min(kept)
    done, last = 0, int(np.flatnonzero(rows >= 0)[-1])
    for p4 in source.chunks():
        mine = slice(done, done + len(p4))
        chosen = rows[mine] >= 0
        done += len(p4)
        if chosen.any():
            block = block_of(p4[chosen], settings["constituents"], settings["radius"], how)
            block["label"] = np.where(signal[mine], LABELS["signal"], LABELS["background"])[chosen]
            _write(group, block, rows[mine][chosen], in_turns)
        if done > last:
            return


def _write(
    group: h5py.Group, block: Mapping[str, Array], rows: NDArray[np.int64], in_turns: int
) -> None:
    """Write rows in the few evenly spaced runs that they are: each class, and what is left."""
    for run, step in (
        ((rows < in_turns) & (rows % 2 == 0), 2),
        ((rows < in_turns) & (rows % 2 == 1), 2),
        (rows >= in_turns, 1),
    ):
        if run.any():
            place = slice(int(rows[run][0]), int(rows[run][-1]) + 1, step)
            for name, values in block.items():
                group[name][place] = values[run]


def block_of(
    p4: Array, constituents: int, radius: float, how: Mapping[str, Any]
) -> dict[str, Array]:
    """Return jets as blocks of fixed shape, without the label: path → float32 array.

    Parameters
    ----------
    p4
        (jets, constituents in the file, 4), GeV, zeros where there is none.
    constituents
        How many to keep.
    radius
        R of the jets, for their observables.
    how
        Settings of the observables in the config.
    """
    p4 = _hardest_first(p4)
    counts = p4.any(axis=2).sum(axis=1)
    vectors = ak.unflatten(ak.Array(p4[p4.any(axis=2)].astype(np.float64)), counts)
    found = observables.observables(vectors, ak.zeros_like(vectors[..., 0]), radius, how)
    stored = np.zeros((len(p4), constituents, 4), dtype=np.float32)
    kept = p4[:, :constituents]
    stored[:, : kept.shape[1]] = kept
    unknown = [NOTHING if name.endswith("delta_r") else 0.0 for name in TRUTH]
    beyond = p4[:, constituents:].astype(np.float64)
    quality = dict.fromkeys(QUALITY, np.zeros(len(p4))) | {
        "found": np.ones(len(p4)),
        "passes": np.ones(len(p4)),
        "cut": beyond.any(axis=2).sum(axis=1),
        "cut_share": share(np.hypot(beyond[..., 1], beyond[..., 2]).sum(axis=1), found["pt"]),
    }
    return {
        f"{KIND}/p4": stored,
        f"{KIND}/observables": np.stack([found[n] for n in observablenames.names(how)], axis=1),
        f"{KIND}/quality": np.stack([quality[name] for name in QUALITY], axis=1),
        "truth": np.tile(np.float32(unknown), (len(p4), 1)),
        "weight": np.ones(len(p4), dtype=np.float32),
    }


def _hardest_first(p4: Array) -> Array:
    """Sort the constituents of those jets where they are not; the others stay as they are."""
    pt = np.hypot(p4[..., 1].astype(np.float64), p4[..., 2])
    there = p4.any(axis=2)
    pt[~there] = -1.0
    rises = pt[:, 1:] > np.maximum(pt[:, :-1], 0) * (1 + ORDERED_WITHIN)
    # a zero pT after nothing: a constituent along the beam
    rises |= there[:, 1:] & ~there[:, :-1]
    wrong = np.flatnonzero(rises.any(axis=1))
    if len(wrong):
        order = np.argsort(-pt[wrong], axis=1, kind="stable")
        p4 = p4.copy()
        p4[wrong] = np.take_along_axis(p4[wrong], order[..., None], axis=1)
    return p4
