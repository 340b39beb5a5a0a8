"""Lists of stable particles that another detector has seen too, in NumPy's ``.npz``.

Columns: ``offsets`` (events + 1), and for each particle ``pid``, ``charge``, ``px``, ``py``,
``pz``, ``e`` in GeV and the production vertex ``x``, ``y``, ``z`` in mm.
"""

from pathlib import Path

import awkward as ak
import numpy as np

from relearn.errors import UserError
from relearn.generate import pythia

COLUMNS = ("pid", "charge", "px", "py", "pz", "e", "x", "y", "z")


def read(path: str | Path, events: int | None = None) -> ak.Array:
    """Return events × particles as `relearn.generate.detector.simulate` takes them.

    Masses are Pythia's for each species: energies in single precision do not give them.

    Parameters
    ----------
    path
        The file.
    events
        The first so many; None for all.

    Raises
    ------
    UserError
        If the file cannot be read, or lacks a column.
    """
    try:
        with np.load(path) as file:
            if absent := [name for name in ("offsets", *COLUMNS) if name not in file.files]:
                raise UserError(f"{path} has no column {', '.join(absent)}: it lists no particles")
            offsets = file["offsets"][: None if events is None else events + 1]
            columns = {name: file[name][: offsets[-1]] for name in COLUMNS}
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}): copy it again") from None
    whole = {name: int if name in ("pid", "charge") else float for name in COLUMNS}
    found = {name: values.astype(whole[name]) for name, values in columns.items()}
    data = pythia.module().Pythia("", False).particleData
    species, where = np.unique(found["pid"], return_inverse=True)
    found["mass"] = np.array([data.m0(int(code)) for code in species])[where]
    return ak.unflatten(ak.zip(found), np.diff(offsets))
