"""Outputs appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary name beside `path`, and move it there when the block ends well.

    A killed or failed job leaves the former file as it was. The temporary name ends
    like the final one, so that libraries that look at the suffix still know the format.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.stem}.{os.getpid()}.tmp{final.suffix}")
    try:
        yield temporary
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def own_or_shipped(path: str | os.PathLike, root: Path) -> Path:
    """Return a file of the user's beside the working directory, else the repository's.

    Parameters
    ----------
    path
        Relative, as the config names it.
    root
        Of the repository.
    """
    return Path(path) if Path(path).exists() else root / path
