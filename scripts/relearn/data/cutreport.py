"""What is not stored of jets with many constituents, in the words of a job's log."""

from collections.abc import Iterator
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn.data import tagfile
from relearn.data.hdf5 import SPLITS


def of_jets(jets: ak.Array) -> Iterator[str]:
    """Yield a line for each kind of the jets of an event file (`relearn.data.jets.find`)."""
    for kind in ("eflow", "tower"):
        if kind in jets.fields:
            pt, cut_pt = (ak.to_numpy(jets[kind][name]) for name in ("pt", "cut_pt"))
            share = np.divide(cut_pt, pt, out=np.zeros(len(pt)), where=pt > 0)
            yield f"{kind}: {_line(ak.to_numpy(jets[kind].cut), share)}"


def of_dataset(path: str | Path) -> Iterator[str]:
    """Yield a line for each split, class and kind of a dataset for taggers."""
    kinds = tagfile.describe(path).kinds
    for split in SPLITS:
        for kind in kinds:
            block = tagfile.read(path, split, kind, (), quality=("cut", "cut_share"))
            for side, label in tagfile.LABELS.items():
                cut, share = (values[block.label == label] for values in block.quality.values())
                yield f"{split}, {side}, {kind}: {_line(cut, share)}"


def _line(cut: NDArray[np.number], share: NDArray[np.floating]) -> str:
    jets, some = len(cut), int((cut > 0).sum())
    if not some:
        return f"{jets} jets, all constituents stored"
    return (
        f"{some} of {jets} jets have more constituents than are stored: {cut.sum():.0f} in all, at "
        f"most {cut.max():.0f} and {share.max():.2%} of a jet's pT, {share.mean():.3%} on average"
    )
