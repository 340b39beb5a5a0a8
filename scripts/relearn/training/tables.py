"""Dataset file → standardised tensors on the training device."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from relearn.data import hdf5
from relearn.data.scaling import Standardiser


@dataclass(frozen=True)
class Tables:
    """Standardised events, float32; every input has a constant 1 as its last feature.

    Attributes
    ----------
    inputs, targets
        Training events (events, features + 1) and (events, columns of all targets).
    validation_inputs, validation_targets
        (features + 1, events) and (events, columns).
    columns
        Target → its first column.
    scaling
        ``inputs`` and each target → its scaling, of the training events, float64.
    """

    inputs: Tensor
    targets: Tensor
    validation_inputs: Tensor
    validation_targets: Tensor
    columns: dict[str, int]
    scaling: dict[str, Standardiser]


def load(path: Path, targets: Sequence[str], device: torch.device) -> Tables:
    """Read the training and validation events of a dataset, after a check of the whole file.

    Raises
    ------
    UserError
        If the file is cut short, or has a column that is missing, empty or not finite.
    """
    hdf5.check(path, targets)
    blocks = {split: hdf5.read(path, split) for split in ("train", "validation")}
    train = blocks["train"]
    scaling = {"inputs": Standardiser.fit(train.inputs)}
    scaling |= {name: Standardiser.fit(train.targets[name]) for name in targets}
    columns, first = {}, 0
    for name in targets:
        columns[name] = first
        first += train.targets[name].shape[1]

    def tensor(block: hdf5.Block, name: str) -> np.ndarray:
        return scaling[name].apply(block.inputs if name == "inputs" else block.targets[name])

    def side(split: str) -> tuple[Tensor, Tensor]:
        block = blocks[split]
        inputs = np.hstack([tensor(block, "inputs"), np.ones((len(block.inputs), 1))])
        wanted = np.hstack([tensor(block, name) for name in targets])
        return (
            torch.from_numpy(inputs.astype(np.float32)).to(device),
            torch.from_numpy(wanted.astype(np.float32)).to(device),
        )

    inputs, wanted = side("train")
    validation_inputs, validation_targets = side("validation")
    return Tables(
        inputs, wanted, validation_inputs.T.contiguous(), validation_targets, columns, scaling
    )
