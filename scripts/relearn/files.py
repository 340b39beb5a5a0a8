"""Outputs appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from relearn.errors import UserError


def cache_folder() -> Path:
    """Return the user's folder for what can be made anew at any time."""
    home = Path(os.environ.get("HOME", tempfile.gettempdir()))
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "relearn"


@contextmanager
def atomic(path: str | os.PathLike, shared: bool = False) -> Iterator[Path]:
    """Give a temporary name beside `path`, and move it there when the block ends well.

    A killed or failed job leaves the former file as it was. The temporary name ends
    like the final one, so that libraries that look at the suffix still know the format.

    Parameters
    ----------
    path
        The file; its folder is made.
    shared
        Several processes may write it at a time. If not, what killed ones left is deleted.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    if not shared:
        for left in final.parent.glob(f".{escape(final.stem)}.[0-9]*.tmp{final.suffix}"):
            left.unlink(missing_ok=True)
    temporary = final.with_name(f".{final.stem}.{os.getpid()}.tmp{final.suffix}")
    try:
        yield temporary
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def nearest(path: Path) -> Path:
    """Return a folder itself if it exists, else the lowest above it that does."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def free_mb(path: Path) -> float:
    """Return the space that is left on the disk of a folder, existing or not, MB."""
    return shutil.disk_usage(nearest(path)).free / 1e6


def require_writable(folder: Path) -> None:
    """Ask whether files can be made below a folder, existing or not.

    Raises
    ------
    UserError
        If not: names the folder that is in the way.
    """
    found = nearest(folder)
    if not os.access(found, os.W_OK | os.X_OK):
        raise UserError(
            f"nothing can be written to {found}, where {folder} is to be: change its permissions "
            "(chmod u+w), mount its disk for writing, or run with another --directory"
        )


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
