"""Curves of a training for TensorBoard, where the package is there."""

import importlib.util
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from relearn.errors import UserError


class Curves:
    """Writes a training's history for TensorBoard.

    Parameters
    ----------
    folder
        Of one training; None writes nothing. What is there, by an earlier training or one that was
        killed, is replaced.
    history
        Epochs that are done.

    Raises
    ------
    UserError
        If the package is not installed.
    """

    def __init__(self, folder: Path | None, history: Iterable[Mapping[str, float]] = ()):
        self._writer = None
        if folder is None:
            return
        if importlib.util.find_spec("tensorboard") is None:
            raise UserError(
                "training.tensorboard: true needs the package tensorboard, which is not "
                "installed: pip install tensorboard, or leave it out (history.csv has the same)"
            )
        from torch.utils.tensorboard import SummaryWriter

        shutil.rmtree(folder, ignore_errors=True)
        self._writer = SummaryWriter(folder)
        for row in history:
            self.add(row)

    def add(self, row: Mapping[str, float]) -> None:
        """Add an epoch of the history."""
        if self._writer:
            for name, value in row.items():
                if name != "epoch":
                    self._writer.add_scalar(name, value, int(row["epoch"]))

    def close(self) -> None:
        """Write what is left."""
        if self._writer:
            self._writer.close()
