"""Jets for a training: in memory, or read in every epoch.

Both give the same batches for the same seed, so that the memory of a machine changes no result:
blocks of neighbours are shuffled, and within a pool of many blocks the jets. Up to `POOL` jets
that is any order of all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor

from relearn.errors import UserError
from relearn.models.jetbatch import Jets

BLOCK = 256  # neighbours in a file that are read in one go
POOL = 256 * BLOCK


def pools(jets: int, generator: torch.Generator) -> list[Tensor]:
    """Return the order of an epoch: the rows of each pool, shuffled.

    Parameters
    ----------
    jets
        How many there are.
    generator
        On the CPU.

    Returns
    -------
    list of Tensor
        int64; together each row once. A pool has `POOL` rows, the last block of the jets fewer.
    """
    blocks = torch.randperm(-(-jets // BLOCK), generator=generator)
    found = []
    for some in blocks.split(POOL // BLOCK):
        rows = (some[:, None] * BLOCK + torch.arange(BLOCK)).flatten()
        rows = rows[rows < jets]
        found.append(rows[torch.randperm(len(rows), generator=generator)])
    return found


class Source(ABC):
    """Jets of one split.

    Attributes
    ----------
    label, weight
        (n,) float32, on the CPU.
    observables
        (n, k) float32, on the CPU, as `observable_names` say.
    """

    label: Tensor
    weight: Tensor
    observables: Tensor
    observable_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.label)

    def observable(self, name: str) -> Tensor:
        """Return an observable of all jets (n,).

        Raises
        ------
        UserError
            If it was not read.
        """
        if name not in self.observable_names:
            raise UserError(
                f"the target {name} is no observable that was read, only "
                f"{', '.join(self.observable_names) or 'none'}: change `target` of the scan"
            )
        return self.observables[:, self.observable_names.index(name)]

    @abstractmethod
    def read(self, rows: slice) -> Jets:
        """Return neighbours."""

    @abstractmethod
    def batches(self, generator: torch.Generator, size: int) -> Iterator[tuple[Tensor, Jets]]:
        """Yield the batches of an epoch: their rows (size,), int64 on the CPU, and the jets.

        What is left of the last batch is not seen.
        """


class Memory(Source):
    """Jets that are all in memory, on any device."""

    def __init__(self, jets: Jets):
        self.jets = jets
        self.label, self.weight = jets.label.cpu(), jets.weight.cpu()
        self.observables = jets.observables.cpu()
        self.observable_names = jets.observable_names

    def read(self, rows: slice) -> Jets:
        """Return neighbours."""
        return self.jets.rows(rows)

    def batches(self, generator: torch.Generator, size: int) -> Iterator[tuple[Tensor, Jets]]:
        """Yield the batches of an epoch: rows and jets."""
        for rows in torch.cat(pools(len(self), generator)).split(size):
            if len(rows) == size:
                yield rows, self.jets.rows(rows.to(self.jets.device))


def joined(parts: Sequence[Jets]) -> Jets:
    """Return jets of the same columns one after the other."""
    together = {
        one.name: torch.cat([getattr(part, one.name) for part in parts])
        for one in fields(Jets)
        if isinstance(getattr(parts[0], one.name), Tensor)
    }
    return replace(parts[0], **together)
