"""Where a job trains: asked inside the job, so that another machine does not retrain."""

import fcntl
import os
import platform
import tempfile
from pathlib import Path
from typing import IO

import torch

from relearn.errors import UserError
from relearn.training import parallel

_held: list[IO] = []  # locks of GPUs, until this process ends


def resolve(name: str) -> torch.device:
    """Return the device of the config's ``device``; of several GPUs one that is free.

    Raises
    ------
    UserError
        If ``cuda`` or ``mps`` is asked for and this machine has none.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((kind for kind, found in there.items() if found), "cpu")
    elif not there.get(name, True):
        raise UserError(f"device: {name} is not available here; set device: auto or cpu")
    if name != "cuda":
        return torch.device(name)
    device = torch.device("cuda", _free_gpu())
    torch.cuda.set_device(device)
    return device


def _free_gpu() -> int:
    """Return the number of a GPU on which no other job of this user trains; any, if all are taken.

    Snakemake counts GPUs and does not tell a job which one; SLURM does, and shows it no other.
    """
    count, together = torch.cuda.device_count(), parallel.count()
    if together > max(count, 1):
        raise UserError(
            f"training.devices: {together}, but this job sees {count} GPU: ask for as many "
            "(--resources gpu=…, profiles/slurm), or change training.devices"
        )
    if count < 2:
        return 0
    folder = Path(tempfile.gettempdir()) / f"relearn-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(count):
        lock = open(folder / str(torch.cuda.get_device_properties(number).uuid), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
        else:
            _held.append(lock)
            return number
    if together > 1:  # two processes of one training cannot have the same
        raise UserError(
            f"training.devices: {together}, but other trainings hold the GPUs here: tell Snakemake "
            f"how many there are (--resources gpu={count})"
        )
    return os.getpid() % count


def describe(device: torch.device) -> str:
    """Return the device in words, such as the GPU's name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()})"
