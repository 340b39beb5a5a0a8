"""A dataset for taggers → files in the format of the public top-tagging reference set.

A pandas table each for training, validation and test: ``E_0, PX_0, PY_0, PZ_0, …`` of 200
constituents, the top quark's ``truthE`` … ``truthPZ`` (zeros where there is none; left out of jets
made elsewhere, whose tops are not known), ``ttv`` and ``is_signal_new``.
"""

from pathlib import Path

import numpy as np

from relearn import kinematics as kin
from relearn.data import pandasfile, tagfile
from relearn.errors import UserError
from relearn.files import atomic

FILES = {"train": "train.h5", "validation": "val.h5", "test": "test.h5"}
TTV = {"train": 0, "test": 1, "validation": 2}
KEY = "table"
COMPONENTS = ("E", "PX", "PY", "PZ")
CONSTITUENTS = 200  # at least; zeros beyond the last
TOP = ("top_pt", "top_eta", "top_phi", "top_mass")
ROWS_AT_ONCE = 5000


def to_reference(path: str | Path, folder: str | Path, kind: str = "eflow") -> dict[Path, int]:
    """Write a dataset's jets to a folder, a file for each split.

    Parameters
    ----------
    path
        The dataset (`relearn.data.tagging`, or made elsewhere).
    folder
        Where ``train.h5``, ``val.h5`` and ``test.h5`` go.
    kind
        ``eflow`` or ``tower``.

    Returns
    -------
    dict
        File → number of jets; those without constituents (an energy-flow jet that no tower jet
        is near) are left out.

    Raises
    ------
    UserError
        If the dataset cannot be used or has no such jets.
    """
    about = tagfile.describe(path)
    if kind not in about.kinds:
        raise UserError(f"{path} has no {kind} jets, only {', '.join(about.kinds)}")
    count = max(CONSTITUENTS, about.shapes[f"{kind}/p4"][0])
    names = [f"{component}_{i}" for i in range(count) for component in COMPONENTS]
    known = bool(about.spectra)
    if known:
        names += [f"truth{component}" for component in COMPONENTS]
    blocks = {"<f4": names, "<i8": ["ttv", "is_signal_new"]}
    written = {}
    for split, name in FILES.items():
        final = Path(folder) / name
        written[final] = 0
        with atomic(final) as temporary, pandasfile.Writer(temporary, KEY, blocks) as table:
            for start in range(0, about.jets[split], ROWS_AT_ONCE):
                rows = slice(start, start + ROWS_AT_ONCE)
                block = tagfile.read(path, split, kind, truth=TOP, rows=rows)
                there = block.p4.any(axis=(1, 2))
                p4, label = block.p4[there], block.label[there].astype(np.int64)
                values = np.zeros((len(p4), len(names)), dtype=np.float32)
                values[:, : 4 * p4.shape[1]] = p4.reshape(len(p4), -1)
                if known:
                    values[:, -4:] = _top(*(block.truth[one][there].astype(float) for one in TOP))
                table.append(values, np.stack([np.full_like(label, TTV[split]), label], axis=1))
                written[final] += len(p4)
    return written


def _top(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Return the top quark that is nearest to a jet, (jets, 4); zeros where there is none."""
    p4 = kin.from_pt_eta_phi_mass(pt, eta, phi, mass)
    return np.where(pt[:, None] > 0, p4, 0.0)
