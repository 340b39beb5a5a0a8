"""The pins of envs/, the pip lock and pyproject.toml say the same."""

import re
import tomllib

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import toolversions

ENVIRONMENTS = ("generate", "jets", "train", "plot")
PYPI_NAME = {
    "pytorch": "torch",
    "pythia8": "pythia8mc",
    "matplotlib-base": "matplotlib",
    "python-fastjet": "fastjet",
}


def locked(name: str) -> dict[str, str]:
    text = (ROOT / f"envs/pip/{name}.txt").read_text()
    return {
        key.lower(): version for key, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M)
    }


@pytest.mark.parametrize("name", (*ENVIRONMENTS, "delphes"))
def test_conda_and_pip_pin_the_same_versions(name):
    lock = locked("run")
    for package, version in toolversions.pinned(name).items():
        if package in ("python", "delphes"):  # neither is on PyPI
            continue
        pip_version = lock[PYPI_NAME.get(package, package)]
        # conda-forge numbers Pythia 8.317 what PyPI numbers 8.317.2
        assert pip_version == version or pip_version.startswith(f"{version}."), package


@pytest.mark.parametrize("name", (*ENVIRONMENTS, "delphes"))
def test_conda_environments_are_pinned(name):
    content = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    for entry in content["dependencies"]:
        assert re.fullmatch(r"[\w.-]+ =[\w.]+", entry), f"{entry}: pin it"


def test_locks_hold_the_direct_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    for name, extra in {"run": [], "dev": groups["dev"], "bench": groups["bench"]}.items():
        lock = locked(name)
        for entry in project["project"]["dependencies"] + extra:
            package, version = entry.split("==")
            assert lock[package.lower()] == version, f"{package}: run `make lock`"


def test_run_and_dev_agree():
    run, dev = locked("run"), locked("dev")
    assert {package: dev[package] for package in run} == run
