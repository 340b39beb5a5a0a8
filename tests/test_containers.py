"""envs/Dockerfile and envs/relearn.def: the same environment, pinned, from the lock."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers_workflow import ROOT
from test_environments import LOCKER

DOCKER = (ROOT / "envs/Dockerfile").read_text()
APPTAINER = (ROOT / "envs/relearn.def").read_text()
BASE = r"python:(\d+\.\d+)\.\d+-slim-[a-z]+"
BOTH = pytest.mark.parametrize("text", [DOCKER, APPTAINER], ids=["docker", "apptainer"])


def bases(text: str) -> list[str]:
    return re.findall(r"^from:?\s+(\S+)", text, re.M | re.I)


def packages(text: str) -> list[str]:
    """What apt and pip are asked for, and what is imported to see whether it works."""
    return re.findall(r"(?:apt-get install|pip install|python -c) [^\n\\]*", text)


@BOTH
def test_the_base_is_one_release_of_the_python_of_the_lock(text):
    (base,) = bases(text)
    version = re.search(r'"--python-version", "([\d.]+)"', LOCKER.read_text())[1]
    assert re.fullmatch(BASE, base)[1] == version


@BOTH
def test_the_lock_is_what_is_installed(text):
    (target,) = re.findall(r"envs/pip/run\.txt (\S+)", text)
    assert f"pip install --no-cache-dir --requirement {target}" in text


def test_both_have_the_same():
    assert bases(DOCKER) == bases(APPTAINER)
    assert [one.strip() for one in packages(DOCKER)] == packages(APPTAINER)


def test_nothing_but_the_lock_is_sent_to_the_builder():
    """Not gigabytes of results and environments."""
    ignored = (ROOT / "envs/Dockerfile.dockerignore").read_text().split()
    copied = re.findall(r"^COPY (\S+)", DOCKER, re.M)
    assert ignored == ["*", *(f"!{name}" for name in copied)]
    assert all((ROOT / name).is_file() for name in copied)


def test_the_linter_finds_what_is_not_pinned(tmp_path):
    """What `make lint` asks of the file can fail."""
    loose = tmp_path / "Dockerfile"
    loose.write_text(re.sub(r"(FROM python):\S+", r"\1:latest", DOCKER))
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, loose], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "DL3007" in done.stdout
