"""Versions of the tools that make results, as pinned in ``envs/``.

A rule carries the pinned version of its tool in ``params``, so that a new Pythia makes new
events. The pin is the same for pip and conda, and does not depend on the machine.
"""

from functools import cache
from pathlib import Path

import yaml

ENVS = Path(__file__).resolve().parents[2] / "envs"


@cache
def pinned(environment: str) -> dict[str, str]:
    """Return package → version of ``envs/<environment>.yaml`` (exact conda pins only)."""
    text = (ENVS / f"{environment}.yaml").read_text(encoding="utf-8")
    found = {}
    for entry in yaml.safe_load(text)["dependencies"]:
        name, _, version = str(entry).partition("=")
        if version:
            found[name.strip()] = version.strip("= ")
    return found


def versions(environment: str, *packages: str) -> str:
    """Return ``name version`` of some packages of an environment, for a rule's ``params``."""
    pins = pinned(environment)
    return " ".join(f"{name} {pins[name]}" for name in packages)
