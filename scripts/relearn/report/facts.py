"""The provenance, as the page shows it: the config as readable YAML, versions, times."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from relearn.config import resolve
from relearn.errors import UserError
from relearn.report import numbers

NEEDED = (
    *("config", "devices", "git", "host", "scale", "seeds"),
    *("trained_with", "versions", "wall_time", "written"),
)
YAML_KEY = re.compile(r"(?<![\w&;.-])([A-Za-z_][\w.-]*)(?=:(?:\s|$))", re.M)
SHORT_COMMIT = 10
MANY = 3  # numbers, more than which are written as a range


@dataclass(frozen=True)
class RuleTime:
    """How long the jobs of a rule took; `share` of the longest rule, 0 … 1, for a bar."""

    rule: str
    jobs: int
    total: str
    longest: str
    memory: str
    share: float


def read(path: str | os.PathLike) -> dict[str, Any]:
    """Read ``provenance.json``.

    Raises
    ------
    UserError
        If it is missing, is no JSON or lacks a key.
    """
    path = Path(path)
    cure = "delete it, and the workflow writes it anew"
    if not path.is_file():
        raise UserError(f"{path} does not exist: run the workflow, the rule `provenance` writes it")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no JSON ({error}): {cure}") from None
    missing = [key for key in NEEDED if not isinstance(found, dict) or key not in found]
    if missing:
        raise UserError(f"{path} has no {', '.join(missing)}: {cure}")
    return found


def config_yaml(config: Mapping[str, Any]) -> str:
    """Return the resolved config as YAML, in the order of ``config/config.yaml``.

    What is not set (null) is left out; lists of numbers stand in one line, long ones as ranges.
    """
    ordered = resolve(config).model_dump(mode="json", exclude_none=True)
    for study in ordered["studies"].values():
        study["where"] = {axis: _ranges(values) for axis, values in study["where"].items()}
    return yaml.dump(
        ordered, sort_keys=False, allow_unicode=True, default_flow_style=None, width=88
    )


def _ranges(values: list[Any]) -> list[Any]:
    """Write successive whole numbers as the config does: 1..1000 for each of them."""
    runs: list[list[Any]] = []
    for value in values:
        number = str(value).isdecimal()
        if (
            runs
            and number
            and str(runs[-1][-1]).isdecimal()
            and int(value) == int(runs[-1][-1]) + 1
        ):
            runs[-1].append(value)
        else:
            runs.append([value])
    return [one for run in runs for one in ([f"{run[0]}..{run[-1]}"] if len(run) > MANY else run)]


def coloured(text: str) -> Markup:
    """Return YAML as HTML, with its keys marked."""
    return Markup(YAML_KEY.sub(r'<span class="key">\1</span>', str(Markup.escape(text))))


def rule_times(wall_time: Mapping[str, Any]) -> list[RuleTime]:
    """Return the rules, the longest first."""
    rules = sorted(wall_time["rules"].items(), key=lambda item: -item[1]["wall_s"])
    most = max((times["wall_s"] for _, times in rules), default=0) or 1
    return [
        RuleTime(
            rule=rule,
            jobs=times["jobs"],
            total=numbers.duration(times["wall_s"]),
            longest=numbers.duration(times["longest_s"]),
            memory=f"{times['max_rss_mb']:.0f} MB" if times["max_rss_mb"] else "–",
            share=times["wall_s"] / most,
        )
        for rule, times in rules
    ]


def commit(git: Mapping[str, Any]) -> str:
    """Return the commit in words, and whether the files differ from it."""
    if not git["commit"]:
        return "unknown (no git repository)"
    text = git["commit"][:SHORT_COMMIT]
    if git["dirty"]:
        count = git["changed_files"]
        return f"{text} and changes in {count} file{'s' if count != 1 else ''}"
    return text


def run_facts(found: Mapping[str, Any]) -> dict[str, str]:
    """Return name → text of what a reader asks first about a run."""
    host, total = found["host"], found["wall_time"]["total_s"]
    devices = (
        f"{name} ({jobs} job{'s' if jobs != 1 else ''})" for name, jobs in found["devices"].items()
    )
    memory = f", {host['memory_gb']:g} GB" if host["memory_gb"] else ""
    jobs = len(found["wall_time"]["jobs"])
    return {
        "Scale": found["scale"],
        "Commit": commit(found["git"]),
        "Finished": found["written"].replace("T", " ").replace("+00:00", " UTC"),
        "Trained on": ", ".join(devices) or "nothing was trained",
        "Computer": f"{host['system']}, {host['processor']}, {host['cores']} cores{memory}",
        "Job time": f"{numbers.duration(total)} in {jobs} jobs",
        "Root seed": str(found["seeds"]["root"]),
    }


def versions(found: Mapping[str, Any]) -> dict[str, str]:
    """Return package → version; where the trainings used another, both."""
    shown = dict(found["versions"])
    for name, used in found["trained_with"].items():
        if used != [shown.get(name)]:
            shown[name] = f"{shown.get(name, '–')} (trainings: {', '.join(used)})"
    return dict(sorted(shown.items()))
