"""What a tagger takes in each step: prepared once where it fits into memory, else by batches."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger
from relearn.training.augment import augment
from relearn.training.sources import POOL, Memory, Source, pools

CHUNK = 1024  # jets that are prepared at a time
SHARE_OF_GPU = 0.4  # of its free memory that the prepared jets of a split may take
EVERYONE = slice(None)
Inputs = tuple[Tensor, ...]


class Feed:
    """The jets of a source as a tagger takes them, on its device.

    Parameters
    ----------
    source
        The jets.
    model
        Prepares them.
    device
        Where to.
    memory_gb
        On a CPU, what prepared jets may take; else they are prepared batch by batch, as where
        there are changes. Jets to be changed are moved to a GPU once, if they fit.
    changes
        Of each jet in each epoch (`relearn.training.augment.augment`).

    Raises
    ------
    UserError
        If jets are to be changed and the tagger takes observables, which would not change.
    """

    def __init__(
        self,
        source: Source,
        model: Tagger,
        device: torch.device,
        memory_gb: float,
        changes: Mapping[str, float] | None = None,
    ):
        self.source, self.model, self.device = source, model, device
        self.changes = {name: value for name, value in (changes or {}).items() if value}
        taken = set(model.needs) & set(source.observable_names)
        if self.changes and taken:
            raise UserError(
                f"training.augment changes constituents, but this tagger takes "
                f"{', '.join(sorted(taken))}, which would stay as they are: leave augment out"
            )
        self.prepared: Inputs | None = None
        if isinstance(source, Memory):
            room = _room(device, memory_gb)
            if self.changes and source.jets.nbytes <= room:
                self.source = Memory(source.jets.to(device))  # once, and changed there
            elif not self.changes:
                one = self._of(source.read(slice(0, 1)))
                if len(source) * sum(x.nbytes for x in one) <= room:
                    self.prepared = self._first(len(source))

    def scaling(self) -> Inputs:
        """Return prepared jets to standardise by: the first `POOL`, without changes."""
        count = min(len(self.source), POOL)
        return tuple(x[:count] for x in self.prepared) if self.prepared else self._first(count)

    def batches(
        self,
        order: torch.Generator,
        size: int,
        changing: torch.Generator,
        share: slice = EVERYONE,
    ) -> Iterator[tuple[Tensor, Inputs]]:
        """Yield the batches of an epoch: their rows, on the device, and the inputs.

        Parameters
        ----------
        order
            On the CPU: the order of the jets.
        size
            Jets in a batch.
        changing
            On the device: the changes.
        share
            Which jets of each batch are wanted.
        """
        if self.prepared:
            rows = torch.cat(pools(len(self.source), order)).to(self.device)
            for some in rows[: len(rows) // size * size].split(size):
                mine = some[share]
                yield mine, tuple(x[mine] for x in self.prepared)
        else:
            for rows, jets in self.source.batches(order, size):
                mine = jets if share == EVERYONE else jets.rows(share)
                mine = augment(mine.to(self.device), self.changes, changing)
                yield rows[share].to(self.device), self._of(mine)

    def in_order(self, size: int, first: int = 0, step: int | None = None) -> Iterator[Inputs]:
        """Yield inputs without changes, `size` jets at a time, the last fewer.

        All of them, or those that begin at jet `first` and each `step` jets further.
        """
        for start in range(first, len(self.source), step or size):
            rows = slice(start, start + size)
            if self.prepared:
                yield tuple(x[rows] for x in self.prepared)
            else:
                yield self._of(self.source.read(rows))

    def _of(self, jets: Jets) -> Inputs:
        with torch.no_grad():
            return self.model.prepare(jets.to(self.device))

    def _first(self, count: int) -> Inputs:
        starts = range(0, count, CHUNK)
        parts = [self._of(self.source.read(slice(i, min(i + CHUNK, count)))) for i in starts]
        return tuple(map(torch.cat, zip(*parts, strict=True)))


def _room(device: torch.device, memory_gb: float) -> float:
    if device.type == "cuda":
        return SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]
    return memory_gb * 1e9
