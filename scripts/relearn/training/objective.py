"""What taggers minimise: cross entropy or squared errors, with the generator's weights."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from relearn.errors import UserError
from relearn.training.sources import Source
from relearn.training.tagger_settings import TaggerTraining

CLASSES = 2


@dataclass(frozen=True)
class Goal:
    """What is learnt: the label for None, else an observable, as (value − mean) / std."""

    target: str | None = None
    mean: float = 0.0
    std: float = 1.0

    @classmethod
    def of(cls, source: Source, target: str | None) -> "Goal":
        """Return the goal of a training on some jets.

        Raises
        ------
        UserError
            If the target was not read, or is the same for all jets.
        """
        if target is None:
            return cls()
        values = source.observable(target).double()
        std = float(values.std(correction=0))
        if not std > 0:
            raise UserError(
                f"the target {target} is {float(values[0]):g} for all training jets: there is "
                "nothing to learn. Change `target` of the scan"
            )
        return cls(target, float(values.mean()), std)

    @property
    def outputs(self) -> int:
        """Outputs that a network must have."""
        return CLASSES if self.target is None else 1

    def answers(self, outputs: Tensor) -> Tensor:
        """Return (B,) what a network says: log-odds of the signal, or a value in its own unit.

        Parameters
        ----------
        outputs
            (B, outputs).

        Raises
        ------
        UserError
            If there are too few or too many.
        """
        if outputs.ndim != 2 or outputs.shape[1] != self.outputs:
            what = self.target or "the label"
            raise UserError(
                f"a tagger that learns {what} has {self.outputs} outputs, not shape "
                f"{tuple(outputs.shape[1:])}: set its option `outputs`"
            )
        if self.target is None:
            return outputs[:, 1] - outputs[:, 0]
        return outputs[:, 0] * self.std + self.mean


def weights(label: Tensor, weight: Tensor, balance: bool) -> Tensor:
    """Return weights (n,) float32 of mean 1.

    Parameters
    ----------
    label, weight
        (n,): 1 signal, 0 background; the generator's weights.
    balance
        Whether both classes get the same sum.

    Raises
    ------
    UserError
        If the weights of a class, or of all jets, do not add up to more than 0.
    """
    weight = weight.double()
    groups = [label == 1, label != 1] if balance else [torch.ones_like(label, dtype=torch.bool)]
    found = torch.zeros_like(weight)
    for group in groups:
        total = float(weight[group].sum())
        if not total > 0:
            raise UserError(
                f"the weights of {int(group.sum())} jets add up to {total:g}: the dataset needs "
                "jets of both classes with positive weights"
            )
        found[group] = weight[group] * (len(weight) / len(groups) / total)
    return found.float()


class Objective:
    """The loss of some jets.

    Parameters
    ----------
    source
        The jets.
    goal
        What is learnt.
    settings
        Of the training.
    device
        Where to.

    Attributes
    ----------
    weight
        (n,), of mean 1.
    """

    def __init__(self, source: Source, goal: Goal, settings: TaggerTraining, device: torch.device):
        self._squares = settings.loss == "mse"
        self._goal = goal
        balance = settings.class_weights and goal.target is None
        self.weight = weights(source.label, source.weight, balance).to(device)
        if goal.target is None:
            self._wanted = source.label.to(device)
        else:
            values = source.observable(goal.target).double()
            self._wanted = ((values - goal.mean) / goal.std).float().to(device)

    def losses(self, outputs: Tensor, rows: Tensor | slice) -> Tensor:
        """Return the loss of each jet (B,), times its weight.

        Parameters
        ----------
        outputs
            (B, outputs): logits, or standardised values.
        rows
            Which jets they are of.
        """
        wanted = self._wanted[rows]
        if self._goal.target is not None:
            losses = (outputs[:, 0] - wanted).square()
        elif self._squares:  # of both probabilities, which have the same
            losses = (outputs.softmax(dim=1)[:, 1] - wanted).square()
        else:
            losses = functional.cross_entropy(outputs, wanted.long(), reduction="none")
        return losses * self.weight[rows]
