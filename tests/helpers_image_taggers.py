"""The stored jets of `helpers_jets` in memory, for taggers on images."""

from dataclasses import replace

import numpy as np
import torch
from helpers_jets import STORED, TOP

from relearn.models.jetbatch import Jets


def stored(charged=True):
    """12 top and 12 QCD jets, padded; the charge alternates, as good as any for a picture."""
    counts = STORED["counts"]
    there = np.arange(counts.max()) < counts[:, None]
    p4 = np.zeros((*there.shape, 4), dtype=np.float32)
    p4[there] = STORED["p4"]
    charge = np.where(there, np.arange(counts.max()) % 3 - 1, 0)[..., None].astype(np.float32)
    return Jets(
        p4=torch.from_numpy(p4),
        extra=torch.from_numpy(charge[..., : int(charged)]),
        extra_names=("charge",)[: int(charged)],
        observables=torch.zeros(len(counts), 0),
        observable_names=(),
        radius=1.5,
        label=torch.from_numpy(TOP.astype(np.float32)),
        weight=torch.ones(len(counts)),
    )


def scaled(jets, factor):
    """All energies and momenta, as a shifted jet-energy scale has them."""
    return replace(jets, p4=jets.p4 * factor)


def padded(jets, rows):
    """The same jets with zeros behind."""
    count, _, columns = jets.extra.shape
    return replace(
        jets,
        p4=torch.cat([jets.p4, torch.zeros(count, rows, 4)], dim=1),
        extra=torch.cat([jets.extra, torch.zeros(count, rows, columns)], dim=1),
    )


def shuffled(jets, seed):
    """The same jets with their constituents in another order."""
    order = torch.randperm(jets.p4.shape[1], generator=torch.Generator().manual_seed(seed))
    return replace(jets, p4=jets.p4[:, order], extra=jets.extra[:, order])


def mirrored(jets):
    """Left and right, η and −η, exchanged."""
    return replace(jets, p4=jets.p4 * torch.tensor([1.0, 1.0, 1.0, -1.0]))
