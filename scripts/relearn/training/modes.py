"""How PyTorch computes while a tagger trains: precision, compilation, random numbers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from relearn.training.compiler import can_compile, need_compiler
from relearn.training.tagger_settings import TaggerTraining


def autocast(settings: TaggerTraining, device: torch.device) -> torch.autocast:
    """Return the context of a forward pass: bfloat16 on a GPU where it is wanted, else float32."""
    lower = device.type == "cuda" and settings.precision in ("auto", "bfloat16")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=lower)


def compiled(model: nn.Module, settings: TaggerTraining, device: torch.device) -> nn.Module:
    """Return what takes the forward pass of a training: the network, compiled where wanted.

    One whose shapes change from batch to batch is left as it is: it would be compiled each time.
    ``auto`` is a GPU alone, where there is a compiler.

    Raises
    ------
    UserError
        If `compile` is ``on`` and code cannot be compiled here.
    """
    if settings.compile == "on":
        need_compiler(device)
    auto = settings.compile == "auto" and device.type == "cuda" and can_compile(device)
    wanted = settings.compile == "on" or auto
    fixed = getattr(getattr(model, "module", model), "compilable", True)  # or what wraps it
    return torch.compile(model, dynamic=False) if wanted and fixed else model


@contextmanager
def random_numbers(seed: int, device: torch.device) -> Iterator[None]:
    """Draw PyTorch's own random numbers (dropout) from a seed in this block alone."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(seed)
        yield


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Choose kernels that add in the same order every time; those of a CPU do so anyway."""
    if device.type != "cuda":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as PyTorch's notes ask
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
