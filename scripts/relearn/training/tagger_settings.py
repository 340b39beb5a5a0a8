"""How a tagger is trained: one frozen dataclass, which the config and the trainer share.

Imports no torch, so that the config can be read without it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from relearn.architectures import FITTED_ONCE
from relearn.errors import UserError

OPTIMISERS = ("adam", "adamw", "sgd", "adadelta")
SCHEDULES = ("constant", "one_cycle", "cosine", "exponential", "plateau")
LOSSES = ("cross_entropy", "mse")
PRECISIONS = ("auto", "float32", "bfloat16")
COMPILE = ("auto", "on", "off")
AUGMENTATIONS = {  # change → its smallest and largest strength
    "jes_shift": (-0.9, math.inf),
    "jes_smear": (0.0, math.inf),
    "rotation": (0.0, 180.0),
    "drop": (0.0, 1.0),
}
CHOICES = {
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "precision": PRECISIONS,
    "compile": COMPILE,
}


@dataclass(frozen=True)
class TaggerTraining:
    """Settings of one training.

    Attributes
    ----------
    epochs
        Passes over the training jets.
    batch_size
        Jets in one gradient step; what is left of the last batch of an epoch is not seen.
    optimiser
        ``adam``, ``adamw``, ``sgd`` or ``adadelta``.
    learning_rate
        Step size; the largest one where there is a schedule.
    weight_decay
        Of the optimiser.
    momentum
        Of ``sgd`` alone.
    schedule
        ``constant``, ``one_cycle``, ``cosine``, ``exponential`` or ``plateau``
        (`relearn.training.schedules`).
    decay
        What ``exponential`` multiplies the step size by after each epoch, and ``plateau`` after
        some epochs without a better validation loss; None: 0.9 and 0.5.
    patience
        Stop after this many epochs without a better validation loss; None never does.
    clip
        Largest norm of the gradient; None leaves it.
    loss
        Of classifiers: ``cross_entropy``, or ``mse`` of the softmax. A regression has ``mse``.
    class_weights
        Whether both classes weigh the same in the loss, by their sums of weights.
    precision
        ``float32``; ``bfloat16``, the products of matrices on a GPU alone; ``auto``: bfloat16 on
        a GPU. A CPU computes in float32 whatever is set.
    compile
        `torch.compile`: ``on``, ``off``, or ``auto``: on a GPU alone, where a C compiler is.
    augment
        What changes of each jet in each epoch, name → strength (`relearn.training.augment`).
    devices
        GPUs, or processes on a CPU, that share every batch (`relearn.training.parallel`).
    threads
        CPU threads, of each process.
    memory_gb
        Jets that need more are read from the file in every epoch.
    tensorboard
        Whether to write curves for TensorBoard besides; needs the package ``tensorboard``.
    """

    epochs: int = 20
    batch_size: int = 256
    optimiser: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.9
    schedule: str = "constant"
    decay: float | None = None
    patience: int | None = None
    clip: float | None = None
    loss: str = "cross_entropy"
    class_weights: bool = False
    precision: str = "auto"
    compile: str = "auto"
    augment: Mapping[str, float] = field(default_factory=dict)
    devices: int = 1
    threads: int = 1
    memory_gb: float = 4.0
    tensorboard: bool = False

    def __post_init__(self):
        for name, allowed in CHOICES.items():
            if (value := getattr(self, name)) not in allowed:
                raise UserError(f"training.{name}: {value!r} is none of {', '.join(allowed)}")
        if self.batch_size % self.devices:
            raise UserError(
                f"training.batch_size: {self.batch_size} jets do not split among "
                f"training.devices: {self.devices}: choose a multiple"
            )
        if wrong := wrong_changes(self.augment):
            raise UserError(f"training.augment: {wrong}")


def wrong_changes(augment: Mapping[str, float]) -> str:
    """Return what is wrong with changes of jets, name → strength; nothing: an empty text."""
    for name, strength in augment.items():
        if name not in AUGMENTATIONS:
            return f"{name!r} is none of {', '.join(AUGMENTATIONS)}"
        low, high = AUGMENTATIONS[name]
        if not low <= strength <= high:
            limits = f"{low:g} or more" if math.isinf(high) else f"between {low:g} and {high:g}"
            return f"{name}: {strength:g} is not {limits}"
    return ""


def devices(spec: Mapping[str, Any]) -> int:
    """Return on how many devices, or by how many processes, each tagger of a scan is trained.

    What has no epochs is fitted on one.

    Parameters
    ----------
    spec
        What `relearn.config.scan_spec` returns.
    """
    if all(name in FITTED_ONCE for name in spec["axes"]["architecture"]):
        return 1
    return spec["training"].get("devices", TaggerTraining.devices)


def training(*layers: Mapping[str, Any]) -> TaggerTraining:
    """Return settings from dictionaries, a later one over an earlier: the family's, the config's.

    Raises
    ------
    UserError
        If there is no such setting or value: names what there is.
    """
    merged = {name: value for layer in layers for name, value in layer.items()}
    known = [one.name for one in fields(TaggerTraining)]
    if unknown := [name for name in merged if name not in known]:
        raise UserError(f"training: no setting {unknown[0]!r}; there are {', '.join(known)}")
    return TaggerTraining(**merged)
