"""Trained networks → ONNX files, compared with PyTorch before they appear."""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from relearn import models
from relearn.files import atomic
from relearn.models import storage

EVENTS = 1000  # that the two are compared on
SEED = 1
TOLERANCE = 1e-4  # of the target's width: float32, with sums in another order


def to_onnx(path: str | Path, run: str, file: str | Path) -> float:
    """Write a trained network as an ONNX file: natural units in and out.

    The input is ``features`` (events, inputs), float32, in the order of the dataset; the output
    has the name of the target, (events, outputs). The number of events is free.

    Parameters
    ----------
    path
        Folder of a batch, or of the whole scan, as in `relearn.models.load`.
    run
        The network's name, from ``runs.csv``.
    file
        Where to write.

    Returns
    -------
    float
        Largest difference between ONNX Runtime and PyTorch, in units of the target's standard
        deviation, on random events that are distributed as wide as the training's.

    Raises
    ------
    UserError
        If there is no such run, or its files are missing or damaged.
    RuntimeError
        If the two differ by more than `TOLERANCE`; then no file is written.
    """
    stored = storage.find(Path(path), run)
    network = models.load(path, run)
    normal = np.random.default_rng(SEED).standard_normal((EVENTS, len(stored.inputs.mean)))
    events = torch.from_numpy(stored.inputs.invert(normal).astype(np.float32))
    with atomic(file) as temporary:
        _write(network, events[:2], stored.run.target, temporary)
        session = onnxruntime.InferenceSession(temporary, providers=["CPUExecutionProvider"])
        (theirs,) = session.run(None, {"features": events.numpy()})
        with torch.inference_mode():
            ours = network(events).numpy()
        difference = float(np.max(np.abs(ours - theirs) / stored.target.std))
        if not difference < TOLERANCE:
            raise RuntimeError(
                f"{run} in ONNX Runtime differs from PyTorch by {difference:.2g} of the width of "
                f"{stored.run.target}; {file} is not written"
            )
    return difference


def _write(network: torch.nn.Module, example: torch.Tensor, target: str, file: Path) -> None:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns of torchvision, which is not asked for
    try:
        program = torch.onnx.export(
            network,
            (example,),
            input_names=["features"],
            output_names=[target],
            dynamic_shapes=({0: torch.export.Dim("events")},),
            dynamo=True,
            verbose=False,
        )
    finally:
        logger.setLevel(level)
    program.save(str(file), external_data=False)
