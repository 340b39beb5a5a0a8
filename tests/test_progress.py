"""How far a run is, by hand and by an idle clock; and what the terminal shows of failed jobs."""

import logging
from types import SimpleNamespace

import pytest
from helpers_workflow import ROOT

from relearn import config, jobcosts, plan, progress, runlog
from relearn.forecast import forecast
from relearn.progress import TRUSTED_SECONDS, Job, Progress


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def jobs(**stages):
    """Stage → expected seconds of its jobs, numbered in this order."""
    found = [Job(stage, seconds) for stage, all_of in stages.items() for seconds in all_of]
    return dict(enumerate(found))


def test_before_anything_ends_the_estimates_hold(clock):
    waiting = jobs(events=[100.0, 100.0], trainings=[200.0])
    assert Progress(waiting, 2, clock).seconds_left() == pytest.approx(400 / 2)
    assert Progress(waiting, None, clock).seconds_left() is None


def test_the_pace_of_this_run_decides_in_the_end(clock):
    found = Progress(jobs(events=[1000.0] * 10), 1, clock)
    for number in range(5):
        clock.now += 2000.0  # half as fast as expected
        found.finish(number)
    expected = 5000 * (10000 + TRUSTED_SECONDS) / (5000 + TRUSTED_SECONDS)
    assert found.seconds_left() == pytest.approx(expected)
    on_cluster = Progress(jobs(events=[1000.0] * 10), None, clock)
    clock.now += 500.0
    on_cluster.finish(0)
    on_cluster.finish(1)  # four jobs' seconds a second
    assert on_cluster.seconds_left() == pytest.approx(8000 / 4)


def test_line_names_the_stages_that_are_not_done(clock):
    found = Progress(jobs(events=[60.0], trainings=[60.0, 60.0], report=[0.0]), 1, clock)
    assert found.line() == (
        "0 of 4 jobs done, about 3 min left (events 0/1, trainings 0/2, report 0/1)"
    )
    clock.now += 60.0
    found.finish(0)
    assert found.line() == "1 of 4 jobs done, about 2 min left (trainings 0/2, report 0/1)"
    for number in (0, 1, 2, 3, 99):  # twice, and one that is none of them
        found.finish(number)
    assert found.line() == "4 of 4 jobs done (all)"


def test_expected_seconds_of_a_run_are_those_of_its_forecast():
    resolved = config.load("nano")
    batches = {scan: plan.scan_batches(resolved, scan) for scan in plan.used_scans(resolved)}
    costs = jobcosts.read(ROOT / "config/costs.yaml")
    asked = [
        (0, "generate", {"sample": "zmumu", "part": "train-0000"}),
        (1, "dataset_dimuon", {"dataset": "zmumu"}),
        (2, "train", {"scan": "pt_nodes", "batch": "0000"}),
        (3, "measure_pt_nodes", {}),
        (4, "fig_pt_nodes", {}),
        (5, "claims", {}),
        (6, "all", {}),
    ]
    found = progress.jobs_of(resolved, batches, asked, costs.seconds)
    stages = ["events", "datasets", "trainings", "studies", "figures", "report"]
    assert [job.stage for job in found.values()] == stages  # "all" is no job of its own
    yields = plan.read_yields(ROOT / "config/yields.yaml")
    tasks = {task.name: task.seconds for task in forecast(resolved, yields, costs, ROOT).tasks}
    names = ["generate/zmumu/train-0000", "dataset/zmumu", "train/pt_nodes/0000"]
    names += ["measure/pt_nodes", "draw/pt_nodes", "report/claims"]
    assert [job.seconds for job in found.values()] == [tasks[name] for name in names]


@pytest.fixture
def log():
    """A logger with a terminal, a file and our handler: the logger, and what is written where."""
    written, shown = [], []

    class Terminal(logging.StreamHandler):
        def emit(self, record):
            shown.append(record.getMessage())

    logger = logging.Logger("snakemake")
    logger.addHandler(Terminal())
    handler = runlog.RunLog(Progress(jobs(events=[1.0, 1.0]), 1), written.append)
    return SimpleNamespace(logger=logger, handler=handler, written=written, shown=shown)


JOB = {"jobid": 1, "rule_name": "generate", "log": []}


def tell(logger, text, **fields):
    logger.info(text, extra=fields)


def test_the_terminal_shows_progress_and_leaves_the_rest_to_the_log(log):
    runlog.attach(log.logger, log.handler)
    tell(log.logger, "rule generate: …", event="job_info", **JOB)
    tell(log.logger, "Select jobs to execute...")
    tell(log.logger, "Something unexpected")
    tell(log.logger, "Finished jobid: 1", event="job_finished", job_id=1)
    tell(log.logger, "Finished jobid: 0", event="job_finished", job_id=0)  # too soon for a line
    assert log.shown == ["Something unexpected"]
    assert len(log.written) == 1 and log.written[0].startswith("relearn: 1 of 2 jobs done")


def test_what_is_at_work_is_said_after_a_long_silence(log, monkeypatch):
    now = 0.0
    monkeypatch.setattr(runlog.time, "monotonic", lambda: now)
    runlog.attach(log.logger, log.handler)
    log.handler._heard = now
    for number in range(5):
        path = f"results/nano/logs/train/pt_nodes/000{number}.log"
        tell(
            log.logger,
            "rule train: …",
            event="job_info",
            jobid=number,
            rule_name="train",
            log=[path],
        )
    now = runlog.SECONDS_OF_SILENCE - 1
    log.handler.remind()
    assert not log.written
    tell(log.logger, "Finished jobid: 0", event="job_finished", job_id=0)
    now += runlog.SECONDS_OF_SILENCE - 1
    log.handler.remind()
    assert len(log.written) == 1, "a job has ended in between"
    now += 2
    log.handler.remind()
    log.handler.remind()
    assert len(log.written) == 2
    assert log.written[1].endswith(
        "; at work: train/pt_nodes/0001, train/pt_nodes/0002, train/pt_nodes/0003 and 1 more"
    )
    tell(log.logger, "Error", event="job_error", rule_name="train", jobid=3, log=[])
    for number in (1, 2, 4):
        tell(log.logger, "Finished jobid", event="job_finished", job_id=number)
    told = len(log.written)
    now += 2 * runlog.SECONDS_OF_SILENCE
    log.handler.remind()
    assert len(log.written) == told, "nothing is at work"


def test_verbose_keeps_snakemakes_own_account(log):
    runlog.attach(log.logger, log.handler, whole=True)
    tell(log.logger, "rule generate: …", event="job_info", **JOB)
    assert log.shown == ["rule generate: …"]


def test_a_failed_job_shows_the_end_of_its_log(log, tmp_path):
    runlog.attach(log.logger, log.handler)
    path = tmp_path / "results/nano/logs/train/pt_nodes/0003.log"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"line {number}\n\n" for number in range(40)) + "error: no data\n")
    tell(log.logger, "Error", event="job_error", rule_name="train", jobid=3, log=[str(path)])
    (text,) = log.written
    assert text.startswith("relearn: train/pt_nodes/0003 failed") and str(path) in text
    assert text.endswith("error: no data") and "line 26" in text and "line 25" not in text
    assert log.handler.failed == {"train/pt_nodes/0003": str(path)}
    tell(log.logger, "Error", event="job_error", rule_name="all", jobid=4, log=[])
    assert log.written[-1] == "relearn: all failed"


def test_a_job_that_does_well_in_the_end_has_not_failed(log):
    runlog.attach(log.logger, log.handler)
    path = "results/nano/logs/train/pt_nodes/0003.log"
    named = {"rule_name": "train", "jobid": 3, "log": [path]}
    for event in ("job_info", "job_error", "job_info"):
        tell(log.logger, event, event=event, **named)
    assert log.handler.failed == {"train/pt_nodes/0003": path}
    tell(log.logger, "Finished jobid: 3", event="job_finished", job_id=3)
    assert not log.handler.failed


def test_a_failed_submission_shows_the_clusters_log(log, tmp_path):
    runlog.attach(log.logger, log.handler)
    (tmp_path / "7.log").write_text("exceeded memory limit\n")
    tell(log.logger, "Error", event="group_error", groupid="x", aux_logs=[str(tmp_path / "7.log")])
    assert log.written[0].endswith("exceeded memory limit") and "7.log" in log.written[0]


def test_why_a_submission_was_refused_is_told(log):
    class Group:
        def log_error(self, msg=None, aux_logs=None, **extra):
            fields = {"event": "group_error", "aux_logs": aux_logs or [], **extra}
            tell(log.logger, "Error in group", **fields)

    runlog.attach(log.logger, log.handler)
    runlog.tell_why(Group)
    refused = (
        "SLURM sbatch failed. The error message was 'invalid partition: mian'.\n  sbatch call:"
    )
    Group().log_error(msg=refused)
    assert "'invalid partition: mian'.\n  sbatch call:" in log.written[0]
    fields = {"rule_name": "train", "jobid": 3, "log": [], "rule_msg": refused}
    tell(log.logger, "Error", event="job_error", **fields)
    assert "invalid partition" in log.written[1]


def test_a_full_disk_is_named_beside_the_log(log, tmp_path, monkeypatch):
    runlog.attach(log.logger, log.handler)
    monkeypatch.setattr(runlog, "free_mb", lambda folder: 0.25)
    (tmp_path / "a.log").write_text("")
    fields = {"rule_name": "generate", "jobid": 3, "log": [str(tmp_path / "a.log")]}
    tell(log.logger, "Error", event="job_error", **fields)
    assert "only 0.2 MB are left on the disk" in log.written[0]


def test_a_log_that_is_empty_or_missing_is_named(tmp_path):
    (tmp_path / "empty.log").write_text("\n")
    assert runlog.last_lines(tmp_path / "empty.log") == f"  {tmp_path}/empty.log: empty"
    assert "No such file" in runlog.last_lines(tmp_path / "none.log")
