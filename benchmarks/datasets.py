"""Datasets of jets: reading one against the disk, and images drawn against images stored.

Wall time here, as disks do not show in processor time. `dataset/read` reads the four-vectors of a
split as training does, `dataset/images` draws images from them. Before each reading the system is
asked to forget the file (Linux; elsewhere it comes from memory, for both alike).
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from harness import Result, interleave
from jets import fat_jets

JETS, CONSTITUENTS, REPEATS = 20_000, 200, 5


@contextmanager
def dataset() -> Iterator[tuple[Path, Path]]:
    """Yield a dataset with the jets of `jets.fat_jets` again and again, and its bytes in a file."""
    import awkward as ak
    import h5py

    from relearn.jets.images import jet_image

    jets = fat_jets()
    padded = ak.pad_none(jets, CONSTITUENTS, clip=True)
    p4 = ak.to_numpy(ak.fill_none(padded, [0.0] * 4, axis=1)).astype(np.float32)
    p4 = np.resize(p4, (JETS, CONSTITUENTS, 4))
    with tempfile.TemporaryDirectory() as folder:
        path, raw = Path(folder) / "jets.h5", Path(folder) / "jets.bytes"
        with h5py.File(path, "w") as file:
            train = file.create_group("train")
            train["label"] = np.float32(np.arange(JETS) % 2)
            train["weight"] = np.ones(JETS, np.float32)
            train["eflow/p4"] = p4
            train["eflow/images"] = jet_image(p4)
        p4.tofile(raw)
        os.sync()
        yield path, raw


def forget(path: Path) -> None:
    """Ask the system to read the file from the disk next time."""
    if hasattr(os, "posix_fadvise"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def megabytes_per_second(path: Path, work: Callable[[], object]) -> Callable[[], float]:
    """Return what measures `work`, which reads all four-vectors from `path`."""

    def measure() -> float:
        forget(path)
        begin = time.perf_counter()
        work()
        return JETS * CONSTITUENTS * 4 * 4 / 1e6 / (time.perf_counter() - begin)

    return measure


def jets_per_second(path: Path, work: Callable[[], object]) -> Callable[[], float]:
    """Return what measures `work`, which makes all images from `path`."""

    def measure() -> float:
        forget(path)
        begin = time.perf_counter()
        work()
        return JETS / (time.perf_counter() - begin)

    return measure


def read() -> list[Result]:
    """The checked reading of four-vectors against plain bytes of the same size."""
    from relearn.data import tagfile

    with dataset() as (path, raw):
        ours = megabytes_per_second(path, lambda: tagfile.read(path, "train"))
        disk = megabytes_per_second(raw, lambda: np.fromfile(raw, np.float32))
        return [Result("dataset/read", "the same bytes", *interleave(REPEATS, ours, disk), "MB/s")]


def images() -> list[Result]:
    """Images drawn when they are wanted, against images read from the dataset."""
    import h5py

    from relearn.data import tagfile
    from relearn.jets.images import jet_image

    def stored(path: Path) -> None:
        with h5py.File(path) as file:
            file["train/eflow/images"][:]

    with dataset() as (path, _):
        ours = jets_per_second(path, lambda: jet_image(tagfile.read(path, "train").p4))
        theirs = jets_per_second(path, lambda: stored(path))
        return [
            Result("dataset/images", "stored images", *interleave(REPEATS, ours, theirs), "jets/s")
        ]


BENCHMARKS = {"dataset/read": read, "dataset/images": images}
