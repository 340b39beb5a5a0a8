"""Optimisers and schedules of the step size, all PyTorch's own.

| schedule | step size |
|---|---|
| `constant` | always the same |
| `one_cycle` | linearly from a tenth up in 40 % of the steps, down again in 40 %, then to 1/6000 |
| `cosine` | half a cosine down to 0 at the last step |
| `exponential` | times `decay` after each epoch |
| `plateau` | times `decay` after `PLATEAU` epochs without a better validation loss |

`one_cycle` is the one of ParticleNet (1902.08570): 3e-4, 3e-3, 3e-4 and 5e-7 in 8, 8 and 4 epochs.
"""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, optim
from torch.optim import lr_scheduler

from relearn.training.tagger_settings import TaggerTraining

PLATEAU = 3
DECAY = {"exponential": 0.9, "plateau": 0.5}
RISE, START, END = 0.4, 10.0, 600.0  # share of the steps; largest / first; first / last
EVERY_STEP = ("one_cycle", "cosine")


def optimiser(parameters: Iterable[Tensor], settings: TaggerTraining) -> optim.Optimizer:
    """Return an optimiser that has taken no step.

    Parameters
    ----------
    parameters
        What is trained.
    settings
        Of the training; one kernel takes a whole step where PyTorch has it.
    """
    common = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return optim.SGD(parameters, momentum=settings.momentum, fused=True, **common)
    if settings.optimiser == "adadelta":
        return optim.Adadelta(parameters, **common)
    kind = {"adam": optim.Adam, "adamw": optim.AdamW}[settings.optimiser]
    return kind(parameters, fused=True, **common)


class Schedule:
    """The step size of an optimiser.

    Parameters
    ----------
    of
        The optimiser.
    settings
        Of the training.
    steps
        In an epoch.
    """

    def __init__(self, of: optim.Optimizer, settings: TaggerTraining, steps: int):
        self._of, self._every_step = of, settings.schedule in EVERY_STEP
        self._left = settings.epochs * steps
        name, total = settings.schedule, settings.epochs * steps
        decay = settings.decay or DECAY.get(name)
        self._plateau = name == "plateau"
        if name == "constant":
            self._torch = lr_scheduler.ConstantLR(of, factor=1.0)
        elif name == "one_cycle":
            self._torch = lr_scheduler.OneCycleLR(
                of,
                max_lr=settings.learning_rate,
                total_steps=max(total, 5),  # fewer leave one of the three parts without a step
                pct_start=RISE,
                anneal_strategy="linear",
                cycle_momentum=False,
                div_factor=START,
                final_div_factor=END,
                three_phase=True,
            )
        elif name == "cosine":
            self._torch = lr_scheduler.CosineAnnealingLR(of, T_max=total)
        elif name == "exponential":
            self._torch = lr_scheduler.ExponentialLR(of, gamma=decay)
        else:
            self._torch = lr_scheduler.ReduceLROnPlateau(
                of, factor=decay, patience=PLATEAU - 1, threshold=0
            )

    @property
    def rate(self) -> float:
        """The step size of the next step."""
        return float(self._of.param_groups[0]["lr"])

    def after_step(self) -> None:
        """Go on after a step of the optimiser; the last step has none after it."""
        self._left -= 1
        if self._every_step and self._left:
            self._torch.step()

    def after_epoch(self, validation_loss: float) -> None:
        """Go on after an epoch."""
        if self._plateau:
            self._torch.step(validation_loss)
        elif not self._every_step:
            self._torch.step()

    def state(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint."""
        return {"left": self._left, "torch": self._torch.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint; the optimiser is restored besides."""
        self._left = state["left"]
        self._torch.load_state_dict(state["torch"])
