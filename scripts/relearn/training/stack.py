"""Many networks of one depth as stacked tensors: forward, backward and Adam by hand.

Layout: features first, events last. Networks of one trial see the same batches, so a stack is
(trials, networks of a trial); its first layer is one matrix product for each trial, the others
one batched product. Narrower networks are padded: a padded node has no outgoing weight, and the
gradient of that weight is masked, so it stays without effect whatever its activation gives at 0.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from relearn.models import activations
from relearn.scans import Run

BETAS = (0.9, 0.999)


def key(run: Run) -> tuple:
    """Return what networks must share to be stacked: depth, activations, convention, outputs."""
    return (len(run.hidden), run.activation, run.convention, run.sizes[-1], run.dropout, run.start)


class Stack:
    """Networks of one `key`, arranged as (trials, networks of a trial).

    Parameters
    ----------
    runs
        A list for each trial, all of one length; None fills a place.
    initial
        Run name → initial layers (weight (out, in), bias (out,)).
    target_columns
        Run name → first column of its target in the table of all targets.
    learning_rate
        Adam's.
    frozen
        Number of first layers that are not trained.
    device
        Where the tensors live.
    """

    def __init__(
        self,
        runs: Sequence[Sequence[Run | None]],
        initial: dict[str, list[tuple[Tensor, Tensor]]],
        target_columns: dict[str, int],
        learning_rate: float,
        device: torch.device,
        frozen: int = 0,
    ):
        self.places = [run for trial in runs for run in trial]
        some = next(run for run in self.places if run)
        self.trials, self.width = len(runs), len(runs[0])
        present = [run for run in self.places if run]
        self.sizes = [max(nodes) for nodes in zip(*(run.sizes for run in present), strict=True)]
        self.learning_rate, self.epsilon = learning_rate, activations.ADAM_EPSILON[some.convention]
        self.dropout = some.dropout
        self.frozen = frozen
        self.functions = [activations.function(n, some.convention) for n in some.activation]
        self.backwards = [activations.backward(n, some.convention) for n in some.activation]
        shapes = []
        for a, b in zip(self.sizes, self.sizes[1:], strict=False):
            shapes += [(len(self.places), b, a), (len(self.places), b, 1)]
        lengths = [n * b * a for n, b, a in shapes]
        self.parameters = torch.zeros(sum(lengths), device=device)
        self.gradients, self.first, self.second = (
            torch.zeros_like(self.parameters) for _ in range(3)
        )
        self.steps = torch.zeros((), device=device)
        self.weights, self.biases = self._views(self.parameters, shapes, lengths)
        self.weight_gradients, self.bias_gradients = self._views(self.gradients, shapes, lengths)
        self.masks = [torch.zeros_like(weight) for weight in self.weights]
        for place, run in enumerate(self.places):
            for layer, (weight, bias) in enumerate(initial[run.name] if run else []):
                out, into = weight.shape
                self.weights[layer][place, :out, :into] = weight.to(device)
                self.biases[layer][place, :out, 0] = bias.to(device)
                self.masks[layer][place, :out, :into] = 1
        first = [target_columns[run.name] if run else 0 for run in self.places]
        columns = torch.tensor(first).view(-1, 1) + torch.arange(self.sizes[-1])
        self.columns = columns.view(self.trials, self.width * self.sizes[-1]).to(device)

    @staticmethod
    def _views(flat: Tensor, shapes: list, lengths: list) -> tuple[list[Tensor], list[Tensor]]:
        views = [v.view(s) for v, s in zip(flat.split(lengths), shapes, strict=True)]
        return views[0::2], views[1::2]

    def targets(self, table: Tensor) -> Tensor:
        """Pick each network's columns: (trials, events, all) → (networks, outputs, events)."""
        trials, events, _ = table.shape
        index = self.columns.unsqueeze(1).expand(trials, events, self.columns.shape[1])
        picked = table.gather(2, index).transpose(1, 2)
        return picked.reshape(len(self.places), self.sizes[-1], events)

    def forward(self, x: Tensor, drops: Sequence[Tensor] = ()) -> tuple[Tensor, list, list]:
        """Return outputs (networks, outputs, events), and what `step` needs to go back.

        Parameters
        ----------
        x
            Standardised inputs (trials, events, features).
        drops
            For each hidden layer what its values are multiplied by; none without dropout.
        """
        before, after = [], []
        first = self.weights[0].view(self.trials, -1, self.sizes[0])
        z = torch.baddbmm(self.biases[0].view(self.trials, -1, 1), first, x.transpose(1, 2))
        z = z.view(len(self.places), self.sizes[1], -1)
        for layer, function in enumerate(self.functions):
            a = function(z)
            before.append((z, a))
            after.append(a * drops[layer] if drops else a)
            z = torch.baddbmm(self.biases[layer + 1], self.weights[layer + 1], after[-1])
        return z, before, after

    def step(self, x: Tensor, y: Tensor, drops: Sequence[Tensor] = ()) -> Tensor:
        """Take one step of Adam on each network's mean squared error.

        Parameters
        ----------
        x
            Standardised inputs (trials, events, features).
        y
            Standardised targets (networks, outputs, events).
        drops
            As in `forward`.

        Returns
        -------
        Tensor
            Each network's loss on this batch (networks,).
        """
        out, before, after = self.forward(x, drops)
        difference = out - y
        loss = difference.square().mean(dim=(1, 2))
        delta = difference.mul_(2 / (difference.shape[1] * difference.shape[2]))
        for layer in range(len(self.functions), 0, -1):
            torch.bmm(delta, after[layer - 1].transpose(1, 2), out=self.weight_gradients[layer])
            torch.sum(delta, dim=2, keepdim=True, out=self.bias_gradients[layer])
            delta = torch.bmm(self.weights[layer].transpose(1, 2), delta)
            if drops:
                delta = delta * drops[layer - 1]
            delta = self.backwards[layer - 1](delta, *before[layer - 1])
        flat = delta.reshape(self.trials, -1, delta.shape[2])
        torch.bmm(flat, x, out=self.weight_gradients[0].view(self.trials, -1, self.sizes[0]))
        torch.sum(delta, dim=2, keepdim=True, out=self.bias_gradients[0])
        for gradient, mask in zip(self.weight_gradients, self.masks, strict=True):
            gradient.mul_(mask)
        for layer in range(self.frozen):
            self.weight_gradients[layer].zero_()
            self.bias_gradients[layer].zero_()
        self.adam()
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
            Standardised inputs (events, features).
        table
            All standardised targets (events, columns).
        """
        total = torch.zeros(len(self.places), device=x.device)
        for block, wanted in zip(x.split(4000), table.split(4000), strict=True):
            shared = block.expand(self.trials, *block.shape)
            out, _, _ = self.forward(shared)
            difference = out - self.targets(wanted.expand(self.trials, *wanted.shape))
            total += difference.square_().mean(dim=1).sum(dim=1)
        return total / len(x)

    def draw_drops(self, events: int, generator: torch.Generator) -> list[Tensor]:
        """Return dropout's multipliers for each hidden layer: 0, or 1/(1 − rate)."""
        if not self.dropout:
            return []
        drops = []
        for nodes in self.sizes[1:-1]:
            shape = (len(self.places), nodes, events)
            kept = torch.rand(shape, generator=generator) >= self.dropout
            drops.append((kept / (1 - self.dropout)).to(self.parameters.device))
        return drops

    def layers(self, place: int) -> list[tuple[Tensor, Tensor]]:
        """Return the layers of the network at `place`, without padding, on the CPU."""
        run = self.places[place]
        found = []
        for layer, (into, out) in enumerate(zip(run.sizes, run.sizes[1:], strict=False)):
            weight = self.weights[layer][place, :out, :into]
            found.append((weight.cpu().clone(), self.biases[layer][place, :out, 0].cpu().clone()))
        return found

    def clear(self, place: int) -> None:
        """Set a network and its optimiser to zero: NaN would slow the others' arithmetic."""
        for flat in (self.parameters, self.first, self.second):
            offset = 0
            for weight, bias in zip(self.weights, self.biases, strict=True):
                for tensor in (weight, bias):
                    size = tensor[0].numel()
                    flat[offset + place * size : offset + (place + 1) * size] = 0
                    offset += tensor.numel()
