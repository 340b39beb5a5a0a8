"""Whether code can be compiled on this machine."""

import torch

from relearn.errors import UserError


def need_compiler(device: torch.device) -> None:
    """Stop where `torch.compile` has no compiler; on a GPU it brings its own.

    Raises
    ------
    UserError
        If the CPU's code cannot be compiled here.
    """
    if device.type != "cpu":
        return
    from torch._inductor import cpp_builder, exc

    try:
        cpp_builder.get_cpp_compiler()
    except exc.InvalidCxxCompiler:
        raise UserError(
            "training.compile: on needs a C++ compiler, and none works here: install g++ or "
            "clang++, or set training.compile: auto, which needs none"
        ) from None
