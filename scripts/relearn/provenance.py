"""What made the results of a scale: versions, config, seeds, commit, devices, wall times.

Nothing here names a person, a machine or a folder outside the repository.
"""

import json
import math
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from relearn import plan
from relearn.config import Config, resolve
from relearn.errors import UserError
from relearn.seeds import pythia_seed
from relearn.toolversions import pinned
from relearn.walltimes import job_times, rule_times

ROOT = Path(__file__).resolve().parents[2]
# What a reader asks for: name → its names on PyPI and conda-forge.
PACKAGES = {
    "awkward": ("awkward",),
    "fastjet": ("fastjet",),
    "h5py": ("h5py",),
    "matplotlib": ("matplotlib", "matplotlib-base"),
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "pydantic": ("pydantic",),
    "pythia": ("pythia8mc", "pythia8"),
    "scipy": ("scipy",),
    "snakemake": ("snakemake",),
    "torch": ("torch", "pytorch"),
    "uproot": ("uproot",),
}
ENVIRONMENTS = ("generate", "jets", "train", "plot")
SEEDS = "63 bits of SHA-256 of '<root>/<name>'; a network's is in its row of tables/<study>.csv"


def collect(
    config: Mapping[str, Any],
    benchmarks: Path,
    models: Path,
    root: Path = ROOT,
    snakemake: str | None = None,
) -> dict[str, Any]:
    """Return all that is written to ``provenance.json``.

    Parameters
    ----------
    config
        The resolved config.
    benchmarks
        Folder of Snakemake's benchmark tables, ``<rule>/…/<job>.tsv``.
    models
        Folder of the trained networks, ``<scan>/<batch>/spec.json``; it need not exist.
    root
        Folder of the repository.
    snakemake
        Version of the Snakemake that runs, which may live in an environment of its own.

    Returns
    -------
    dict
        config, devices (device → training jobs), git, host, scale, seeds, trained_with (the
        versions that training jobs recorded), versions, wall_time (seconds), written (UTC).

    Raises
    ------
    UserError
        If a benchmark table or a spec cannot be read.
    """
    resolved = resolve(config)
    jobs = job_times(benchmarks, resolved)
    specs = [read_spec(path) for path in spec_files(models, resolved)]
    return {
        "config": resolved.model_dump(),
        "devices": dict(Counter(spec["device"] for spec in specs)),
        "git": git_state(root),
        "host": host(),
        "scale": resolved.scale,
        "seeds": seeds(resolved, jobs),
        "trained_with": trained_with(specs),
        "versions": versions() | ({"snakemake": snakemake} if snakemake else {}),
        "wall_time": {
            "jobs": {name: job["wall_s"] for name, job in jobs.items()},
            "rules": rule_times(jobs),
            "total_s": round(sum(job["wall_s"] for job in jobs.values()), 2),
        },
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """Return name → version of Python and of `PACKAGES`.

    What is not installed here (with conda, each rule has an environment of its own) is given
    as pinned in ``envs/``; a package that is in neither is left out.
    """
    pins: dict[str, str] = {}
    for environment in ENVIRONMENTS:
        pins |= pinned(environment)
    found = {"python": platform.python_version()}
    for name, distributions in PACKAGES.items():
        known = [_installed(one) for one in distributions] + [pins.get(o) for o in distributions]
        version = next(filter(None, known), None)
        if version:
            found[name] = version
    return found


def _installed(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def git_state(root: Path) -> dict[str, Any]:
    """Return the commit, whether files differ from it, and how many.

    All are None where `root` is no repository of its own or git is not installed.
    """
    nothing = {"commit": None, "dirty": None, "changed_files": None}
    top = _git(root, "rev-parse", "--show-toplevel")
    # A copy inside another repository would otherwise be given that one's commit.
    if top is None or Path(top.strip()).resolve() != root.resolve():
        return nothing
    commit = _git(root, "rev-parse", "HEAD")
    status = _git(root, "status", "--porcelain")
    if commit is None or status is None:
        return nothing
    changed = len(status.splitlines())
    return {"commit": commit.strip(), "dirty": changed > 0, "changed_files": changed}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def host() -> dict[str, Any]:
    """Return what the wall times depend on: system, processor, cores, memory."""
    pages = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
    known = hasattr(os, "sysconf") and set(pages) <= set(os.sysconf_names)
    memory = math.prod(os.sysconf(name) for name in pages) / 1e9 if known else None
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1) if memory else None,
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def seeds(config: Config, jobs: Iterable[str]) -> dict[str, Any]:
    """Return the root seed, the rule that gives all others, and Pythia's of each event file."""
    events: dict[str, dict[str, int]] = {}
    for job in jobs:
        rule, _, name = job.partition("/")
        if rule == "generate":
            sample, _, part = name.partition("/")
            events.setdefault(sample, {})[part] = pythia_seed(sample, part, root=config.seed)
    return {"root": config.seed, "rule": SEEDS, "pythia": events}


def spec_files(models: Path, config: Config) -> list[Path]:
    """Return the specs of the training jobs of a config that are there."""
    paths = (
        models / scan / batch.name / "spec.json"
        for scan in plan.used_scans(config)
        for batch in plan.scan_batches(config, scan)
    )
    return [path for path in paths if path.is_file()]


def read_spec(path: Path) -> dict[str, Any]:
    """Return the device and the versions that a training job recorded.

    Raises
    ------
    UserError
        If it is no record of a training job.
    """
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
        return {"device": str(spec["device"]), "versions": dict(spec["versions"])}
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} is no record of a training: delete its folder, and run again"
        ) from None


def trained_with(specs: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return package → the versions that training jobs used; more than one is worth knowing."""
    found: dict[str, set[str]] = {}
    for spec in specs:
        for name, version in spec["versions"].items():
            found.setdefault(name, set()).add(str(version))
    return {name: sorted(used) for name, used in found.items()}
