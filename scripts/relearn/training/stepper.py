"""The steps of a stack on batches of events: eager, compiled, or as a CUDA graph."""

from collections.abc import Callable

import torch
from torch import Tensor

from relearn.training.compiler import need_compiler
from relearn.training.stack import Stack
from relearn.training.tables import Tables

# Batches that are looked up at once, column by column: events of one batch, between two steps,
# take five times as long, as a step leaves little of the table in the cache.
BLOCK = 16
WARM_UP = 3  # steps before a CUDA graph is captured, as PyTorch's documentation asks


class Stepper:
    """Takes the steps of a stack and adds up the losses.

    Parameters
    ----------
    stack
        The networks.
    tables
        The events.
    compile
        ``on``: with `torch.compile`. ``auto``: without; on a CPU the stack's own kernels are
        faster (1.2 against 2.0 ms for sixty networks of 10 nodes, 5.5 against 6.3 for five of
        100-100), and on CUDA a graph takes away the cost of their calls. ``off``: neither.

    Attributes
    ----------
    total : Tensor
        Sum of the losses of the steps taken (networks,).

    Raises
    ------
    UserError
        If `compile` is ``on`` and code cannot be compiled here.
    """

    def __init__(self, stack: Stack, tables: Tables, compile: str = "auto"):
        self.stack = stack
        self.total = torch.zeros(len(stack.places), device=stack.parameters.device)
        self._inputs = tables.inputs.shape[1]
        self._columns = torch.cat([tables.inputs, tables.targets], dim=1).T.contiguous()
        events = BLOCK * stack.trials * stack.room.events
        self._found = self._columns.new_empty(len(self._columns), events)
        self._backward = stack.backward
        if compile == "on":
            need_compiler(self.total.device)
            self._backward = torch.compile(stack.backward, dynamic=False)
        # Dropout's numbers come from the CPU at each step, which a graph cannot hold.
        graph = self.total.device.type == "cuda" and compile == "auto" and not stack.dropout
        self._take: Callable[[Tensor], None] = self._graph() if graph else self._eager

    def __call__(self, order: Tensor, before: Callable[[], None] | None = None) -> None:
        """Take a step on each batch of `order`.

        Parameters
        ----------
        order
            Numbers of each trial's events (trials, events); what is left of the last batch is
            not seen.
        before
            Called before each step.
        """
        size = self.stack.room.events
        whole = order[:, : order.shape[1] // size * size]
        for block in whole.split(BLOCK * size, dim=1):
            index = block.unflatten(1, (-1, size)).transpose(0, 1)
            flat = index.reshape(-1)
            found = self._found[:, : len(flat)]
            for column, out in zip(self._columns, found, strict=True):
                torch.index_select(column, 0, flat, out=out)
            batches = found.unflatten(1, index.shape).permute(1, 2, 0, 3)
            for batch in batches:
                if before:
                    before()
                self._take(batch)

    def _eager(self, batch: Tensor) -> None:
        """Take a step on (trials, inputs and targets, events)."""
        x, y = batch[:, : self._inputs], batch[:, self._inputs :]
        loss = self._backward(x, self.stack.targets(y.transpose(1, 2)))
        self.stack.adam()
        self.total += loss

    def _graph(self) -> Callable[[Tensor], None]:
        stack = self.stack
        shape = (stack.trials, len(self._columns), stack.room.events)
        static = self._columns.new_zeros(shape)
        state = (stack.parameters, stack.first, stack.second, stack.steps, self.total)
        kept = [tensor.clone() for tensor in state]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._eager(static)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._eager(static)
        for tensor, before in zip(state, kept, strict=True):
            tensor.copy_(before)

        def take(batch: Tensor) -> None:
            static.copy_(batch)
            graph.replay()

        return take
