import os
import subprocess
import sys

import psutil
import pytest
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import strategies as st

from relearn import cli, device, resources, seeds
from relearn.files import atomic

NAMES = st.text("abcdefghij_0123456789", min_size=1, max_size=12)


@given(NAMES, NAMES, st.integers(0, 1000))
def test_seeds_are_in_range_and_follow_from_names(sample, part, root):
    seed = seeds.derive(sample, part, root=root)
    assert 0 <= seed < 2**63
    assert seed == seeds.derive(sample, part, root=root)
    assert seed != seeds.derive(sample, part, root=root + 1)
    assert 1 <= seeds.pythia_seed(sample, part, root) <= seeds.PYTHIA_LARGEST_SEED


def test_seed_is_the_same_on_every_machine():
    # SHA-256 of "0/zmumu/train-0000", its first 63 bits.
    import hashlib

    digest = hashlib.sha256(b"0/zmumu/train-0000").hexdigest()
    assert seeds.derive("zmumu", "train-0000") == int(digest[:16], 16) // 2


def test_output_appears_whole(tmp_path):
    path = tmp_path / "new/table.csv"
    with atomic(path) as temporary:
        temporary.write_text("a\n")
        assert not path.exists() and temporary.suffix == ".csv"
    assert path.read_text() == "a\n"


def test_failed_writer_leaves_the_former_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_deleted_unless_others_may_write(tmp_path):
    path, left = tmp_path / "part-0000.root", tmp_path / ".part-0000.123.tmp.root"
    other = tmp_path / ".part-0000.b.123.tmp.root"
    for file in (left, other):
        file.write_text("half")
    with atomic(path, shared=True) as temporary:
        temporary.write_text("whole")
    assert left.exists()
    with atomic(path) as temporary:
        temporary.write_text("whole")
    assert sorted(tmp_path.iterdir()) == [other, path]


def test_user_error_is_one_line_without_traceback():
    code = (
        "from relearn.cli import main_guard\nfrom relearn.errors import UserError\n"
        "def main(): raise UserError('config.yaml: epochs is 0; write 1 or more')\n"
        "main_guard(main)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "error: config.yaml: epochs is 0; write 1 or more\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("OSError(errno.ENOSPC, 'No space left on device', 'a.csv')", "error: the disk is full"),
        ("OSError('write failed (errno = 28, No space left on device)')", "free some space"),
        ("OSError(errno.EROFS, 'Read-only file system', 'a.csv')", "can only be read"),
        ("OSError(errno.EACCES, 'Permission denied', 'a.csv')", "chmod"),
    ],
)
def test_trouble_with_the_disk_is_one_line_with_the_cure(error, message):
    code = (
        "import errno\nfrom relearn.cli import main_guard\n"
        f"def main(): raise {error}\nmain_guard(main)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True
    )
    assert done.returncode == 1 and message in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel call is Linux's own")
def test_job_dies_with_the_shell_that_started_it():
    job = (
        "from relearn.cli import die_with_parent\nimport time\n"
        "die_with_parent(); print('ready', flush=True); time.sleep(60)"
    )
    # `; true` keeps the shell as a parent, as Snakemake's does.
    parent = subprocess.Popen(
        ["sh", "-c", f'"{sys.executable}" -c "{job}"; true'],
        cwd=ROOT / "scripts",
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout.readline() == "ready\n"
    (child,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running()
    parent.stdout.close()


def test_job_does_not_begin_without_the_snakemake_that_started_it():
    gone = subprocess.Popen(["true"])
    gone.wait()
    code = "from relearn.cli import main_guard\nmain_guard(lambda: print('begun'))"
    begun = {}
    for pid in (os.getpid(), os.getppid(), gone.pid):  # the second lives, started through others
        begun[pid] = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT / "scripts",
            env=os.environ | {cli.SNAKEMAKE: str(pid)},
            capture_output=True,
            text=True,
        )
    orphan = begun.pop(gone.pid)
    assert all(done.stdout == "begun\n" for done in begun.values())
    assert orphan.returncode == 1 and "Snakemake has ended" in orphan.stderr and not orphan.stdout


def test_device_is_looked_at_once_and_taken_at_its_word(monkeypatch, tmp_path):
    assert device.gpu_meant("cuda") and device.gpu_meant("mps") and not device.gpu_meant("cpu")
    tool = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(device.platform, "system", lambda: "Linux")
    assert not device.gpu_meant("auto")
    tool.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: x)'\n")
    tool.chmod(0o755)
    assert device.gpu_meant("auto")
    tool.write_text("#!/bin/sh\necho 'No devices found' >&2; exit 9\n")
    assert not device.gpu_meant("auto")


def test_needs_grow_with_the_attempt():
    need = resources.NEEDS["train"]
    assert need.mem()(None, attempt=2) == 2 * need.mem_mb
    assert need.minutes()(None, attempt=3) == 3 * need.runtime
