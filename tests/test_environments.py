"""The pins of envs/, the pip lock and pyproject.toml say the same."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import architectures, fingerprint, toolversions
from relearn.studylist import STUDIES

LOCKER = ROOT / "scripts/lock_packages.py"
ENVIRONMENTS = ("generate", "jets", "train", "plot")
PYPI_NAME = {
    "pytorch": "torch",
    "pythia8": "pythia8mc",
    "matplotlib-base": "matplotlib",
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
        if package == "pythia8":  # conda-forge numbers 8.317 what PyPI numbers 8.317.2
            pip_version = pip_version.rpartition(".")[0]
        assert pip_version == version, package


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


def test_energyflow_has_an_environment_of_its_own():
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["energyflow"]
    lock = locked("energyflow")
    for entry in group:
        package, version = entry.split("==")
        assert lock[package] == version, f"{package}: run `make lock`"
    assert lock["numpy"].startswith("1.")
    assert "tensorflow" not in lock and "torch" not in lock


def test_run_and_dev_agree():
    run, dev = locked("run"), locked("dev")
    assert {package: dev[package] for package in run} == run


# What a module is called where its package is not.
PACKAGE = {
    "yaml": "pyyaml",
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "pythia8mc": "pythia8",
    "sklearn": "scikit-learn",
    "markupsafe": "jinja2",  # which brings it
}
# What no import names, and what needs it.
UNNAMED = {
    "python": "all",
    "pythia8": "relearn.generate.pythia looks for it under two names",
    "delphes": "a program",
    "onnx": "torch.onnx",
    "onnxscript": "torch.onnx",
}
# For a user's hands, no rule: their environment serves these too.
BY_HAND = {("export_onnx", "train", ())}


@cache
def third_party(path: Path) -> set[str]:
    """Packages that a file of ours imports anywhere, also within functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    tops = {name.partition(".")[0] for name in found} - {"relearn", *sys.stdlib_module_names}
    return {PACKAGE.get(name, name) for name in tops}


@cache
def jobs() -> set[tuple[str, str, tuple[str, ...]]]:
    """(script, environment, lazily imported modules) of every rule."""
    found = set()
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for text in re.split(r"^ *rule\b", file.read_text(), flags=re.M)[1:]:
            script = re.search(r'script=script\("(\w+)"\)', text)
            if not script:
                continue
            environment = re.search(r'env\("(\w+)"\)', text)[1]
            lazy = re.search(r'f"(relearn\.\w+)\.\{study\}"', text)
            for study in STUDIES if lazy else [None]:
                modules = (f"{lazy[1]}.{study}",) if lazy else ()
                found.add((script[1], environment, modules))
            if script[1] == "train_taggers":
                taggers = architectures.taggers().values()
                found |= {(script[1], environment, (one.module,)) for one in taggers}
    return found


@cache
def files(script: str, modules: tuple[str, ...]) -> list[Path]:
    """The script and all modules of ours that it runs."""
    closure = fingerprint.script_closure(script, *modules)
    return [ROOT / f"scripts/{script}.py", *map(fingerprint._path, closure)]


@pytest.mark.parametrize(("script", "environment", "modules"), sorted(jobs() | BY_HAND))
def test_environment_of_a_rule_has_what_its_script_imports(script, environment, modules):
    there = set(toolversions.pinned(environment))
    for path in files(script, modules):
        missing = third_party(path) - there
        assert not missing, f"envs/{environment}.yaml lacks what {path} imports"


@pytest.mark.parametrize("environment", (*ENVIRONMENTS, "delphes"))
def test_environment_has_nothing_that_no_rule_needs(environment):
    used = set(UNNAMED)
    for script, of_rule, modules in jobs() | BY_HAND:
        if of_rule == environment:
            used |= set().union(*map(third_party, files(script, modules)))
    assert not set(toolversions.pinned(environment)) - used


def test_every_rule_has_an_environment():
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for text in re.split(r"^ *rule\b", file.read_text(), flags=re.M)[1:]:
            assert ("shell:" in text) == ("conda:" in text), text


def test_environments_have_the_python_of_the_lock():
    version = re.search(r'"--python-version", "([\d.]+)"', LOCKER.read_text())[1]
    for name in (*ENVIRONMENTS, "delphes"):
        assert toolversions.pinned(name)["python"] == version


def pinned_apart(pin: str, environment: dict[str, str]) -> set[str]:
    """Packages of an environment that a pin (`@EXPLICIT`, URLs) lacks or has otherwise."""
    there = dict(re.findall(r"/([\w.-]+)-([\w.]+)-[\w.]+\.(?:conda|tar\.bz2)(?:#|$)", pin, re.M))
    assert "@EXPLICIT" in pin.splitlines()
    if python := there.get("python"):  # an environment names no patch of it
        there["python"] = ".".join(python.split(".")[:2])
    return {name for name, version in environment.items() if there.get(name) != version}


def test_pins_that_are_there_are_of_their_environments():
    """Snakemake takes a pin as it is, also one that is older than its environment."""
    for pin in sorted((ROOT / "envs").glob("*.pin.txt")):
        name = pin.name.partition(".")[0]
        apart = pinned_apart(pin.read_text(), toolversions.pinned(name))
        assert not apart, f"{pin}: run `envs/pin.sh {name}` for {apart}"


def test_an_old_pin_is_found():
    pin = (
        "# platform: linux-64\n@EXPLICIT\n"
        "https://host/conda-forge/linux-64/python-3.11.9-h1_0_cpython.conda#0123\n"
        "https://host/conda-forge/linux-64/numpy-2.4.6-py311h1_0.conda#4567\n"
        "https://host/conda-forge/noarch/tqdm-4.70.0-py_0.tar.bz2\n"
    )
    wanted = {"python": "3.11", "numpy": "2.4.6", "tqdm": "4.70.1", "scipy": "1.17.1"}
    assert pinned_apart(pin, wanted) == {"tqdm", "scipy"}
