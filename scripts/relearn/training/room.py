"""Memory for what a stack computes, and the activations that work in it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from relearn.models import activations


class Room:
    """What a stack computes on a number of events.

    Parameters
    ----------
    trials
        Of the stack.
    sizes
        Nodes of every layer of the stack.
    names
        Of each network of a trial: the activations of its hidden layers. Neighbours that are
        alike are computed together.
    convention
        ``keras`` or ``pytorch``.
    dropout
        Whether there is any.
    events
        How many.
    device
        Where the memory is.

    Attributes
    ----------
    arguments, values, deltas
        Of each layer (networks, nodes, events): before and after the activation, and the
        loss's gradient before it (hidden layers alone). Values share memory with arguments
        where all activations of a layer allow it.
    drops, dropped
        Of each hidden layer, where there is dropout: multipliers, and multiplied values.
    """

    def __init__(
        self,
        trials: int,
        sizes: Sequence[int],
        names: Sequence[Sequence[str]],
        convention: str,
        dropout: bool,
        events: int,
        device: torch.device,
    ):
        def room(nodes: int) -> Tensor:
            return torch.ones(trials * len(names), nodes, events, device=device)

        def part(tensor: Tensor, where: slice) -> Tensor:
            whole = where == slice(0, len(names))
            return tensor if whole else tensor.unflatten(0, (trials, len(names)))[:, where]

        hidden = sizes[1:-1]
        self.events = events
        self.arguments = [room(nodes) for nodes in sizes[1:]]
        self.values: list[Tensor] = []
        # The arguments of the next layer are over when a layer's deltas begin.
        self.deltas = [
            self.arguments[layer + 1] if layer + 1 < len(hidden) and after == nodes else room(nodes)
            for layer, (nodes, after) in enumerate(zip(hidden, sizes[2:], strict=True))
        ]
        self.drops = [room(nodes) for nodes in hidden if dropout]
        self.dropped = [room(nodes) for nodes in hidden if dropout]
        self._parts = []
        for layer, nodes in enumerate(hidden):
            of_layer = [network[layer] for network in names]
            shared = not set(activations.NEEDS_ARGUMENT) & set(of_layer)
            self.values.append(self.arguments[layer] if shared else room(nodes))
            parts = []
            for name, where in _alike(of_layer):
                z = part(self.arguments[layer], where)
                a = z if shared else part(self.values[layer], where)
                functions = (
                    f(name, convention)
                    for f in (activations.forward_into, activations.backward_into)
                )
                parts.append((*functions, z, a, part(self.deltas[layer], where)))
            self._parts.append(parts)

    def forward(self, layer: int) -> Tensor:
        """Write the values of a hidden layer from its arguments; return them."""
        for function, _, argument, value, _ in self._parts[layer]:
            function(argument, value)
        return self.values[layer]

    def backward(self, layer: int) -> Tensor:
        """Take the deltas of a hidden layer from after to before its activation; return them."""
        for _, function, argument, value, delta in self._parts[layer]:
            function(delta, argument, value)
        return self.deltas[layer]


def _alike(names: Sequence[str]) -> Iterator[tuple[str, slice]]:
    """Return runs of equal neighbours: name, where."""
    first = 0
    for name, same in groupby(names):
        last = first + len(list(same))
        yield name, slice(first, last)
        first = last
