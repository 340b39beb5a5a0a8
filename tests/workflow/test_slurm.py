"""nano on a cluster of one node that is none too kind: all that is lost is submitted again.

One job is cancelled, one is killed, one asks for less memory than it takes, and the node is
drained. What comes out is what a local run gives.
"""

from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from helpers_slurm import Cluster, Job, cluster, submit, wait_for
from helpers_workflow import ROOT, assert_same_tables, copy_project, replace_in, start

from relearn import config, plan

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("slurm")]
NANO = ("--config", "scale=nano")
# The README's command, at another scale, and on a GPU only if there is one.
SUBMIT = next(
    line.replace("scale=paper", "scale=nano").removesuffix(" device=cuda").split()[1:]
    for line in (ROOT / "README.md").read_text().splitlines()
    if line.startswith("snakemake --workflow-profile")
)
TOO_LITTLE = 300  # MB, for a training; torch and Snakemake take more


@dataclass(frozen=True)
class Run:
    """What came of it."""

    project: Path
    local: Path
    output: str
    jobs: list[Job]
    waited: list[Job]  # while the node was drained
    memory: int  # MB, of the node
    without_account: Path  # what a submission that names none has printed
    without_states: Path  # what one has printed that asks `sacct`

    def named(self, name: str) -> list[Job]:
        return [job for job in self.jobs if name in job.name]


def cancel_a_part(slurm: Cluster) -> None:
    def running():
        return [job for job in slurm.jobs("part") if job.state == "RUNNING"]

    slurm.run("scancel", str(wait_for("a part that runs", running)[0].number))


def kill_the_dataset(project: Path) -> None:
    def process():
        for one in psutil.process_iter(["cmdline", "cwd"]):
            words = one.info["cmdline"] or []
            if one.info["cwd"] == str(project) and "scripts/build_dimuon.py" in words[:2]:
                return one
        return None

    wait_for("the job that builds the dataset", process).kill()


def drain_during_a_training(slurm: Cluster) -> list[Job]:
    """Drain the node; return the jobs that wait for it when it has nothing to do any more."""

    def second_attempt_runs():
        trainings = slurm.jobs("rule_train")
        return len(trainings) > 1 and trainings[1].state != "PENDING"

    wait_for("the second attempt of a training", second_attempt_runs)
    slurm.node("DRAIN")

    def waiting():
        return slurm.state() == "drained" and [
            job for job in slurm.jobs() if job.state == "PENDING"
        ]

    found = wait_for("a job that waits for the node", waiting)
    slurm.node("RESUME")
    return found


def submit_without_account(slurm: Cluster, project: Path) -> Path:
    """Submit a part's events with the profile's line of the account deleted; return the output."""
    copy_project(project)
    replace_in(project / "profiles/slurm/config.yaml", "  slurm_account: default\n", "")
    log = project / "output.txt"
    part = "results/nano/events/zmumu/test-0000.root"
    process = submit(project, slurm, log, *SUBMIT, "--", part)
    try:
        assert process.wait(120) == 0 and (project / part).is_file(), log.read_text()[-6000:]
    finally:
        process.kill()
        process.wait()
    return log


def submit_without_states(slurm: Cluster, project: Path) -> Path:
    """Submit with the profile as it is to a SLURM without accounts; return the output."""
    log = project / "states.txt"
    part = "results/nano/events/zmumu/train-0000.root"
    process = submit(project, slurm, log, *SUBMIT, "--", part, states=())
    try:
        assert process.wait(120) != 0
    finally:
        process.kill()
        process.wait()
    return log


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    local, project = copy_project(folder / "local"), copy_project(folder / "project")
    needs = project / "scripts/relearn/resources.py"
    replace_in(needs, '"train": Need(mem_mb=3000', f'"train": Need(mem_mb={TOO_LITTLE}')
    log = folder / "output.txt"
    with cluster(folder / "slurm") as slurm:
        # More than there is for the report, which the profile's limit takes back.
        replace_in(needs, '"report": Need(mem_mb=1000', '"report": Need(mem_mb=10_000_000')
        profile = project / "profiles/slurm/config.yaml"
        replace_in(profile, "mem_mb: 180000", f"mem_mb: {slurm.memory}")
        snakemake = submit(project, slurm, log, *SUBMIT)
        here = start(local, *NANO, "--", "results/nano/claims.csv")
        try:
            cancel_a_part(slurm)
            kill_the_dataset(project)
            waited = drain_during_a_training(slurm)
            snakemake.wait(600)
            here.wait(600)
        finally:
            for process in (snakemake, here):
                process.kill()
                process.wait()
        assert snakemake.returncode == here.returncode == 0, log.read_text()[-6000:]
        jobs = slurm.jobs()
        bare = submit_without_account(slurm, folder / "bare")
        before = len(slurm.jobs())
        silent = submit_without_states(slurm, folder / "bare")
        assert len(slurm.jobs()) == before, "submitted, though nothing tells how it ends"
        yield Run(project, local, log.read_text(), jobs, waited, slurm.memory, bare, silent)


def test_results_are_those_of_a_local_run(run):
    assert_same_tables(run.project, run.local)
    nano = config.load("nano")
    for study in nano.studies:
        assert (run.project / plan.figure(nano, study)).is_file()
    assert (run.project / "results/nano/report.html").is_file()


@pytest.mark.parametrize("name", ["part", "rule_dataset"])
def test_what_is_killed_is_submitted_again(run, name):
    jobs = run.named(name)
    lost = [job for job in jobs if job.state != "COMPLETED"]
    assert [job.state for job in lost] == ["CANCELLED" if name == "part" else "FAILED"]
    assert len(jobs) == (4 if name == "part" else 2), "one more than there are jobs"


def test_too_little_memory_is_doubled(run):
    first, *others = run.named("rule_train")
    assert first.state != "COMPLETED" and others[-1].state == "COMPLETED"
    wanted = [int(job.fields["MinMemoryNode"].removesuffix("M")) for job in (first, *others)]
    assert wanted == [TOO_LITTLE * (1 + attempt) for attempt in range(len(wanted))]
    log = Path(first.fields["StdOut"])
    assert "exceeded memory limit" in log.read_text()
    # and Snakemake says where to look
    assert log.is_relative_to(run.project / "results/slurm_logs") and str(log) in run.output


def test_no_job_asks_for_more_memory_than_a_node_has(run):
    (report,) = run.named("report")
    assert report.fields["MinMemoryNode"] == f"{run.memory}M" and report.state == "COMPLETED"


def test_a_drained_node_is_waited_for(run):
    assert run.waited
    numbers = {job.number for job in run.waited}
    assert {job.state for job in run.jobs if job.number in numbers} <= {"COMPLETED", "FAILED"}


def test_slurm_begins_again_what_a_node_loses(run):
    assert run.jobs and all(job.fields["Requeue"] == "1" for job in run.jobs)


def test_trainings_alone_have_a_gpu(run):
    for job in run.jobs:
        gpus = job.fields.get("TresPerJob", "")
        assert gpus == ("gres:gpu:1" if "rule_train" in job.name else ""), job.name


def test_what_is_short_is_submitted_together(run):
    lost = len(run.named("part")) - 3 + len(run.named("rule_dataset")) - 1
    lost += len(run.named("rule_train")) - 1
    # three parts, a dataset, a training, two studies with their figures, the report
    assert len(run.jobs) - lost == 8
    assert len(run.named("study")) == 2 and len(run.named("report")) == 1


def test_a_cluster_that_says_nothing_of_jobs_is_told_at_once(run):
    text = run.without_states.read_text()
    assert "slurm-status-command: squeue" in text and "accounting storage is disabled" in text


def test_a_cluster_without_accounts_takes_jobs_too(run):
    text = run.without_account.read_text()
    assert "Unable to guess SLURM account. Trying to proceed without." in text
