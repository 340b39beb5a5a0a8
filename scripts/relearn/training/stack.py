"""Many networks of one depth as stacked tensors: forward, backward and Adam by hand.

Layout: nodes first, events last. Networks of one trial see the same batches, so a stack is
(trials, networks of a trial); its first layer is one matrix product for each trial, the others
one batched product. The first layer is kept transposed, (trials, features + 1, networks × out),
its biases meet a constant feature 1: so its gradient has few rows and many columns, which is
four times faster than few columns. Every product and activation writes into memory that the
stack owns: at 500 nodes the kernel's page faults cost as much as the arithmetic, and CUDA
graphs need it.

Narrower networks are padded: a padded node has no outgoing weight, and the gradient of that
weight is masked, so it stays without effect whatever its activation gives at 0.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from relearn.models import activations
from relearn.scans import Run
from relearn.training.room import Room

BETAS = (0.9, 0.999)
Layers = list[tuple[Tensor, Tensor]]  # weight (out, in), bias (out,)


class Stack:
    """Networks alike in depth, arranged as (trials, networks of a trial).

    Parameters
    ----------
    runs
        A list for each trial, all of one length; None fills a place. Networks at the same
        place of the lists have the same activations.
    initial
        Run name → initial layers.
    target_columns
        Target → its first column in the table of all targets.
    batch_size
        Events in a step.
    learning_rate
        Adam's.
    device
        Where the tensors live.
    frozen
        Number of first layers that are not trained.
    """

    def __init__(
        self,
        runs: Sequence[Sequence[Run | None]],
        initial: dict[str, Layers],
        target_columns: dict[str, int],
        batch_size: int,
        learning_rate: float,
        device: torch.device,
        frozen: int = 0,
    ):
        self.places = [run for trial in runs for run in trial]
        present = [run for run in self.places if run]
        some = present[0]
        self.trials, self.width, self.frozen = len(runs), len(runs[0]), frozen
        self.sizes = [max(nodes) for nodes in zip(*(run.sizes for run in present), strict=True)]
        self.dropout, self.hidden = some.dropout, len(some.hidden)
        self.learning_rate, self.epsilon = learning_rate, activations.ADAM_EPSILON[some.convention]

        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        count = len(self.places) * sum((a + 1) * b for a, b in pairs)
        self.parameters, self.gradients, self.first, self.second, mask = (
            torch.zeros(count, device=device) for _ in range(5)
        )
        # float32 whatever the rest is: Adam's fused kernel reads it as such.
        self.steps = torch.zeros((), dtype=torch.float32, device=device)
        layers, masks = self.by_network(self.parameters), self.by_network(mask)
        for place, run in enumerate(self.places):
            at = divmod(place, self.width)
            for layer, (weight, bias) in enumerate(initial[run.name] if run else []):
                out, into = weight.shape
                for (weights, biases), w, b in (
                    (layers[layer], weight, bias),
                    (masks[layer], 1, 1),
                ):
                    weights[at][:out, :into] = w
                    biases[at][:out] = b
        padded = any(run is None or list(run.sizes) != self.sizes for run in self.places)
        self.mask = mask if padded else None
        self.first_layer, self.layers = self._matrices(self.parameters)
        self.first_gradient, self.layer_gradients = self._matrices(self.gradients)

        # an empty place learns, without effect, what the others learn
        first = [target_columns[(run or some).target] for run in self.places]
        columns = torch.tensor(first).view(self.trials, -1, 1) + torch.arange(self.sizes[-1])
        self.columns = columns.flatten(1).to(device)
        self.same_target = first[0] if len(set(first)) == 1 else None
        names = [_activations(place) or some.activation for place in zip(*runs, strict=True)]
        self._room = partial(
            Room, self.trials, self.sizes, names, some.convention, bool(some.dropout), device=device
        )
        self.room = self._room(batch_size)
        self.rest = self.room  # for the last events of an evaluation, fewer than a batch

    def targets(self, table: Tensor) -> Tensor:
        """Pick each network's columns: (trials, events, all) → (trials, networks, out, events).

        Where all learn the same, the second axis has length 1.
        """
        trials, events, _ = table.shape
        k = self.sizes[-1]
        if self.same_target is not None:
            picked = table[:, :, self.same_target : self.same_target + k]
            return picked.transpose(1, 2).unsqueeze(1)
        index = self.columns.unsqueeze(1).expand(trials, events, self.width * k)
        picked = table.gather(2, index).transpose(1, 2)
        return picked.unflatten(1, (self.width, k))

    def forward(self, x: Tensor, room: Room, drop: bool = False) -> Tensor:
        """Return the outputs (networks, out, events): the room's memory, until the next call.

        Parameters
        ----------
        x
            Standardised inputs and a constant 1, (trials, features + 1, events).
        room
            Memory for that many events.
        drop
            Whether to use the room's multipliers of dropout.
        """
        flat = room.arguments[0].view(self.trials, -1, room.events)
        torch.bmm(self.first_layer.transpose(1, 2), x, out=flat)
        for layer in range(self.hidden):
            after = room.forward(layer)
            if drop:
                after = torch.mul(after, room.drops[layer], out=room.dropped[layer])
            weight, bias = self.layers[layer]
            torch.baddbmm(bias, weight, after, out=room.arguments[layer + 1])
        return room.arguments[-1]

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """Take one step of Adam; parameters and result as those of `backward`."""
        loss = self.backward(x, y)
        self.adam()
        return loss

    def backward(self, x: Tensor, y: Tensor) -> Tensor:
        """Write the gradients of each network's mean squared error into `gradients`.

        Parameters
        ----------
        x
            As in `forward`, one whole batch.
        y
            Standardised targets, from `targets`.

        Returns
        -------
        Tensor
            Each network's loss on this batch (networks,).
        """
        room, drop = self.room, bool(self.dropout)
        delta = self.forward(x, room, drop)
        delta.view(self.trials, self.width, *delta.shape[1:]).sub_(y)
        loss = delta.square().mean(dim=(1, 2))
        delta.mul_(2 / (delta.shape[1] * delta.shape[2]))
        after = room.dropped if drop else room.values
        for layer in range(self.hidden - 1, -1, -1):
            (weight, _), (to_weight, to_bias) = self.layers[layer], self.layer_gradients[layer]
            torch.bmm(delta, after[layer].transpose(1, 2), out=to_weight)
            torch.sum(delta, dim=2, keepdim=True, out=to_bias)
            # From one output it is an outer product: three times faster without a sum.
            product = torch.mul if weight.shape[1] == 1 else torch.bmm
            product(weight.transpose(1, 2), delta, out=room.deltas[layer])
            if drop:
                room.deltas[layer].mul_(room.drops[layer])
            delta = room.backward(layer)
        flat = delta.view(self.trials, -1, room.events)
        torch.bmm(x, flat.transpose(1, 2), out=self.first_gradient)
        if self.mask is not None:
            self.gradients.mul_(self.mask)
        if self.frozen:
            self.first_gradient.zero_()
            for pair in self.layer_gradients[: self.frozen - 1]:
                for gradient in pair:
                    gradient.zero_()
        return loss

    def adam(self) -> None:
        """Move the parameters as ``torch.optim.Adam`` does, by PyTorch's own fused kernel."""
        self.steps += 1
        torch._fused_adam_(
            [self.parameters],
            [self.gradients],
            [self.first],
            [self.second],
            [],
            [self.steps],
            lr=self.learning_rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=0.0,
            eps=self.epsilon,
            amsgrad=False,
            maximize=False,
        )

    def evaluate(self, x: Tensor, table: Tensor) -> Tensor:
        """Return each network's mean squared error (networks,) on events that all trials share.

        Parameters
        ----------
        x
            Standardised inputs and a constant 1, (features + 1, events).
        table
            All standardised targets (events, columns).
        """
        total = torch.zeros(len(self.places), device=x.device)
        size = self.room.events
        for block, wanted in zip(x.split(size, dim=1), table.split(size), strict=True):
            room = self.room
            if len(wanted) != size:
                if self.rest.events != len(wanted):
                    self.rest = self._room(len(wanted))
                room = self.rest
            out = self.forward(block.expand(self.trials, *block.shape), room)
            y = self.targets(wanted.expand(self.trials, *wanted.shape))
            difference = out.view(self.trials, self.width, *out.shape[1:]).sub_(y)
            total += difference.square_().sum(dim=(2, 3)).flatten()
        return total / (len(table) * self.sizes[-1])

    def draw_drops(self, generators: Sequence[torch.Generator | None]) -> None:
        """Draw dropout's multipliers, 0 or 1/(1 − rate), each network from its own generator."""
        keep = 1 - self.dropout
        for layer, drops in enumerate(self.room.drops):
            numbers = drops.cpu()  # itself, unless there is a device: the generators are the CPU's
            for place, run in enumerate(self.places):
                if run:
                    # A padded node takes no number, so that padding changes nothing.
                    numbers[place, : run.hidden[layer]].uniform_(generator=generators[place])
            drops.copy_(numbers.lt_(keep).div_(keep))

    def network(self, place: int, flat: Tensor) -> Layers:
        """Return the layers of the network at `place`, without padding, on the CPU.

        Parameters
        ----------
        place
            Index into `places`.
        flat
            All parameters: `parameters`, or a copy of an earlier time.
        """
        at, sizes = divmod(place, self.width), self.places[place].sizes
        return [
            (weights[at][:out, :into].cpu().clone(), biases[at][:out].cpu().clone())
            for (weights, biases), into, out in zip(
                self.by_network(flat), sizes, sizes[1:], strict=False
            )
        ]

    def clear(self, place: int) -> None:
        """Set a network and its optimiser to zero: NaN would slow the others' arithmetic."""
        for flat in (self.parameters, self.first, self.second):
            for pair in self.by_network(flat):
                for layer in pair:
                    layer[divmod(place, self.width)] = 0

    def by_network(self, flat: Tensor) -> Layers:
        """View all parameters as layers: (trials, networks, out, in), (trials, networks, out)."""
        first, others = self._matrices(flat)
        first = first.unflatten(2, (self.width, -1)).permute(0, 2, 3, 1)
        shape = (self.trials, self.width)
        return [
            (first[..., :-1], first[..., -1]),
            *((w.unflatten(0, shape), b.squeeze(2).unflatten(0, shape)) for w, b in others),
        ]

    def _matrices(self, flat: Tensor) -> tuple[Tensor, Layers]:
        """View all parameters as what is multiplied: see the top of this file."""
        nets, (inputs, out, *_) = len(self.places), self.sizes
        pairs = list(zip(self.sizes[1:], self.sizes[2:], strict=False))
        lengths = [nets * (inputs + 1) * out]
        for a, b in pairs:
            lengths += [nets * a * b, nets * b]
        first, *parts = flat.split(lengths)
        return first.view(self.trials, inputs + 1, self.width * out), [
            (weight.view(nets, b, a), bias.view(nets, b, 1))
            for weight, bias, (a, b) in zip(parts[0::2], parts[1::2], pairs, strict=True)
        ]


def _activations(place: Sequence[Run | None]) -> tuple[str, ...] | None:
    found = {run.activation for run in place if run}
    if len(found) > 1:
        raise ValueError(f"networks at one place of the trials differ in activation: {found}")
    return next(iter(found), None)
