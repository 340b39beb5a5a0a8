"""Starts Snakemake for `make`: one run at a time, and none blocked by a run that was killed.

A killed Snakemake leaves a lock in ``.snakemake/`` that the next one stops at. This file
holds a lock of its own, which dies with the process, and removes Snakemake's only when no
Snakemake is at work in this folder, here or on another computer.
"""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

from relearn import atwork
from relearn.cli import main_guard
from relearn.errors import UserError

OWN_LOCK = Path(".snakemake/relearn.lock")
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)


def hold_lock() -> None:
    """Take this folder's lock for the rest of the process, across `exec`.

    Where the disk knows no locks, as some that computers share, Snakemake's own has to do.
    """
    OWN_LOCK.parent.mkdir(exist_ok=True)
    descriptor = os.open(OWN_LOCK, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            "another `make` is running the workflow in this folder; wait for it"
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    os.set_inheritable(descriptor, True)


def main():
    hold_lock()
    if SNAKEMAKE_LOCKS.is_dir() and any(SNAKEMAKE_LOCKS.iterdir()):
        if found := atwork.other():
            raise UserError(found)
        print("relearn: a former run was killed; going on from what it finished", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "snakemake", "--unlock", "--quiet"], check=True)
    # Jobs call `python`: the one of this environment, also when it is not activated.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", *sys.argv[1:]])


if __name__ == "__main__":
    main_guard(main)
