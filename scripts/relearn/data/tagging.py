"""Jet files of two samples → a dataset for taggers: signal and background in turn.

Groups ``train``, ``validation``, ``test``; in each, n jets, even rows signal, odd background:

- ``<kind>/p4`` (n, constituents, 4): E, px, py, pz in GeV, the hardest first, zeros at the end;
- ``<kind>/features`` (n, constituents, 6): `FEATURES`;
- ``<kind>/observables`` (n, k): see `relearn.data.observables`; how they were computed is the
  file's attribute ``observables``;
- ``<kind>/quality`` (n, 6): `QUALITY`;
- ``label`` (n,), ``weight`` (n,), ``truth`` (n, 12): `TRUTH`.

As many *jets* are taken of either class, whatever their weights; the sums of weights of a split
are its attributes ``sum_weight_signal`` and ``sum_weight_background``.

Kinds are ``eflow`` and, with a detector, ``tower``. All are float32 and contiguous, so that one
read gives a whole block (`relearn.data.tagfile`); names and units are attributes. Filled part by
part: memory holds one part.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn import observablenames
from relearn.data import jetfile
from relearn.data.hdf5 import SPLITS
from relearn.data.jets import SPECTRUM_EDGES
from relearn.data.jettruth import Truth
from relearn.data.tagfile import CLASSES, LABELS
from relearn.errors import UserError
from relearn.files import atomic

FEATURES = ("kind", "charge", "d0", "z0", "d0_smeared", "z0_smeared")
TRUTH = tuple(field.name for field in fields(Truth))
# whether there is such a jet, and whether it would be selected itself; what its reclustering lost:
# constituents, GeV; what is not stored: constituents, and their pT over the jet's
QUALITY = ("found", "passes", "lost", "lost_pt", "cut", "cut_share")
KINDS = ("eflow", "tower")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Columns:
    """What a dataset stores of each jet: path → shape of one jet."""

    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, kinds: Sequence[str], constituents: int, names: Sequence[str]) -> "Columns":
        """Return the columns for these kinds of jets, with observables of these names."""
        shapes: dict[str, tuple[int, ...]] = {"label": (), "weight": (), "truth": (len(TRUTH),)}
        for kind in kinds:
            shapes[f"{kind}/p4"] = (constituents, 4)
            shapes[f"{kind}/features"] = (constituents, len(FEATURES))
            shapes[f"{kind}/observables"] = (len(names),)
            shapes[f"{kind}/quality"] = (len(QUALITY),)
        return cls(shapes)


def build(
    path: str | Path, dataset: str, settings: Mapping[str, Any], files: Sequence[str | Path]
) -> None:
    """Build a dataset from jet files.

    Parameters
    ----------
    path
        The dataset's file: whole, or not at all.
    dataset
        Its name.
    settings
        Of the dataset in the config (`relearn.configdata.Tagging`).
    files
        Jet files; the sample is the name of the folder, the split begins the file's name.

    Raises
    ------
    UserError
        If a file cannot be used, two files have different observables, or there are too few
        jets: names the yield and the line of ``config/yields.yaml`` to change.
    """
    paths = [Path(file) for file in files]
    kinds = [kind for kind in KINDS if kind in jetfile.read(paths[0]).fields]
    how = _how_computed(dataset, paths)
    names = observablenames.names(how)
    columns = Columns.of(kinds, settings["constituents"], names)
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["kind"] = "tagging"
        file.attrs["dataset"] = dataset
        file.attrs["settings"] = json.dumps(settings, sort_keys=True)
        file.attrs["observables"] = json.dumps(how, sort_keys=True)
        file.attrs["made_from"] = json.dumps(sorted({p.parent.name for p in paths}))
        _note_origin(file, settings, paths)
        for split in SPLITS:
            count = settings["jets"][split]
            group = file.create_group(split)
            for name, shape in columns.shapes.items():
                group.create_dataset(name, (2 * count, *shape), dtype="f4")
            name_columns(group, kinds, names)
            for first, side in enumerate(CLASSES):  # rows 0, 2, 4 … and 1, 3, 5 …
                sample = settings[side]
                mine = sorted(
                    p for p in paths if p.parent.name == sample and p.name.startswith(f"{split}-")
                )
                what = f"datasets.{dataset}.jets.{split}, {side} {sample}"
                done, sum_weight = 0, 0.0
                for jets in _first(mine, count, what):
                    block = block_of(jets, kinds, settings["constituents"], names)
                    rows = len(block["weight"])
                    block["label"] = np.full(rows, LABELS[side], dtype=np.float32)
                    place = slice(first + 2 * done, first + 2 * (done + rows), 2)
                    for name, values in block.items():
                        group[name][place] = values
                    done += rows
                    sum_weight += float(block["weight"].sum(dtype=np.float64))
                group.attrs[f"sum_weight_{side}"] = sum_weight


def _how_computed(dataset: str, paths: Sequence[Path]) -> dict[str, Any]:
    """Return the settings of the observables, the same in all files.

    Raises
    ------
    UserError
        If a file has others, or says nothing of them.
    """
    found: dict[str, Any] = {}
    for path in paths:
        mine = jetfile.about(path)["settings"].get("observables")
        if mine is None:
            raise UserError(
                f"datasets.{dataset}: {path} does not say how its observables were computed. "
                f"Delete it (rm {path}) and run the workflow again: only this part is made anew."
            )
        found = found or mine
        if mine != found:
            here, there = _flat_settings(mine), _flat_settings(found)
            differ = [key for key in here | there if here.get(key) != there.get(key)]
            which = "; ".join(f"{k} is {here.get(k)} and {there.get(k)}" for k in differ)
            raise UserError(
                f"datasets.{dataset}: the jets of {path} and {paths[0]} have different "
                f"observables: {which}. Delete the file that is not as `observables` in the "
                "config says and run the workflow again: only this part is made anew."
            )
    return found


def _flat_settings(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return settings by their whole key: ``n_subjettiness.orders``."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        inner = isinstance(value, Mapping)
        flat |= _flat_settings(value, f"{above}{key}.") if inner else {f"{above}{key}": value}
    return flat


def _note_origin(file: h5py.File, settings: Mapping[str, Any], paths: Sequence[Path]) -> None:
    """Keep what the jets of each class were selected from, and how."""
    selection, origin = {}, {}
    file.attrs["spectrum_edges"] = SPECTRUM_EDGES
    for side in CLASSES:
        made = [jetfile.about(path) for path in paths if path.parent.name == settings[side]]
        for name in ("events", "spectrum", "hat_spectrum"):
            file.attrs[f"{name}_{side}"] = np.sum([one[name] for one in made], axis=0)
        chosen = made[0]["settings"] if made else {}
        selection[side] = {key: value for key, value in chosen.items() if key != "observables"}
        origin[side] = made[0].get("origin", {}) if made else {}
    file.attrs["selection"] = json.dumps(selection, sort_keys=True)
    file.attrs["origin"] = json.dumps(origin, sort_keys=True)


def _first(files: Sequence[Path], count: int, what: str) -> Iterator[ak.Array]:
    """Yield the first `count` jets of some files, file by file."""
    found, events = 0, 0
    for path in files:
        if found >= count:
            return
        jets = jetfile.read(path)[: count - found]
        events += jetfile.about(path)["events"]
        found += len(jets)
        if len(jets):
            yield jets
    if found < count:
        rate = found / events if events else 0.0
        raise UserError(
            f"{what}: {count} jets are wanted, but {len(files)} files with {events} events give "
            f"{found} ({rate:.4f} for each). Write `selected_per_event: {rate:.4f}` into this "
            "entry of config/yields.yaml (or delete the entry and run `make yields`), or ask for "
            "fewer jets."
        )


def block_of(
    jets: ak.Array, kinds: Sequence[str], constituents: int, names: Sequence[str]
) -> dict[str, Array]:
    """Return jets as blocks of fixed shape, without the label: path → float32 array."""
    block = {"weight": _flat(jets.weight)}
    block["truth"] = np.stack([_flat(jets.truth[name]) for name in TRUTH], axis=1)
    for kind in kinds:
        jet = jets[kind]
        block[f"{kind}/observables"] = np.stack([_flat(jet[name]) for name in names], axis=1)
        quality = {name: jet[name] for name in ("found", "passes", "lost", "lost_pt")}
        quality |= _cut(jet, constituents)
        block[f"{kind}/quality"] = np.stack([_flat(quality[name]) for name in QUALITY], axis=1)
        members = jet.constituents[:, :constituents]
        padded = {
            name: _padded(members[name], constituents)
            for name in ("pt", "eta", "phi", "mass", *FEATURES)
        }
        p4 = kin.from_pt_eta_phi_mass(*(padded[name] for name in ("pt", "eta", "phi", "mass")))
        block[f"{kind}/p4"] = p4.astype(np.float32)
        features = [padded[name] for name in FEATURES]
        block[f"{kind}/features"] = np.stack(features, axis=2).astype(np.float32)
    return block


def _cut(jet: ak.Array, constituents: int) -> dict[str, ak.Array]:
    """Return how many constituents are not stored, in either step, and their share of pT."""
    beyond = jet.constituents.pt[:, constituents:]
    return {
        "cut": jet.cut + ak.num(beyond),
        "cut_share": share(jet.cut_pt + ak.sum(beyond, axis=1), jet.pt),
    }


def share(part: ak.Array, whole: ak.Array) -> NDArray[np.float64]:
    """Return part / whole, (jets,); 0 where there is nothing."""
    above, below = (ak.to_numpy(values).astype(np.float64) for values in (part, whole))
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _flat(values: ak.Array) -> Array:
    return ak.to_numpy(values).astype(np.float32)


def _padded(values: ak.Array, length: int) -> NDArray[np.float64]:
    padded = ak.fill_none(ak.pad_none(values, length, clip=True), 0)
    return ak.to_numpy(padded).astype(np.float64).reshape(len(values), length)


def name_columns(group: h5py.Group, kinds: Sequence[str], names: Sequence[str]) -> None:
    """Write names and units of the columns to the datasets of a split."""
    group["truth"].attrs["columns"] = list(TRUTH)
    for kind in kinds:
        group[f"{kind}/p4"].attrs["columns"] = ["E", "px", "py", "pz"]
        group[f"{kind}/p4"].attrs["unit"] = "GeV"
        group[f"{kind}/features"].attrs["columns"] = list(FEATURES)
        group[f"{kind}/features"].attrs["units"] = ["", "e", "mm", "mm", "mm", "mm"]
        group[f"{kind}/observables"].attrs["columns"] = list(names)
        group[f"{kind}/quality"].attrs["columns"] = list(QUALITY)
