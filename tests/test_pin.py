"""envs/pin.sh with a conda that installs nothing: what it asks for, writes, and says."""

import shutil
import subprocess

import helpers_conda
import pytest
from helpers_workflow import ROOT
from test_environments import ENVIRONMENTS, pinned_apart

from relearn import toolversions

ALL = (*ENVIRONMENTS, "delphes")


@pytest.fixture
def envs(tmp_path):
    folder = tmp_path / "envs"
    folder.mkdir()
    for path in [ROOT / "envs/pin.sh", *(ROOT / "envs").glob("*.yaml")]:
        shutil.copy2(path, folder)
    return folder


@pytest.fixture
def conda(tmp_path):
    return helpers_conda.install(tmp_path / "conda")


def pin(envs, path, *names):
    return subprocess.run(
        ["sh", str(envs / "pin.sh"), *names],
        env={"PATH": path, "TMPDIR": str(envs.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def pins(envs):
    return {path.name.partition(".")[0]: path.read_text() for path in envs.glob("*.pin.txt*")}


def test_all_environments_are_pinned(envs, conda):
    done = pin(envs, conda.path)
    assert done.returncode == 0, done.stderr
    found = pins(envs)
    assert set(found) == set(ALL)
    for name in ALL:
        assert not pinned_apart(found[name], toolversions.pinned(name)), name
    # what was made for it is gone
    assert {path.name for path in envs.parent.iterdir()} == {"envs", "conda"}


def test_one_is_pinned_alone(envs, conda):
    assert pin(envs, conda.path, "plot").returncode == 0
    assert set(pins(envs)) == {"plot"}
    assert [call for call in conda.calls() if "create" in call and "plot.yaml" not in call] == []


def test_without_conda_it_says_so(envs, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    done = pin(envs, str(tools))
    assert done.returncode == 1
    assert "no conda on the PATH" in done.stderr


def test_without_a_channel_it_says_so(envs, conda):
    (conda.folder / "offline").touch()
    done = pin(envs, conda.path)
    assert done.returncode == 1
    assert "conda-forge cannot be reached" in done.stderr
    assert not pins(envs)


def test_what_cannot_be_solved_leaves_the_old_pin(envs, conda):
    old = envs / "train.linux-64.pin.txt"
    old.write_text("@EXPLICIT\nold\n")
    (conda.folder / "unsolvable").touch()
    done = pin(envs, conda.path, "train")
    assert done.returncode == 1
    assert "nothing provides" in done.stderr and "train.yaml cannot be solved" in done.stderr
    assert pins(envs) == {"train": "@EXPLICIT\nold\n"}


def test_an_unknown_environment_is_named_with_those_there_are(envs, conda):
    done = pin(envs, conda.path, "trian")
    assert done.returncode == 2
    assert "envs/trian.yaml" in done.stderr and "train.yaml" in done.stderr


def test_help_says_that_it_never_met_a_channel(envs):
    done = pin(envs, "/usr/bin:/bin", "--help")
    assert done.returncode == 0
    assert "no conda channel could be reached" in done.stdout
