"""Who is at work in a folder, and that `make run` takes no living run's lock away."""

import json
import os
import socket
import subprocess
import sys

import pytest
from helpers_workflow import ROOT

from relearn import atwork


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def snakemake(tmp_path_factory):
    """A process of that name, which works elsewhere."""
    process = subprocess.Popen(
        ["snakemake", "60"], executable="/bin/sleep", cwd=tmp_path_factory.mktemp("elsewhere")
    )
    yield process
    process.kill()
    process.wait()


def note(computer, process):
    atwork.RECORD.parent.mkdir(exist_ok=True)
    atwork.RECORD.write_text(json.dumps({"computer": computer, "process": process}))


def test_nobody_is_at_work_in_a_new_folder():
    assert atwork.other() is None


def test_a_note_comes_and_goes():
    atwork.begin()
    assert json.loads(atwork.RECORD.read_text())["process"] == os.getpid()
    atwork.end()
    assert not atwork.RECORD.exists()


def test_anothers_note_stays():
    note("another", os.getpid())
    atwork.end()
    assert atwork.RECORD.exists()


def test_a_run_of_another_computer_may_be_at_work():
    note("login2", 17)
    assert "login2 (process 17)" in atwork.other() and "--unlock" in atwork.other()


def test_a_run_is_known_by_its_number_where_its_folder_cannot_be_seen(snakemake):
    assert atwork.other() is None
    note(socket.gethostname(), snakemake.pid)
    assert f"process {snakemake.pid}" in atwork.other()


def test_the_number_of_a_killed_run_may_be_anothers():
    note(socket.gethostname(), os.getpid())
    assert atwork.other() is None


def test_a_note_that_was_cut_short_is_none():
    atwork.RECORD.parent.mkdir()
    atwork.RECORD.write_text('{"computer": "lo')
    assert atwork.other() is None


def test_make_takes_no_lock_of_another_computer(folder):
    note("login2", 17)
    lock = folder / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir()
    lock.touch()
    words = [sys.executable, str(ROOT / "scripts/run_workflow.py"), "--version"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1 and "login2" in done.stderr and lock.exists()
    assert done.stderr.count("\n") == 1
