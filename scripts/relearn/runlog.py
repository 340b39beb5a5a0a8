"""What the terminal shows of a run: `relearn.progress` in a line, and of failed jobs why.

Snakemake's own account, dozens of lines for each job, stays whole in ``.snakemake/log/``. It hands
every event to the handlers of its logger; `attach` adds one of ours, and a filter to those that
write to the terminal.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from relearn.files import free_mb
from relearn.progress import Progress

LINES_OF_LOG = 15
FULL_MB = 10.0
SECONDS_BETWEEN_LINES = 10.0
SECONDS_OF_SILENCE = 600.0  # and what is at work is said again
NAMES = 3  # of jobs at work that a line holds
# Snakemake's names of events, and what it says without one
BEGUN, FINISHED, FAILED = "job_info", "job_finished", "job_error"
GROUP_FAILED = "group_error"
OWN_ACCOUNT = {
    BEGUN,
    "group_info",
    "job_started",
    FINISHED,
    FAILED,
    GROUP_FAILED,
    "progress",
    "shellcmd",
}
GROUP_REASON = "group_reason"  # our name: see `tell_why`
WIDEST = 300  # characters of a line of a reason: the rest is sbatch's whole command
FAILED_COMMAND = "RuleException"  # the whole command line of a job that failed
OF_SINGLE_JOBS = ("Select jobs to execute...", "Removing temporary output")


class RunLog(logging.Handler):
    """Says how far a run is when jobs end or long do not; shows the end of a failed job's log.

    Parameters
    ----------
    progress
        What it counts in.
    write
        Takes a text of one line or more.

    Attributes
    ----------
    failed
        Name of each job that failed, and was not well at another attempt → its log, "" where it has
        none.
    """

    def __init__(self, progress: Progress, write: Callable[[str], None]):
        super().__init__(logging.INFO)
        self._progress, self._write = progress, write
        self._written = float("-inf")
        self._heard = time.monotonic()  # of any line
        self._at_work: dict[int, str] = {}
        self.failed: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take an event of Snakemake's log."""
        event = getattr(record, "event", None)
        if event == BEGUN:
            self._at_work[record.jobid] = _job_name(record.rule_name, list(record.log or ()))
        elif event == FAILED:
            self._at_work.pop(record.jobid, None)
            self._fail(record)
        elif event == GROUP_FAILED:
            # of a submission to a cluster; what it was made of follows, job by job
            ends = [last_lines(Path(log)) for log in record.aux_logs]
            why = reason(getattr(record, GROUP_REASON, None))
            self._write("\n".join(["relearn: a submission failed", *why, *ends]))
        elif event == FINISHED:
            self.failed.pop(self._at_work.pop(record.job_id, ""), None)
            self._progress.finish(record.job_id)
            now = time.monotonic()
            if now - self._written >= SECONDS_BETWEEN_LINES:
                self._written = self._heard = now
                self._write(f"relearn: {self._progress.line()}")

    def remind(self) -> None:
        """Say what is at work, where nothing has been said for long."""
        with self.lock:
            now = time.monotonic()
            if not self._at_work or now - self._heard < SECONDS_OF_SILENCE:
                return
            self._heard = now
            names = list(self._at_work.values())
            more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
            names = ", ".join(names[:NAMES])
            self._write(f"relearn: {self._progress.line()}; at work: {names}{more}")

    def _fail(self, record: logging.LogRecord) -> None:
        logs = list(record.log)
        name = _job_name(record.rule_name, logs)
        self.failed[name] = logs[0] if logs else ""
        lines = [f"relearn: {name} failed", *reason(getattr(record, "rule_msg", None))]
        lines += [last_lines(Path(log)) for log in logs]
        if logs and (free := free_mb(Path(logs[0]).parent)) < FULL_MB:
            # then the log may lack the reason, too
            lines.append(f"  only {free:.1f} MB are left on the disk of the results: free some")
        self._write("\n".join(lines))


def reason(message: str | None) -> list[str]:
    """Return the lines that an executor gives as reason, indented; long ones are cut."""
    lines = [line.strip() for line in (message or "").splitlines() if line.strip()]
    return [f"  {line[:WIDEST]}{' …' * (len(line) > WIDEST)}" for line in lines]


def tell_why(group_job: type) -> None:
    """Let events of failed groups hold the reason: Snakemake's `GroupJob` is told, and drops it."""
    told = group_job.log_error

    @wraps(told)
    def log_error(self: Any, msg: str | None = None, *more: Any, **named: Any) -> Any:
        return told(self, msg, *more, **named, **{GROUP_REASON: msg})

    group_job.log_error = log_error


def _job_name(rule: str, logs: list[str]) -> str:
    """Return a job's name: its log's within ``logs/``, or its rule's."""
    parts = Path(logs[0]).with_suffix("").parts if logs else ()
    return "/".join(parts[parts.index("logs") + 1 :]) if "logs" in parts else rule


def last_lines(path: Path, lines: int = LINES_OF_LOG) -> str:
    """Return the end of a log, each line indented, below its path; or why there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"  {path}: {error.strerror}"
    found = [line for line in text.splitlines() if line.strip()]
    if not found:
        return f"  {path}: empty"
    head = f"  {path}:" if len(found) <= lines else f"  the last lines of {path}:"
    return "\n".join([head, *(f"    {line}" for line in found[-lines:])])


def is_own_account(record: logging.LogRecord) -> bool:
    """Return whether Snakemake tells of single jobs, as it does dozens of lines long."""
    event = getattr(record, "event", None)
    if getattr(record, "exception", None) == FAILED_COMMAND:
        return True
    return event in OWN_ACCOUNT or str(record.msg).startswith(OF_SINGLE_JOBS)


def attach(logger: logging.Logger, handler: RunLog, whole: bool = False) -> None:
    """Let `handler` hear what Snakemake logs, and take its own account off the terminal.

    Parameters
    ----------
    whole
        Leave that account where it is, besides ours.
    """
    if not whole:
        for other in logger.handlers:
            if isinstance(other, logging.StreamHandler) and not isinstance(
                other, logging.FileHandler
            ):
                other.addFilter(lambda record: not is_own_account(record))
    logger.addHandler(handler)
    threading.Thread(target=_remind, args=(handler,), daemon=True).start()


def _remind(handler: RunLog) -> None:
    while True:
        time.sleep(SECONDS_OF_SILENCE / 10)
        handler.remind()
