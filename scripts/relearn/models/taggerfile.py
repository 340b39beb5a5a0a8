"""Trained taggers on disk: the weights of a batch in one file of safetensors, no code.

The tensors of a run have its name before theirs: ``<run>/<name in the state>``. They are those of
the best epoch. What is to be built of them stands in ``spec.json``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from relearn import models
from relearn.batchfiles import SPEC, cure
from relearn.errors import UserError
from relearn.files import atomic
from relearn.models.classic import Classic
from relearn.models.storage import WEIGHTS
from relearn.models.tagger import Tagger
from relearn.taggerruns import TaggerRun


def untrained(run: TaggerRun) -> Tagger | Classic:
    """Return the tagger of a run before its training.

    Raises
    ------
    UserError
        If its architecture has no such size or option.
    """
    given = {name: list(one) if isinstance(one, tuple) else one for name, one in run.options}
    shape = {"constituents": run.constituents, "features": len(run.features)}
    if run.target is not None:
        shape["outputs"] = 1
    return models.build(run.architecture, run.size, **shape, **given)


def state_of(tagger: Tagger | Classic) -> dict[str, Tensor]:
    """Return all that has been learnt, on the CPU."""
    if isinstance(tagger, Classic):
        return {name: torch.from_numpy(np.array(one)) for name, one in tagger.state().items()}
    return {name: one.detach().cpu().clone() for name, one in tagger.state_dict().items()}


def write(path: Path, states: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Write the taggers of a batch: run → name → tensor."""
    tensors = {
        f"{run}/{name}": tensor.contiguous()
        for run, state in states.items()
        for name, tensor in state.items()
    }
    with atomic(path) as temporary:
        save_file(tensors, temporary)


def restore(folder: Path, run: TaggerRun) -> Tagger | Classic:
    """Return a trained tagger, in evaluation mode.

    Raises
    ------
    UserError
        If the file of weights is missing or damaged, or its tensors are not those that the
        spec's architecture, size and options need.
    """
    path = folder / WEIGHTS
    prefix = f"{run.name}/"
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
            state = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}). {cure(folder)}") from None
    tagger = untrained(run)
    if isinstance(tagger, Classic):
        _fill(tagger, state, folder, run)
        return tagger
    _compare(tagger.state_dict(), state, folder, run)
    tagger.load_state_dict(state)
    return tagger.eval()


def _compare(
    wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], folder: Path, run: TaggerRun
) -> None:
    differing = [
        f"{name} is {_shape(found.get(name))}, not {_shape(wanted.get(name))}"
        for name in dict.fromkeys((*wanted, *found))
        if _shape(found.get(name)) != _shape(wanted.get(name))
    ]
    if differing:
        raise _other(folder, run, f"{len(differing)} tensors differ: {differing[0]}")


def _fill(tagger: Classic, state: Mapping[str, Tensor], folder: Path, run: TaggerRun) -> None:
    try:
        tagger.restore({name: tensor.numpy() for name, tensor in state.items()})
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise _other(folder, run, repr(error)) from None


def _shape(tensor: Tensor | None) -> Any:
    return "absent" if tensor is None else tuple(tensor.shape)


def _other(folder: Path, run: TaggerRun, why: str) -> UserError:
    return UserError(
        f"{folder / WEIGHTS} does not belong to its {SPEC}, or to this version of "
        f"{run.architecture}: of {run.name}, {why}. {cure(folder)}"
    )
