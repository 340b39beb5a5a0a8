"""A SLURM that cannot say how jobs ended is told before the first one is submitted."""

import pytest

from relearn import slurm
from relearn.errors import UserError


@pytest.fixture
def sacct(tmp_path, monkeypatch):
    """Puts a `sacct` on the PATH that runs a line of shell."""

    def put(line):
        program = tmp_path / "sacct"
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return put


def test_without_a_data_base_the_cure_is_named(sacct):
    sacct("echo 'Slurm accounting storage is disabled' >&2; exit 1")
    with pytest.raises(UserError, match="slurm-status-command: squeue"):
        slurm.require_states("sacct")


@pytest.mark.parametrize("line", ["echo 1", "echo 'sacct: error: connection refused' >&2; exit 1"])
def test_with_one_even_if_it_is_away_for_a_moment_nothing_is_said(sacct, line):
    sacct(line)
    slurm.require_states("sacct")


@pytest.mark.parametrize("command", [None, "squeue"])
def test_nobody_is_asked_where_sacct_is_not(sacct, command, tmp_path):
    sacct(f"touch {tmp_path}/asked")
    slurm.require_states(command)
    assert not (tmp_path / "asked").exists()


def test_no_sacct_is_the_plugins_business(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    slurm.require_states("sacct")


def test_one_that_never_answers_holds_nothing_up(sacct, monkeypatch):
    sacct("exec sleep 30")
    monkeypatch.setattr(slurm, "LONGEST", 0.2)
    slurm.require_states("sacct")
