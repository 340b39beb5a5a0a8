"""Programs of Debian's packages, unpacked below ``.cache/`` and not installed: none needs root.

What is no Debian, or has no network, has not got them, and the tests that ask for one are skipped;
with ``RELEARN_DEBIAN=required``, which ``.ci/run`` sets, they fail instead.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
from helpers_workflow import ROOT

REQUIRED = os.environ.get("RELEARN_DEBIAN") == "required"
CACHE = ROOT / ".cache"


def unpacked(name: str, *packages: str) -> Path:
    """Return a folder that holds packages, and what they need and this machine has not.

    Parameters
    ----------
    name
        Of the folder.
    packages
        Of Debian. They are got once, from the network.
    """
    folder = CACHE / name
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "debian.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if not folder.is_dir():
            _unpack(folder, packages)
    return folder


def give_up(reason: str) -> NoReturn:
    """Skip the test, or fail it where it is required."""
    (pytest.fail if REQUIRED else pytest.skip)(reason)


def libraries(folder: Path) -> str:
    """Return where the libraries of unpacked packages are, for ``LD_LIBRARY_PATH``.

    Some are one folder deeper, where those that need them look for them below ``/``.
    """
    found = {path.parent for path in folder.glob("**/*-linux-gnu*/**/*.so*")}
    return ":".join(sorted(map(str, found)))


def _unpack(folder: Path, packages: tuple[str, ...]) -> None:
    if os.uname().sysname != "Linux" or not all(map(shutil.which, ("apt-get", "dpkg"))):
        give_up(f"{folder.name} comes from Debian's packages, and this is no Debian")
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        _download(Path(temporary), packages)
        whole = Path(temporary) / "root"
        for package in sorted(Path(temporary).glob("*.deb")):
            subprocess.run(["dpkg", "-x", package, whole], check=True)
        whole.rename(folder)


def _download(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "partial").mkdir()
    get = ["apt-get", "-qq", "install", "-y", "--download-only", "--reinstall"]
    get += ["--no-install-recommends", "-o", "Debug::NoLocking=1"]
    get += ["-o", f"Dir::Cache::archives={folder}", *packages]
    for words in (get, ["apt-get", "-qq", "update"], get):  # the lists may be missing, or old
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        if words is get and not done.returncode:
            return
    give_up(f"Debian's packages cannot be had: {' '.join(get)}\n{done.stdout}{done.stderr}")
