"""Compiled loops over the particles of one jet; `relearn.jets` says what they compute.

They take flat arrays: the particles of all jets one after the other, and ``offsets``, so that
jet j owns the particles from ``offsets[j]`` up to ``offsets[j + 1]``.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numba
from numba.core import config

from relearn.files import atomic, cache_folder

FOLDER = Path(__file__).parent


def _cache_folder() -> Path:
    """Return where machine code is kept: in a folder that belongs to the code as it is now.

    Numba looks only at the file of a function, not at those of the functions that it calls; the
    hash of all kernels in the folder's name keeps it from running what was edited since.
    """
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.py")):
        digest.update(path.read_bytes())
    base = Path(config.CACHE_DIR) / "relearn" if config.CACHE_DIR else cache_folder()
    return base / f"kernels-{digest.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


CACHE = _cache_folder()


def _share(function: Callable) -> None:
    """Let a function be of a copy of its file that all checkouts with this content have in common.

    Numba keeps machine code by place and time of a function's file.
    """
    file = Path(function.__code__.co_filename)
    content = file.read_bytes()
    copy = CACHE / hashlib.sha256(content).hexdigest()[:16] / file.name
    if not copy.is_file():
        with atomic(copy, shared=True) as temporary:
            temporary.write_bytes(content)
    function.__code__ = function.__code__.replace(co_filename=str(copy))


def compiled(function: Callable) -> Callable:
    """Compile a function for the arguments that it is called with, and keep the result.

    The first call of a kernel takes seconds; all later ones, in any process and checkout of the
    machine, a few milliseconds. Where nothing can be written, each process compiles for itself.
    """
    keep = _writable(CACHE)
    if keep:
        _share(function)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(CACHE)
    try:
        return numba.njit(cache=keep, nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before
