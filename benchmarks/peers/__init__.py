"""Peers of the ensemble engine: other ways to train the same networks, one file each.

A peer is a function from a `Task` to one that trains every network that it holds for one epoch
and returns how many network steps that took. All get the same events, sizes, batch size,
learning rate and loss.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from relearn.errors import UserError

# Name of a peer in the table → its module, function, and the package that it needs.
PEERS = {
    "PyTorch loop": ("torch_loop", "plain", "torch"),
    "PyTorch loop, fused Adam": ("torch_loop", "fused", "torch"),
    "JAX vmap": ("jax_vmap", "stacked", "jax"),
    "Keras on JAX": ("keras_fit", "fit", "keras"),
    "scikit-learn": ("scikit_mlp", "partial_fit", "sklearn"),
}
Epoch = Callable[[], int]


@dataclass(frozen=True)
class Task:
    """Networks to train.

    Attributes
    ----------
    hidden
        Nodes of the hidden layers, of each network of a trial.
    trials
        How often each, from other initial weights and on other batches.
    inputs, steps, batch_size
        Features, steps of an epoch, events in a step.
    dropout
        Its rate after each hidden layer.
    """

    hidden: tuple[tuple[int, ...], ...]
    trials: int = 5
    inputs: int = 8
    steps: int = 20
    batch_size: int = 1000
    dropout: float = 0.0
    learning_rate: float = 1e-3
    slope: float = 0.3  # of LeakyReLU, as in Keras
    epsilon: float = 1e-7  # of Adam, as in Keras

    @property
    def events(self) -> int:
        """Training events."""
        return self.steps * self.batch_size

    @property
    def networks(self) -> int:
        """How many there are."""
        return self.trials * len(self.hidden)

    @property
    def flops(self) -> float:
        """Floating-point operations of a network's step, averaged: matrix products alone.

        Forward 2 for each weight and event, backward 2 for the weights' gradient and 2 for
        that of the layer's inputs, which the first layer does without.
        """
        total = 0
        for hidden in self.hidden:
            sizes = (self.inputs, *hidden, 1)
            weights = [a * b for a, b in zip(sizes, sizes[1:], strict=False)]
            total += self.batch_size * (4 * weights[0] + 6 * sum(weights[1:]))
        return total / len(self.hidden)


def load(name: str) -> Callable[[Task], Epoch]:
    """Return a peer.

    Raises
    ------
    UserError
        If its package is not installed: says how to get it.
    """
    module, function, package = PEERS[name]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise UserError(
            f"the peer {name} needs {error.name}, which is not installed here: `make bench` makes "
            "an environment with all peers, .venv-bench, and runs in it"
        ) from None
    return getattr(importlib.import_module(f"peers.{module}"), function)
