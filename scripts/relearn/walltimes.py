"""Snakemake's benchmark tables → the times of jobs and of rules.

A job has one table, ``<rule>/…/<job>.tsv``, of its last finished run.
"""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relearn import plan
from relearn.config import Config
from relearn.errors import UserError

Times = dict[str, float | None]
PART_RULES = ("generate", "jets")  # a job for each part of a sample


def job_times(folder: Path, config: Config) -> dict[str, Times]:
    """Return job → wall_s, cpu_s and max_rss_mb of its last finished run.

    Parameters
    ----------
    folder
        Of the benchmark tables.
    config
        Jobs that it does not ask for, left from another config, are left out.

    Raises
    ------
    UserError
        If there is no such folder, or a table cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} does not exist: run the workflow, its jobs write their times")
    asked = _asked(config)
    found = {}
    for path in sorted(folder.rglob("*.tsv")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        rule, _, rest = name.partition("/")
        generated = rule in PART_RULES and rest.partition("/")[0] in config.samples
        if name in asked or generated or rule == "report":
            found[name] = _read_times(path)
    return found


def _asked(config: Config) -> set[str]:
    """Names of the jobs of a config, but for those whose number depends on the yields."""
    asked = {
        f"train/{scan}/{batch.name}"
        for scan in plan.used_scans(config)
        for batch in plan.scan_batches(config, scan)
    }
    asked |= {f"dataset/{name}" for name in config.datasets}
    return asked | {f"{rule}/{study}" for rule in ("measure", "draw") for study in config.studies}


def _read_times(path: Path) -> Times:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    try:
        wall = float(rows[-1]["s"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise UserError(
            f"{path} is no benchmark table: delete it (the time of that job is then missing)"
        ) from None
    return {
        "wall_s": wall,
        "cpu_s": _number(rows[-1].get("cpu_time")),
        "max_rss_mb": _number(rows[-1].get("max_rss")),
    }


def _number(text: str | None) -> float | None:
    """Return a number; Snakemake writes "-" or NA where a job was too short to look at."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def rule_times(jobs: Mapping[str, Times]) -> dict[str, dict[str, Any]]:
    """Return rule → jobs, wall_s (their sum), longest_s, cpu_s (sum), max_rss_mb (largest)."""
    rules: dict[str, list[Times]] = {}
    for name, job in jobs.items():
        rule, _, rest = name.partition("/")
        # claims, provenance and report share a folder, and are rules of their own
        rules.setdefault(rest if rule == "report" else rule, []).append(job)
    return {rule: _together(of_rule) for rule, of_rule in rules.items()}


def _together(jobs: list[Times]) -> dict[str, Any]:
    wall, cpu, rss = (
        [job[key] for job in jobs if job[key] is not None]
        for key in ("wall_s", "cpu_s", "max_rss_mb")
    )
    return {
        "jobs": len(jobs),
        "wall_s": round(sum(wall), 2),
        "longest_s": max(wall),
        "cpu_s": round(sum(cpu), 2) if cpu else None,
        "max_rss_mb": max(rss) if rss else None,
    }
