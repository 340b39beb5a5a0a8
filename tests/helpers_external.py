"""A small table as in the public top-tagging reference set, in every format.

``data_files/pandas_*.h5`` hold `reference`, written by pandas 3.1.1 and PyTables 3.11.1:
``to_hdf(path, key="table", mode="w", complevel=5)`` with format ``table`` or ``fixed`` and complib
``zlib``, and with format ``table`` and complib ``blosc``.
"""

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import uproot
from helpers_workflow import ROOT

from relearn.configdata import External

FILES = ROOT / "tests/data_files"
JETS, CONSTITUENTS = 6, 5
LABELS = [0, 1, 1, 0, 1, 0]
COUNTS = [5, 3, 5, 5, 2, 5]
COMPONENTS = ("E", "PX", "PY", "PZ")
LISTS = {"columns": list(COMPONENTS)}  # settings where a column holds lists
# … and where one array holds all
ARRAY = {"columns": [f"jets[{i}]" for i in range(len(COMPONENTS))], "key": "/"}


def four_vectors():
    """E, px, py, pz of massless constituents, the hardest first: (JETS, CONSTITUENTS, 4)."""
    momenta = np.random.default_rng(1).normal(0, 30, (JETS, CONSTITUENTS, 3))
    energy = np.sqrt((momenta**2).sum(axis=-1, keepdims=True))
    p4 = np.concatenate([energy, momenta], axis=-1)
    order = np.argsort(-np.hypot(p4[..., 1], p4[..., 2]), axis=1)
    p4 = np.take_along_axis(p4, order[..., None], axis=1)
    for jet, count in enumerate(COUNTS):
        p4[jet, count:] = 0
    return p4.astype(np.float32)


def reference(p4=None, labels=LABELS):
    """The table: columns E_0 … PZ_4, the top's four-vector, ttv, is_signal_new."""
    p4 = four_vectors() if p4 is None else p4
    names = [f"{component}_{i}" for i in range(p4.shape[1]) for component in COMPONENTS]
    table = pd.DataFrame(p4.reshape(len(p4), -1), columns=names)
    table = table.assign(**{f"truth{component}": np.float32(0) for component in COMPONENTS})
    return table.assign(ttv=0, is_signal_new=labels)


def lists(table):
    """The same with a list for each component, without the zeros: name → list of arrays."""
    p4 = table.iloc[:, : -len(COMPONENTS) - 2].to_numpy().reshape(len(table), -1, 4)
    counts = p4.any(axis=2).sum(axis=1)
    columns = {
        name: [jet[:count, i] for jet, count in zip(p4, counts, strict=True)]
        for i, name in enumerate(COMPONENTS)
    }
    return columns | {"is_signal_new": table.is_signal_new.to_numpy()}


def write_hdf5(path, table, form="columns"):
    """Write an HDF5 file without pandas: columns, lists, one array, or a dataset of fields."""
    with h5py.File(path, "w") as file:
        if form == "fields":
            file["table"] = table.to_records(index=False)
        elif form == "columns":
            for name, values in table.items():
                file[f"table/{name}"] = values.to_numpy()
        elif form == "one array":
            file["jets"] = (
                table.iloc[:, : -len(COMPONENTS) - 2].to_numpy().reshape(len(table), -1, 4)
            )
            file["is_signal_new"] = table.is_signal_new.to_numpy()
        else:
            p4 = table.iloc[:, : -len(COMPONENTS) - 2].to_numpy().reshape(len(table), -1, 4)
            for i, name in enumerate(COMPONENTS):
                file[f"table/{name}"] = p4[..., i]
            file["table/is_signal_new"] = table.is_signal_new.to_numpy()
    return path


def write_parquet(path, table):
    table.to_parquet(path, row_group_size=4)
    return path


def write_root(path, table):
    with uproot.recreate(path) as file:
        file["table"] = {name: values.to_numpy() for name, values in table.items()}
    return path


def write_lists(path, table):
    """Write lists to Parquet or ROOT, as the suffix says."""
    columns = lists(table)
    if path.suffix == ".parquet":
        pd.DataFrame(columns).to_parquet(path)
    else:
        with uproot.recreate(path) as file:
            file["table"] = {
                name: ak.Array(values) if name in COMPONENTS else values
                for name, values in columns.items()
            }
    return path


def settings(path, **changed):
    """A dataset of kind external, as in the config, with one file for all splits."""
    files = dict.fromkeys(("train", "validation", "test"), str(path))
    return External(
        **{"kind": "external", "files": files, "constituents": 4} | changed
    ).model_dump()
