"""Jets for a training out of a dataset: all in memory, or read in every epoch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import torch
from torch import Tensor

from relearn.data import tagfile
from relearn.data.hdf5 import get, opened
from relearn.errors import UserError
from relearn.models.jetbatch import Jets
from relearn.training.sources import BLOCK, Memory, Source, joined, pools

PIECE = 8192  # neighbours in one read of a whole split
BYTES = 4


class File(Source):
    """Jets in a dataset; labels, weights and observables are in memory, constituents are not.

    Parameters
    ----------
    path
        Of a dataset of kind tagging or external (`relearn.data.tagfile`).
    split
        ``train``, ``validation`` or ``test``.
    kind
        ``eflow`` or ``tower``.
    constituents
        How many of the hardest; all that are stored for None.
    features, observables
        Names of the columns wanted.

    Raises
    ------
    UserError
        If the file cannot be read, has jets of one class only, has fewer constituents, or lacks
        the kind of jets, a feature or an observable: names what there is.
    """

    def __init__(
        self,
        path: str | Path,
        split: str,
        kind: str = "eflow",
        constituents: int | None = None,
        features: Sequence[str] = (),
        observables: Sequence[str] = (),
    ):
        about = tagfile.describe(path)
        if kind not in about.kinds:
            raise UserError(f"{path} has no {kind} jets, only {', '.join(about.kinds)}")
        if absent := [name for name in features if name not in about.features]:
            raise UserError(
                f"{path}: {split}/{kind}/features has no {', '.join(absent)}, only "
                f"{', '.join(about.features) or 'nothing'}: change `features` of the scan"
            )
        stored = about.shapes[f"{kind}/p4"][0]
        self.constituents = stored if constituents is None else constituents
        if not 1 <= self.constituents <= stored:
            raise UserError(
                f"{path} stores {stored} constituents of a jet, {constituents} are asked for: "
                f"change `constituents` of the scan, or of the dataset {about.dataset}"
            )
        self.path, self.split, self.kind = path, split, kind
        self.extra_names, self.observable_names = tuple(features), tuple(observables)
        self._columns = [about.features.index(name) for name in features]
        window = about.selection.get("signal", about.settings)
        self.radius = float(window["radius"])
        block = tagfile.read(path, split, kind, columns=(), observables=observables)
        self.label, self.weight = torch.from_numpy(block.label), torch.from_numpy(block.weight)
        self.observables = torch.empty(len(self), len(observables))
        for column, name in enumerate(observables):
            self.observables[:, column] = torch.from_numpy(block.observables[name])

    @property
    def memory(self) -> int:
        """Bytes that all jets take in memory."""
        of_one = self.constituents * (4 + len(self.extra_names)) + len(self.observable_names) + 2
        return len(self) * of_one * BYTES

    def read(self, rows: slice) -> Jets:
        """Return neighbours."""
        first, last, _ = rows.indices(len(self))
        return self._read(
            [(begin, min(begin + PIECE, last)) for begin in range(first, last, PIECE)]
        )

    def batches(self, generator: torch.Generator, size: int) -> Iterator[tuple[Tensor, Jets]]:
        """Yield the batches of an epoch: rows and jets; one pool at a time is in memory."""
        rest: tuple[Tensor, Jets] | None = None
        for rows in pools(len(self), generator):
            there, places = rows.sort()
            begins = (there // BLOCK).unique().tolist()
            jets = self._read([(b * BLOCK, min((b + 1) * BLOCK, len(self))) for b in begins])
            jets = jets.rows(torch.empty_like(places).scatter_(0, places, torch.arange(len(rows))))
            if rest:
                rows, jets = torch.cat([rest[0], rows]), joined([rest[1], jets])
            full = len(rows) // size * size
            for first in range(0, full, size):
                batch = slice(first, first + size)
                yield rows[batch], jets.rows(batch)
            rest = rows[full:], jets.rows(slice(full, None))

    def _read(self, pieces: Sequence[tuple[int, int]]) -> Jets:
        """Return the jets of some pieces of neighbours, in this order."""
        count = sum(last - first for first, last in pieces)
        p4 = torch.empty(count, self.constituents, 4)
        extra = torch.empty(count, self.constituents, len(self.extra_names))
        done = 0
        with opened(self.path) as file:
            group = get(self.path, file, f"{self.split}/{self.kind}")
            for first, last in pieces:
                place, rows = slice(done, done + last - first), slice(first, last)
                p4[place] = self._piece(group, "p4", rows)
                if self.extra_names:
                    extra[place] = self._piece(group, "features", rows)[..., self._columns]
                done += last - first
        rows = torch.cat([torch.arange(first, last) for first, last in pieces])
        return Jets(
            p4=p4,
            extra=extra,
            extra_names=self.extra_names,
            observables=self.observables[rows],
            observable_names=self.observable_names,
            radius=self.radius,
            label=self.label[rows],
            weight=self.weight[rows],
        )

    def _piece(self, group: h5py.Group, name: str, rows: slice) -> Tensor:
        dataset = get(self.path, group, name)
        values = torch.from_numpy(dataset[rows, : self.constituents])
        if len(values) != rows.stop - rows.start or not values.sum().isfinite():
            tagfile.check(self.path)  # says what is wrong, and where
        return values


def load(
    path: str | Path,
    split: str,
    kind: str = "eflow",
    constituents: int | None = None,
    features: Sequence[str] = (),
    observables: Sequence[str] = (),
    device: torch.device | str = "cpu",
) -> Jets:
    """Return all jets of a split.

    Parameters
    ----------
    path, split, kind, constituents, features, observables
        As of `File`, which raises the errors.
    device
        Where to.
    """
    return File(path, split, kind, constituents, features, observables).read(slice(None)).to(device)


def source(
    path: str | Path,
    split: str,
    kind: str = "eflow",
    constituents: int | None = None,
    features: Sequence[str] = (),
    observables: Sequence[str] = (),
    memory_gb: float = 4.0,
) -> Source:
    """Return the jets of a split: in memory if they take no more than `memory_gb`, else its file.

    Parameters
    ----------
    path, split, kind, constituents, features, observables
        As of `File`, which raises the errors.
    memory_gb
        10⁹ bytes.
    """
    file = File(path, split, kind, constituents, features, observables)
    return Memory(file.read(slice(None))) if file.memory <= memory_gb * 1e9 else file
