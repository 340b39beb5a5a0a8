"""Checkpoints of a job: one file for each stack, kept until the job's outputs are written.

They lie outside the rule's outputs, which Snakemake deletes when a job fails, and carry a key
of code, spec and data: one that does not fit is ignored. PyTorch reads a file with a flipped bit
without a word, so a checksum stands in front.
"""

import hashlib
import io
import pickle
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from relearn.errors import UserError
from relearn.files import atomic

EVERY_SECONDS = 20.0
DIGEST = 32  # bytes of the checksum


def key_of(*parts: str, files: tuple[Path, ...] = ()) -> str:
    """Return a hash of texts and of files' contents."""
    digest = hashlib.sha256("\0".join(parts).encode())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


class Checkpoints:
    """Checkpoints of the stacks of one job.

    Parameters
    ----------
    folder
        Where they are; None keeps none.
    key
        What they are of.
    every
        Seconds between two of them.
    """

    def __init__(self, folder: Path | None, key: str, every: float = EVERY_SECONDS):
        self.folder, self.key, self.every = folder, key, every
        self._last = time.monotonic()

    def read(self, stack: int) -> dict[str, Any] | None:
        """Return the state of a stack, if there is one of this job.

        One that is damaged is named and left out: it only would have saved time.

        Raises
        ------
        UserError
            If it would run code when it is read.
        """
        path = self.folder and self.folder / f"{stack:04d}.checkpoint"
        if not path or not path.is_file():
            return None
        content = path.read_bytes()
        digest, content = content[:DIGEST], content[DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            print(f"{path} is damaged and ignored: these networks begin anew", flush=True)
            return None
        try:
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise UserError(
                f"{path} holds more than numbers, which relearn never writes: delete it ({error})"
            ) from None
        return found["state"] if found["key"] == self.key else None

    def offer(self, stack: int, state: Callable[[], dict[str, Any]], force: bool = False) -> None:
        """Write the state of a stack, which is asked for only if it is time or `force`."""
        if self.folder and (force or time.monotonic() - self._last >= self.every):
            content = io.BytesIO()
            torch.save({"key": self.key, "state": state()}, content)
            with atomic(self.folder / f"{stack:04d}.checkpoint") as temporary:
                digest = hashlib.sha256(content.getbuffer()).digest()
                temporary.write_bytes(digest + content.getbuffer())
            self._last = time.monotonic()

    def remove(self) -> None:
        """Delete them all: the job is done."""
        if self.folder and self.folder.is_dir():
            shutil.rmtree(self.folder)
