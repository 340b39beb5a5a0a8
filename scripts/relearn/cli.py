"""What every command-line script shares: errors in one line, death with the parent."""

import ctypes
import signal
import sys
from collections.abc import Callable

from relearn.errors import UserError

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to end this job when the shell that started it dies.

    A killed Snakemake leaves its children behind, and they would go on writing files that
    the next run believes to be its own. Linux only; elsewhere nothing happens.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main_guard(main: Callable[[], None]) -> None:
    """Run a script's `main`: a `UserError` ends it with one line and exit code 1."""
    die_with_parent()
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
