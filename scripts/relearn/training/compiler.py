"""Whether code can be compiled on this machine."""

import os
import shutil

import torch

from relearn.errors import UserError

NAMES = ("cc", "gcc", "clang")  # that Triton looks for, after what CC says


def can_compile(device: torch.device) -> bool:
    """Return whether `torch.compile` has the compiler that it needs for a device.

    On a CPU that is one of C++. On a GPU Triton makes the code itself, but what starts it is of C.
    """
    if device.type == "cpu":
        from torch._inductor import cpp_builder, exc

        try:
            cpp_builder.get_cpp_compiler()
        except exc.InvalidCxxCompiler:
            return False
    elif device.type == "cuda":
        return any(map(shutil.which, filter(None, (os.environ.get("CC"), *NAMES))))
    return True


def need_compiler(device: torch.device) -> None:
    """Stop where `torch.compile` has no compiler.

    Raises
    ------
    UserError
        If code for this device cannot be compiled here.
    """
    if not can_compile(device):
        language, examples = (
            ("C++", "g++ or clang++") if device.type == "cpu" else ("C", "gcc or clang")
        )
        raise UserError(
            f"training.compile: on needs a {language} compiler, and none works here: install "
            f"{examples}, or set training.compile: auto, which needs none"
        )
