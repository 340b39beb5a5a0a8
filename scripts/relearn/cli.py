"""What every command-line script shares: errors in one line, death with Snakemake."""

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Callable

from relearn.errors import UserError

PR_SET_PDEATHSIG = 1
SNAKEMAKE = "RELEARN_SNAKEMAKE"  # what the Snakefile calls the process that starts the jobs
DISK = {
    errno.ENOSPC: ("the disk is full", "free some space"),
    errno.EDQUOT: ("your share of the disk is used up", "free some space"),
    errno.EROFS: ("the disk can only be read", "mount it for writing, or use another --directory"),
    errno.EACCES: (
        "a file may not be used",
        "change its permissions or its folder's (chmod u+rwX)",
    ),
}


def die_with_parent() -> None:
    """Ask the kernel to end this job when what started it dies.

    A killed Snakemake leaves its children behind, and they would go on writing files that
    the next run believes to be its own. The rules `exec` Python, so that no shell stands between.
    Linux only; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def orphaned() -> bool:
    """Return whether the Snakemake that started this job is gone.

    It may be killed before the job gets as far as to ask the kernel for its own end.
    """
    started_by = int(os.environ.get(SNAKEMAKE, os.getppid()))
    if os.getppid() == started_by:
        return False
    try:
        os.kill(started_by, 0)  # asks for a process, and leaves it alone
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # there is such a process, of another user
    return False


def main_guard(main: Callable[[], None]) -> None:
    """Run a script's `main`: a `UserError` ends it with one line and exit code 1."""
    die_with_parent()
    if orphaned():
        sys.exit("error: Snakemake has ended: start the same command again")
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:  # what reads our output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if trouble := disk_trouble(error):
            sys.exit(f"error: {trouble}")
        raise


def disk_trouble(error: BaseException) -> str | None:
    """Return what is wrong with the disk and the cure, if an error is of that kind.

    Libraries wrap the system's errors, some in a text alone: HDF5's have no `errno`.
    """
    text = str(error)
    for number, (means, cure) in DISK.items():
        if getattr(error, "errno", None) == number or os.strerror(number) in text:
            return f"{means} ({text}): {cure}, and start the same command again"
    return None
