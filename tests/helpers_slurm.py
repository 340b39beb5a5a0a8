"""A SLURM of one node, on this machine: munge, slurmctld and slurmd of Debian's packages.

The packages are unpacked (`helpers_debian`) and not installed: where SLURM is installed and does
not run, every Snakemake waits seconds for it when it starts.
"""

import ctypes
import getpass
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from helpers_debian import unpacked
from helpers_workflow import environment

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge")
COMMANDS = (
    "sbatch",
    "srun",
    "squeue",
    "scancel",
    "scontrol",
    "sinfo",
    "sacctmgr",
    "sshare",
    "sacct",
)
LONGEST_WAIT = 120  # s, before giving up on what should have come
PR_SET_PDEATHSIG = 1

# The daemons are those of a cluster; what a container lacks (cgroups, a data base of accounts) is
# left out. Memory is looked at every second, and who takes more than was asked for is killed.
# /dev/null stands in for a GPU.
SLURM_CONF = """\
ClusterName=relearn
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
PluginDir={plugins}
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
KillWait=1
MinJobAge=600
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
GRES_CONF = "NodeName={host} Name=gpu File=/dev/null\n"
# Every second a look at the jobs: the plugin takes ten seconds longer for each look in vain.
IMPATIENT = """\
import sys
from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor
Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, value: None)
main(sys.argv[1:])
"""
# What the programs need is set for them alone, and for the steps of a job too, from whose
# environment Snakemake's plugin takes SLURM's variables away.
WRAPPER = """\
#!/bin/sh
export SLURM_CONF={folder}/slurm.conf LD_LIBRARY_PATH={libraries}
exec {program} "$@"
"""


def wait_for(what: str, found: Callable[[], Any], seconds: float = LONGEST_WAIT) -> Any:
    """Return what `found` gives, once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.25)
    raise AssertionError(f"{what} did not come in {seconds:.0f} s")


@dataclass(frozen=True)
class Job:
    """A submission as SLURM knows it: its number, its state, and what `scontrol` says of it."""

    number: int
    state: str
    fields: dict[str, str]

    @property
    def name(self) -> str:
        """Rule and wildcards, or the rules of a group, as Snakemake writes them."""
        return self.fields.get("Comment", "")


@dataclass(frozen=True)
class Cluster:
    """A running SLURM."""

    folder: Path
    host: str
    memory: int  # MB, of its node

    @property
    def path(self) -> str:
        """The folder of SLURM's commands, for PATH."""
        return str(self.folder / "bin")

    def run(self, command: str, *arguments: str, check: bool = True) -> str:
        """Return what a command of SLURM prints."""
        words = [f"{self.path}/{command}", *arguments]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def state(self) -> str:
        """Return the node's state."""
        return self.run("sinfo", "-h", "-o", "%T", check=False).strip()

    def jobs(self, name: str = "") -> list[Job]:
        """Return the jobs with `name` in theirs, also those that ended, as submitted."""
        found = []
        for line in self.run("scontrol", "--oneliner", "show", "job").splitlines():
            fields = dict(word.partition("=")[::2] for word in line.split())
            if "JobId" in fields:
                found.append(Job(int(fields["JobId"]), fields["JobState"], fields))
        return sorted((job for job in found if name in job.name), key=lambda job: job.number)

    def node(self, state: str) -> None:
        """Drain the node, or take it back into service."""
        self.run("scontrol", "update", f"NodeName={self.host}", f"State={state}", "Reason=test")

    def logs(self) -> str:
        """Return the ends of the daemons' logs, for the message of a failed test."""
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"{path.name}:\n{path.read_text()[-3000:]}" for path in files)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _configure(folder: Path) -> Cluster:
    """Write the configuration, and the commands with it."""
    host = socket.gethostname().partition(".")[0]
    root = unpacked("slurm", *PACKAGES)
    for program in root.glob("usr/sbin/*-wlm"):  # they go by the name that they have
        program.rename(program.with_name(program.name.removesuffix("-wlm")))
    libraries = next(root.glob("usr/lib/*/slurm-wlm"))
    controller_port, node_port = _free_ports(2)
    values = {"folder": folder, "host": host, "user": getpass.getuser(), "plugins": libraries}
    values |= {"controller_port": controller_port, "node_port": node_port}
    memory = psutil.virtual_memory().total // 2**20 - 1
    values |= {"cpus": os.cpu_count(), "memory": memory}
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    for name, text in (("slurm.conf", SLURM_CONF), ("gres.conf", GRES_CONF)):
        (folder / name).write_text(text.format(**values))
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    for program in [*root.glob("usr/bin/*"), *root.glob("usr/sbin/*")]:
        if program.name in COMMANDS or program.parent.name == "sbin" or program.name == "munge":
            wrapper = folder / "bin" / program.name
            text = WRAPPER.format(
                folder=folder, libraries=f"{libraries}:{libraries.parent}", program=program
            )
            wrapper.write_text(text)
            wrapper.chmod(0o755)
    return Cluster(folder, host, memory)


def _daemon(words: list[str | Path], log: Path) -> subprocess.Popen:
    """Start a daemon that ends with this process, however that ends."""

    def die_with_parent():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    with open(log, "w") as file:
        return subprocess.Popen(words, stdout=file, stderr=file, preexec_fn=die_with_parent)


def _stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run a SLURM below `folder`, and end it with all its jobs."""
    folder.mkdir(parents=True)
    running = _configure(folder)
    programs = folder / "bin"
    munged = [programs / "munged", "--foreground", "--force"]
    munged += [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    munged += [f"--socket={folder}/munge.socket"]
    with ExitStack() as stack:
        stack.callback(_stop, _daemon(munged, folder / "munged.log"))
        wait_for("munge's socket", (folder / "munge.socket").exists, 20)
        stack.callback(_stop, _daemon([programs / "slurmctld", "-D"], folder / "slurmctld.out.log"))
        stepd = programs / "slurmstepd"
        stack.callback(
            _stop, _daemon([programs / "slurmd", "-D", "-d", stepd], folder / "slurmd.out.log")
        )
        try:
            wait_for("an idle node", lambda: running.state() == "idle", 30)
            yield running
        except AssertionError as error:
            raise AssertionError(f"{error}\n{running.logs()}") from None
        finally:
            running.run("scancel", "--full", f"--user={getpass.getuser()}", check=False)


# sacct, which is asked elsewhere, knows nothing without a data base of accounts.
SQUEUE = ("--slurm-status-command", "squeue")


def submit(
    project: Path, slurm: Cluster, log: Path, *arguments: str, states: tuple[str, ...] = SQUEUE
) -> subprocess.Popen:
    """Start Snakemake in `project`, on a machine that seems to have a GPU."""
    gpu_here = Path(slurm.path) / "nvidia-smi"  # device: auto asks for one then; the job has none
    gpu_here.write_text("#!/bin/sh\necho 'GPU 0: /dev/null'\n")
    gpu_here.chmod(0o755)
    variables = environment()
    variables["PATH"] = f"{slurm.path}:{variables['PATH']}"
    words = [sys.executable, "-c", IMPATIENT, "--max-status-checks-per-second", "10"]
    words += [*states, *arguments]
    with open(log, "w") as file:
        return subprocess.Popen(words, cwd=project, env=variables, stdout=file, stderr=file)
