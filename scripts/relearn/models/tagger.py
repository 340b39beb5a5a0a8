"""What every network on jets offers to the trainer."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from relearn.errors import UserError
from relearn.models.jetbatch import Jets


class Tagger(nn.Module, ABC):
    """A network on jets: `prepare` once, then `forward` in every step.

    What needs neither weights nor gradients (relative coordinates, images, trees, orderings)
    belongs into `prepare`, so that it costs nothing in the steps.
    """

    needs: tuple[str, ...] = ()  # extra columns and observables without which it cannot work
    compilable: bool = True  # whether tensors have the same shapes in every batch of one size

    @abstractmethod
    def prepare(self, jets: Jets) -> tuple[Tensor, ...]:
        """Return what `forward` takes, the jet in the first dimension of each tensor.

        Parameters
        ----------
        jets
            Any number of jets, on any device; what is returned stays there.
        """

    def fit_scaling(self, *prepared: Tensor) -> None:  # noqa: B027 (most have none)
        """Set the buffers that standardise inputs, from the training jets; by default none."""

    @abstractmethod
    def forward(self, *prepared: Tensor) -> Tensor:
        """Return the outputs (B, outputs): logits of a classifier, or values of a regression."""


def options_of(
    family: str, sizes: Mapping[str, Mapping[str, Any]], size: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a size's options, with those given in place of its own.

    Raises
    ------
    UserError
        If there is no such size.
    """
    if size not in sizes:
        raise UserError(f"{family} has no size {size!r}; there are {', '.join(sizes)}")
    return {**sizes[size], **given}


def check_choices(family: str, **choices: tuple[Any, Collection[str]]) -> None:
    """Stop at an option, given with its value and those there are, that has none of them.

    Raises
    ------
    UserError
        Naming it, and what there is.
    """
    for name, (value, known) in choices.items():
        if value not in known:
            raise UserError(f"{family}: {name}: {value!r} is none of {', '.join(known)}")


def check_options(family: str, given: Mapping[str, Any], allowed: Sequence[str]) -> None:
    """Stop at an option that a family does not have.

    Raises
    ------
    UserError
        Naming it, and what there is.
    """
    if unknown := [name for name in given if name not in allowed]:
        raise UserError(
            f"{family}: no option {', '.join(unknown)}; there are {', '.join(sorted(allowed))}"
        )
