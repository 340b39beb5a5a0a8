"""Networks by name, and trained ones by run; families are imported only when asked for."""

import importlib
from pathlib import Path
from typing import Any

from torch import nn

from relearn import architectures
from relearn.batchfiles import locate
from relearn.taggerruns import TaggerRun


def family(name: str) -> Any:
    """Return the module of an architecture, with its `SIZES` and `DEFAULTS`.

    Raises
    ------
    UserError
        If there is no such architecture.
    """
    return importlib.import_module(architectures.find(name).module)


def build(name: str, size: str = "paper", **options: Any) -> nn.Module:
    """Return an untrained network.

    Parameters
    ----------
    name
        The architecture, such as ``mlp`` or ``lola``.
    size
        One of the family's named sizes.
    options
        What the family's ``build`` takes besides; they win over those that the name stands for.

    Raises
    ------
    UserError
        If there is no such architecture or size.
    """
    return family(name).build(size, **{**architectures.find(name).preset, **options})


def load(path: str | Path, run: str) -> Any:
    """Return one trained network as an ordinary module, ready to be evaluated.

    Parameters
    ----------
    path
        Folder of a batch, ``results/<scale>/models/<scan>/<batch>``, or of the whole scan.
    run
        The network's name, from ``runs.csv``.

    Returns
    -------
    nn.Module
        A fully connected network: natural units in and out. Or a `Tagger`. Or, of an architecture
        that is no network, a `Classic`.

    Raises
    ------
    UserError
        If there is no such run, or its files are missing, damaged or of another config.
    """
    from relearn.models import storage, taggerfile

    folder, found = locate(Path(path), run)
    if isinstance(found, TaggerRun):
        return taggerfile.restore(folder, found)
    return family(found.architecture).restore(storage.read(folder, found))
