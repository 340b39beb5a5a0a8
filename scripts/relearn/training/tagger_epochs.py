"""The training of one tagger, epoch by epoch: best epoch, divergence, early stop.

All random numbers of an epoch come from the seed and the epoch's number, so that a training that
goes on from a checkpoint is the one that was never interrupted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.models.tagger import Tagger
from relearn.seeds import derive
from relearn.training import metrics, modes, parallel
from relearn.training.feed import Feed, Inputs
from relearn.training.objective import Goal, Objective
from relearn.training.schedules import Schedule, optimiser
from relearn.training.sources import Source
from relearn.training.tagger_settings import TaggerTraining

OK, DIVERGED = "ok", "diverged"
LOOK_EVERY = {"cuda": 16}  # steps between two looks at the losses: each look waits for the GPU
NAN = float("nan")


@dataclass(frozen=True)
class Fitted:
    """What a training made of a tagger.

    Attributes
    ----------
    state
        Weights and buffers of the best epoch, on the CPU.
    history
        A row for each epoch: epoch, lr (of its first step), train_loss, validation_loss,
        validation_auc (NaN for a regression), seconds.
    status
        ``ok`` or ``diverged``: a loss was no number.
    epochs, best_epoch
        How many were done; which one `state` is of, 0 for none.
    best_validation_loss
        Of that epoch.
    goal
        What was learnt, for `tagger.predict`.
    seconds
        All epochs, with validation, and before them the preparation of the jets.
    jets_per_second
        In training alone.
    diverged_batch
        File of the jets whose loss was no number.
    """

    state: dict[str, Tensor]
    history: tuple[dict[str, float], ...]
    status: str
    epochs: int
    best_epoch: int
    best_validation_loss: float
    goal: Goal
    seconds: float
    jets_per_second: float
    diverged_batch: Path | None


class Training:
    """A training with all that a checkpoint needs; its arguments are those of `tagger.fit`.

    Where several processes share it, all of them call the same methods.
    """

    def __init__(
        self,
        model: Tagger,
        train: Source,
        validation: Source,
        settings: TaggerTraining,
        seed: int,
        device: torch.device,
        target: str | None = None,
    ):
        parallel.check(settings.devices, device)
        self.steps = len(train) // settings.batch_size
        if not self.steps:
            raise UserError(
                f"batch_size {settings.batch_size} is more than the {len(train)} training jets: "
                "ask for more jets, or change training.batch_size"
            )
        self.model, self.settings, self.seed, self.device = model.to(device), settings, seed, device
        self.goal = Goal.of(train, target)
        memory, begin = settings.memory_gb, time.perf_counter()
        self._feed = Feed(train, model, device, memory, settings.augment)
        self._validation = Feed(validation, model, device, memory)
        prepared = time.perf_counter() - begin  # pictures and trees take as long as some epochs
        self._objective, self._judge = (
            Objective(source, self.goal, settings, device) for source in (train, validation)
        )
        model.fit_scaling(*self._feed.scaling())
        self.goal.answers(outputs_of(model, next(self._validation.in_order(2))))  # fits, or stops
        self._optimiser = optimiser(model.parameters(), settings)
        self._schedule = Schedule(self._optimiser, settings, self.steps)
        self._forward = modes.compiled(parallel.spread(model), settings, device)
        self._changing = torch.Generator(device=device)
        self.epoch, self.best_epoch, self.best_loss = 0, 0, float("inf")
        self.best = self._weights()
        self.history: list[dict[str, float]] = []
        self.seconds, self.train_seconds = prepared, 0.0
        self.broken: dict[str, Tensor] | None = None

    @property
    def done(self) -> bool:
        """Whether all epochs are done, it diverged, or waited long enough for a better loss."""
        patience = self.settings.patience
        tired = patience is not None and self.epoch - self.best_epoch >= patience
        return self.epoch >= self.settings.epochs or self.broken is not None or tired

    def run_epoch(self, advance: Callable[[int], None] = lambda jets: None) -> None:
        """Go once through the training jets, then look at the validation jets.

        Parameters
        ----------
        advance
            Called after each step with the number of jets.
        """
        begin = time.perf_counter()
        self.epoch += 1
        row = {"epoch": self.epoch, "lr": self._schedule.rate}
        with modes.random_numbers(self._derive("dropout", *self._own), self.device):
            row["train_loss"] = self._train(advance)
        trained = time.perf_counter()
        self.train_seconds += trained - begin
        row |= {"validation_loss": NAN, "validation_auc": NAN}
        if self.broken is None:
            row |= self._validate()
        row["seconds"] = time.perf_counter() - begin
        self.seconds += row["seconds"]
        self.history.append(row)
        if self.broken is not None:
            return
        if row["validation_loss"] < self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, row["validation_loss"]
            self.best = self._weights()
        self._schedule.after_epoch(row["validation_loss"])

    def _train(self, advance: Callable[[int], None]) -> float:
        """Take the steps of an epoch and return the mean loss, NaN if one is no number."""
        settings, recent = self.settings, []
        order = torch.Generator().manual_seed(self._derive("order"))
        self._changing.manual_seed(self._derive("changes", *self._own))
        total = torch.zeros((), device=self.device)
        every = LOOK_EVERY.get(self.device.type, 1)
        self.model.train()
        share = parallel.share()
        batches = self._feed.batches(order, settings.batch_size, self._changing, share)
        for step, (rows, inputs) in enumerate(batches, start=1):
            with modes.autocast(settings, self.device):
                outputs = self._forward(*inputs)
            loss = self._objective.losses(outputs.float(), rows).mean()
            recent.append((loss.detach(), rows, inputs))
            if step % every == 0 or step == self.steps:
                if self._broken(recent):
                    return NAN
                recent.clear()
            total += loss.detach()
            self._optimiser.zero_grad()
            loss.backward()
            if settings.clip is not None:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
            self._optimiser.step()
            self._schedule.after_step()
            advance(len(rows) * parallel.count())
        return float(parallel.summed(total)) / (self.steps * parallel.count())

    def _validate(self) -> dict[str, float]:
        outputs, total = self._outputs(), 0.0
        size, everyone = self.settings.batch_size, torch.arange(len(outputs), device=self.device)
        batches = everyone.split(size)
        losses = torch.stack([self._judge.losses(outputs[rows], rows).sum() for rows in batches])
        parallel.first_ones([losses])  # to the last bit: what is best, and when to stop
        finite = self.goal.answers(outputs).isfinite()  # of two infinite ones the loss may be
        for number, (rows, loss) in enumerate(zip(batches, losses.cpu(), strict=True)):
            if not (loss.isfinite() and finite[rows].all()):
                inputs = next(islice(self._validation.in_order(size), number, None))
                self.broken = _batch(rows, self._judge, inputs)
                return {}
            total += float(loss)
        row = {"validation_loss": total / len(outputs)}
        if self.goal.target is None:
            source = self._validation.source
            columns = (self.goal.answers(outputs).cpu(), source.label, source.weight)
            row["validation_auc"] = metrics.auc(*(x.numpy() for x in columns))
        return row

    def _outputs(self) -> Tensor:
        """Return the outputs (n, outputs) of all validation jets; each process asks for some."""
        parallel.first_ones(self.model.buffers())  # running means
        size, jets = self.settings.batch_size, len(self._validation.source)
        found, first, step = None, parallel.rank() * size, parallel.count() * size
        for start, inputs in zip(
            range(first, jets, step), self._validation.in_order(size, first, step), strict=True
        ):
            outputs = outputs_of(self.model, inputs)
            if found is None:
                found = outputs.new_zeros(jets, outputs.shape[1])
            found[start : start + size] = outputs
        if found is None:  # fewer batches than processes
            found = torch.zeros(jets, self.goal.outputs, device=self.device)
        return parallel.summed(found)

    def _broken(self, recent: list[tuple[Tensor, Tensor, Inputs]]) -> bool:
        """Keep the first batch whose loss is no number, in whichever process."""
        finite = parallel.everywhere(torch.stack([loss for loss, _, _ in recent]).isfinite())
        if finite.all():
            return False
        _, rows, inputs = recent[int((~finite).nonzero()[0])]
        self.broken = parallel.joined(_batch(rows, self._objective, inputs))
        return True

    @property
    def _own(self) -> tuple[int, ...]:
        """What tells the random numbers of this process from those of the first."""
        return (parallel.rank(),) if parallel.rank() else ()

    def _derive(self, *what: str | int) -> int:
        return derive(*what, self.epoch, root=self.seed)

    def _weights(self) -> dict[str, Tensor]:
        return {name: x.detach().cpu().clone() for name, x in self.model.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state(),
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
            "epoch": self.epoch,
            "history": self.history,
            "seconds": self.seconds,
            "train_seconds": self.train_seconds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint of the same training."""
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.restore(state["schedule"])
        for name in ("best", "best_epoch", "best_loss", "epoch", "seconds", "train_seconds"):
            setattr(self, name, state[name])
        self.history = list(state["history"])

    def result(self, diverged_batch: Path | None) -> Fitted:
        """Return what the training made of the tagger, which takes the best epoch's weights."""
        self.model.load_state_dict(self.best)
        jets = self.epoch * self.steps * self.settings.batch_size
        return Fitted(
            state=self.best,
            history=tuple(self.history),
            status=OK if self.broken is None else DIVERGED,
            epochs=self.epoch,
            best_epoch=self.best_epoch,
            best_validation_loss=self.best_loss if self.best_epoch else NAN,
            goal=self.goal,
            seconds=self.seconds,
            jets_per_second=jets / self.train_seconds,
            diverged_batch=diverged_batch,
        )


def _batch(rows: Tensor, of: Objective, inputs: Inputs) -> dict[str, Tensor]:
    given = {f"input{i}": x for i, x in enumerate(inputs)}
    return {"rows": rows, "weight": of.weight[rows]} | given


@torch.no_grad()
def outputs_of(model: Tagger, inputs: Inputs) -> Tensor:
    """Return (B, outputs) without dropout, in float32."""
    model.eval()
    return model(*inputs)
