"""Where a job trains: asked inside the job, so that another machine does not retrain."""

import platform

import torch

from relearn.errors import UserError


def resolve(name: str) -> torch.device:
    """Return the device of the config's ``device``.

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
    return torch.device(name)


def describe(device: torch.device) -> str:
    """Return the device in words, such as the GPU's name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()})"
