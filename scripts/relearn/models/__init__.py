"""Networks by name, and trained ones by run; families are imported only when asked for."""

import importlib
from pathlib import Path
from typing import Any

from torch import nn

from relearn.errors import UserError

FAMILIES = ("mlp",)


def _family(name: str) -> Any:
    if name not in FAMILIES:
        raise UserError(f"there is no architecture {name!r}; there are {', '.join(FAMILIES)}")
    return importlib.import_module(f"relearn.models.{name}")


def build(name: str, size: str = "paper", **options: Any) -> nn.Module:
    """Return an untrained network.

    Parameters
    ----------
    name
        The architecture, such as ``mlp``.
    size
        One of the family's named sizes.
    options
        What the family's ``build`` takes besides.

    Raises
    ------
    UserError
        If there is no such architecture or size.
    """
    return _family(name).build(size, **options)


def load(path: str | Path, run: str) -> nn.Module:
    """Return one trained network as an ordinary module: natural units in and out.

    Parameters
    ----------
    path
        Folder of a batch, ``results/<scale>/models/<scan>/<batch>``, or of the whole scan.
    run
        The network's name, from ``runs.csv``.

    Raises
    ------
    UserError
        If there is no such run, or its files are missing or damaged.
    """
    from relearn.models import storage

    stored = storage.find(Path(path), run)
    return _family(stored.run.architecture).restore(stored)
