"""Which Snakemake works in this folder, also one of another computer that shares its disk.

Snakemake's own lock says that there is one, or was: not who. A run notes its computer and process
when it begins, and `make run` asks before it takes the lock of a killed one away.
"""

import json
import os
import socket
from pathlib import Path

import psutil

RECORD = Path(".snakemake/relearn.at_work")  # within the working directory


def begin() -> None:
    """Note that this process is at work here."""
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps({"computer": socket.gethostname(), "process": os.getpid()}))


def end() -> None:
    """Take this process's note away; another's stays."""
    if _record() == (socket.gethostname(), os.getpid()):
        RECORD.unlink(missing_ok=True)


def other() -> str | None:
    """Return who is at work in this folder, or may be, in words; None if nobody."""
    computer, process = _record()
    if computer and computer != socket.gethostname():
        return (
            f"a run that began on {computer} (process {process}) may be at work in this folder; "
            "look there, and if it is not, give `snakemake --unlock` and start again"
        )
    for found in psutil.process_iter(["pid", "cmdline", "cwd"]):
        words = found.info["cmdline"] or []
        if any(Path(word).name == "snakemake" for word in words[:3]) and (
            # another user's working directory cannot be seen
            found.info["cwd"] == os.getcwd() or found.info["pid"] == process
        ):
            return f"snakemake (process {found.info['pid']}) is at work in this folder"
    return None


def _record() -> tuple[str, int]:
    """Return the computer and the process of the note, "" and 0 where there is none."""
    try:
        found = json.loads(RECORD.read_text())
        return found["computer"], found["process"]
    except (OSError, ValueError, KeyError):
        return "", 0
