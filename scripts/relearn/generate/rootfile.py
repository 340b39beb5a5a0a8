"""Event files: ROOT trees in Delphes' layout, written and read with uproot.

Tree ``Delphes``, one entry an event, branches ``<Object>.<Quantity>`` of varying length with
their number in ``<Object>_size``, 32-bit floats, as in Delphes. Beyond Delphes:
``Particle.IsPrompt`` (see `relearn.generate.particles`), ``Muon.ParticleIndex`` (the true muon's
position in the event's particles; Delphes has a pointer there), and the text ``relearn``: JSON
with all that made the file.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from relearn.errors import UserError

TREE = "Delphes"
ABOUT = "relearn"
SECONDS = 1e-3 / 299_792_458  # in one mm/c
BEAM_ETA = 999.9  # what Delphes writes for a particle along the beam
BROKEN = (OSError, ValueError, KeyError, EOFError, uproot.DeserializationError)


def particle_branches(particles: ak.Array) -> ak.Array:
    """Return `particles` (see `relearn.generate.particles.FIELDS`) as Delphes' branches."""
    p = particles
    pt = np.hypot(p.px, p.py)
    momentum = np.hypot(pt, p.pz)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.clip(np.arcsinh(p.pz / pt), -BEAM_ETA, BEAM_ETA)
        rapidity = np.arcsinh(p.pz / np.sqrt(pt**2 + p.mass**2))
    integers = {"PID": p.pid, "Status": 0 * p.pid + 1, "Charge": p.charge, "IsPrompt": p.prompt}
    reals = {"Mass": p.mass, "E": p.e, "Px": p.px, "Py": p.py, "Pz": p.pz, "P": momentum}
    reals |= {"PT": pt, "Eta": eta, "Phi": np.arctan2(p.py, p.px), "Rapidity": rapidity}
    reals |= {"X": p.x, "Y": p.y, "Z": p.z, "T": p.t * SECONDS}
    return _branches(integers, reals)


def muon_branches(muons: ak.Array) -> ak.Array:
    """Return reconstructed muons as Delphes' branches."""
    return _branches(
        {"Charge": muons.charge, "ParticleIndex": muons.particle},
        {"PT": muons.pt, "Eta": muons.eta, "Phi": muons.phi},
    )


def event_branches(first: int, count: int) -> ak.Array:
    """Return the event's own branches, of length one as in Delphes, counted from `first`."""
    one_each = np.ones(count, dtype=np.int64)
    number = ak.unflatten(np.arange(first, first + count), one_each)
    weight = ak.unflatten(np.ones(count, dtype=np.float32), one_each)
    return ak.zip({"Number": number, "Weight": weight})


def _branches(integers: dict[str, ak.Array], reals: dict[str, ak.Array]) -> ak.Array:
    columns = {name: ak.values_astype(column, np.int32) for name, column in integers.items()}
    columns |= {name: ak.values_astype(column, np.float32) for name, column in reals.items()}
    return ak.zip(columns)


def write(path: Path, chunks: Iterable[dict[str, ak.Array]], about: dict[str, Any]) -> None:
    """Write an event file.

    Parameters
    ----------
    path
        The file; give a temporary name and move it (`relearn.files.atomic`).
    chunks
        Consecutive events, as object → its branches.
    about
        What made the file; read once all chunks are written, so that it may grow meanwhile.
    """
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = None
        for chunk in chunks:
            if tree is None:
                tree = file.mktree(
                    TREE,
                    {name: branches.type.content for name, branches in chunk.items()},
                    counter_name=lambda counted: f"{counted}_size",
                    field_name=lambda outer, inner: f"{outer}.{inner}" if outer else inner,
                )
            tree.extend(chunk)
        file[ABOUT] = json.dumps(about, sort_keys=True)


def branches(path: Path | str) -> set[str]:
    """Return the names of a file's branches.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return set(_read(path, lambda file: file[TREE].keys(full_paths=False)))


def about(path: Path | str) -> dict[str, Any]:
    """Return what made a file of ours: sample, part, seeds, versions, cross section.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return json.loads(str(_read(path, lambda file: file[ABOUT])))


def read(path: Path | str, wanted: Sequence[str]) -> dict[str, ak.Array]:
    """Read branches of an event file, ours or Delphes' own.

    Parameters
    ----------
    path
        The file.
    wanted
        Names such as ``Muon.PT``.

    Returns
    -------
    dict
        Name → events × values; 32-bit floats come as 64-bit.

    Raises
    ------
    UserError
        If the file is cut short, has no events, lacks a branch, or has values that are no
        numbers: names the file and the cure.
    """
    present = branches(path)
    missing = [name for name in wanted if name not in present]
    if missing:
        raise UserError(
            f"{path} has no branch {', '.join(missing)}: it was written with other settings "
            f"(`keep`, `detector`) or by another program. {_cure(path)}"
        )
    columns = _read(path, lambda file: {name: file[TREE][name].array() for name in wanted})
    for name, column in columns.items():
        if len(column) == 0:
            raise UserError(f"{path} has no events. {_cure(path)}")
        if not np.all(np.isfinite(ak.to_numpy(ak.flatten(column, axis=None)))):
            raise UserError(f"{path}: {name} has values that are not finite. {_cure(path)}")
    return {
        name: ak.values_astype(column, np.float64) if "float" in str(column.type) else column
        for name, column in columns.items()
    }


def _read(path: Path | str, what: Any) -> Any:
    try:
        with uproot.open(path) as file:
            return what(file)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist. Run the workflow again to make it.") from None
    except BROKEN as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise UserError(f"{path} is cut short or no event file ({reason}). {_cure(path)}") from None


def _cure(path: Path | str) -> str:
    return f"Delete it (rm {path}) and run the workflow again: only this part is made anew."
