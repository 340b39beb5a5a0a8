"""Trains one stack: epochs, best-epoch snapshots, divergence, early stop, resuming."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.seeds import derive
from relearn.training.stack import Stack
from relearn.training.stepper import Stepper
from relearn.training.tables import Tables

OK, STOPPED, DIVERGED = range(3)
STATUS = ("ok", "stopped", "diverged")
EVERY_EPOCH_UNTIL = 100  # of the history; later about every hundredth of the epochs so far


class Fit:
    """The training of a stack, epoch by epoch, with all that a checkpoint needs.

    Parameters
    ----------
    stack
        The networks.
    tables
        The events.
    training
        The scan's settings (`relearn.config.Training`).
    root_seed
        The ``seed`` of the config: networks of one trial and dataset see the same batches,
        whatever the job that they are in.

    Attributes
    ----------
    epoch : int
        Epochs done.
    best : Tensor
        All parameters, of each network's best epoch.
    history : list of (epoch, losses of the training (networks,), of the validation)
        The validation's are NaN in an epoch without a look at it.
    """

    def __init__(self, stack: Stack, tables: Tables, training: Mapping[str, Any], root_seed: int):
        self.stack, self.tables, self.training = stack, tables, training
        device = stack.parameters.device
        nets = len(stack.places)
        self.batch = training["batch_size"]
        self.steps = len(tables.inputs) // self.batch
        if not self.steps:
            raise UserError(
                f"batch_size {self.batch} is more than the {len(tables.inputs)} training events: "
                "ask for more events, or change training.batch_size"
            )
        self.epoch, self.seconds = 0, 0.0
        self.status = torch.tensor([OK if run else STOPPED for run in stack.places])
        self.epochs = torch.zeros(nets, dtype=torch.long)
        self.best_epoch = torch.zeros(nets, dtype=torch.long)
        self.best_loss = torch.full((nets,), torch.inf)
        self.best = stack.parameters.clone()
        self.history: list[tuple[int, Tensor, Tensor]] = []
        self._stepper = Stepper(stack, tables, training["compile"])
        self._batches = [self._order(trial, root_seed, device) for trial in range(stack.trials)]
        self._drops = [
            torch.Generator().manual_seed(derive("dropout", run.name, root=root_seed))
            if run
            else None
            for run in stack.places
        ]

    def _order(self, row: int, root_seed: int, device: torch.device) -> torch.Generator:
        first = self.stack.places[row * self.stack.width :]
        run = next(run for run in first if run)
        seed = derive("batches", run.dataset, run.trial, root=root_seed)
        return torch.Generator(device=device).manual_seed(seed)

    @property
    def done(self) -> bool:
        """Whether all epochs are done, or no network goes on."""
        return self.epoch >= self.training["epochs"] or not self.active.any()

    @property
    def active(self) -> Tensor:
        """Which networks go on (networks,)."""
        return self.status == OK

    def run_epoch(self) -> None:
        """Go once through the training events; what is left of the last batch is not seen."""
        begin = time.perf_counter()
        self.epoch += 1
        events, device = len(self.tables.inputs), self.best.device
        order = torch.stack(
            [torch.randperm(events, generator=g, device=device) for g in self._batches]
        )
        self._stepper.total.zero_()
        draw = partial(self.stack.draw_drops, self._drops) if self.stack.dropout else None
        self._stepper(order, draw)
        train = (self._stepper.total / self.steps).cpu()
        last = self.epoch == self.training["epochs"]
        look = last or self.epoch % self.training["validate_every"] == 0
        self._judge(train, self._validation_loss() if look else None)
        self.seconds += time.perf_counter() - begin

    def _validation_loss(self) -> Tensor:
        tables = self.tables
        return self.stack.evaluate(tables.validation_inputs, tables.validation_targets).cpu()

    def _judge(self, train: Tensor, looked: Tensor | None) -> None:
        """Take note of the losses (networks,); `looked` is None where nobody looked."""
        active, broken = self.active, ~train.isfinite()
        validation = torch.full_like(train, torch.nan) if looked is None else looked
        if looked is not None:
            broken |= ~looked.isfinite()
        self.epochs[active] = self.epoch
        self.status[active & broken] = DIVERGED
        for place in broken.nonzero().flatten().tolist():
            self.stack.clear(place)
        better = active & ~broken & (validation < self.best_loss)
        self.best_loss[better] = validation[better]
        self.best_epoch[better] = self.epoch
        self._keep(better)
        if self.training["patience"] and looked is not None:
            waited = self.epoch - self.best_epoch
            self.status[self.active & (waited >= self.training["patience"])] = STOPPED
        shown = active.float().where(active, torch.nan)
        self.history.append((self.epoch, train * shown, validation * shown))

    def _keep(self, better: Tensor) -> None:
        if better.all():
            self.best.copy_(self.stack.parameters)
        elif better.any():
            where = better.view(self.stack.trials, self.stack.width).to(self.best.device)
            now, best = (self.stack.by_network(x) for x in (self.stack.parameters, self.best))
            for to, new in zip(best, now, strict=True):
                for target, source in zip(to, new, strict=True):
                    target[where] = source[where]

    def loss(self) -> float:
        """Return the median loss of the last epoch over the networks that go on."""
        return float(self.history[-1][1].nanmedian()) if self.history else float("nan")

    def state(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint, after one epoch or more."""
        return {
            "tensors": self._tensors(),
            "epoch": self.epoch,
            "seconds": self.seconds,
            # in one piece: ten thousand small tensors take half a second to write
            "history": torch.stack([torch.stack(losses) for _, *losses in self.history]),
            "history_epochs": [epoch for epoch, *_ in self.history],
            "batches": [generator.get_state() for generator in self._batches],
            "drops": [g.get_state() if g else None for g in self._drops],
        }

    def _tensors(self) -> list[Tensor]:
        stack = self.stack
        ours = [self.best, self.status, self.epochs, self.best_epoch, self.best_loss]
        return [stack.parameters, stack.first, stack.second, stack.steps, *ours]

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint of the same training."""
        for tensor, saved in zip(self._tensors(), state["tensors"], strict=True):
            tensor.copy_(saved)
        self.epoch, self.seconds = state["epoch"], state["seconds"]
        losses = zip(state["history_epochs"], state["history"], strict=True)
        self.history = [(epoch, *pair.unbind()) for epoch, pair in losses]
        for generator, saved in zip(self._batches, state["batches"], strict=True):
            generator.set_state(saved)
        for generator, saved in zip(self._drops, state["drops"], strict=True):
            if generator:
                generator.set_state(saved)


@dataclass(frozen=True)
class Trained:
    """One network after its training: a row of ``runs.csv``, its curve and its layers."""

    row: dict[str, Any]
    curve: list[tuple[int, float, float]]
    layers: list[tuple[Tensor, Tensor]]


def results(fit: Fit) -> dict[str, Trained]:
    """Return run name → what the training made of it: the weights of the best epoch."""
    present = sum(run is not None for run in fit.stack.places)
    found = {}
    for place, run in enumerate(fit.stack.places):
        if run is None:
            continue
        epochs = int(fit.epochs[place])
        curve = [
            (epoch, float(train[place]), float(validation[place]))
            for epoch, train, validation in fit.history
            if epoch <= epochs
        ]
        seen = [loss for _, _, loss in curve if loss == loss]
        row = {
            "status": STATUS[int(fit.status[place])],
            "epochs": epochs,
            "best_epoch": int(fit.best_epoch[place]),
            "best_validation_loss": float(fit.best_loss[place]),
            "final_validation_loss": seen[-1] if seen else float("nan"),
            "train_seconds": round(fit.seconds / present, 3),
        }
        layers = fit.stack.network(place, fit.best)
        found[run.name] = Trained(row, thinned(curve, epochs), layers)
    return found


def thinned(curve: list[tuple[int, float, float]], last: int) -> list[tuple[int, float, float]]:
    """Return every epoch up to a hundred, then every hundredth part more, and the last."""
    kept, next_epoch = [], 1
    for entry in curve:
        epoch = entry[0]
        if epoch >= next_epoch or epoch == last:
            kept.append(entry)
            step = 1 if epoch < EVERY_EPOCH_UNTIL else max(1, epoch // EVERY_EPOCH_UNTIL)
            next_epoch = epoch + step
    return kept


def train(
    fit: Fit, checkpoint: Callable[[Fit], None], advance: Callable[[int, float], None]
) -> None:
    """Take a training to its end.

    Parameters
    ----------
    fit
        New, or restored.
    checkpoint
        Called after each epoch; decides whether to write.
    advance
        Called after each epoch with the network steps taken and the loss, for a progress bar.
    """
    while not fit.done:
        active = int(fit.active.sum())
        fit.run_epoch()
        advance(active * fit.steps, fit.loss())
        checkpoint(fit)
