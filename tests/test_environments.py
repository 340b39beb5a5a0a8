"""The pins of envs/, the pip lock and pyproject.toml say the same."""

import ast
import re
import sys
import tomllib

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import architectures, fingerprint, plan, toolversions

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
    "fastjet": "python-fastjet",
    "pythia8mc": "pythia8",
    "sklearn": "scikit-learn",
    "markupsafe": "jinja2",  # which brings it
}


def third_party(module: str) -> set[str]:
    """Packages that a module of ours imports anywhere, also within functions."""
    found = set()
    for node in ast.walk(ast.parse(fingerprint._path(module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    tops = {name.partition(".")[0] for name in found} - {"relearn", *sys.stdlib_module_names}
    return {PACKAGE.get(name, name) for name in tops}


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
            for study in plan.STUDIES if lazy else [None]:
                modules = (f"{lazy[1]}.{study}",) if lazy else ()
                found.add((script[1], environment, modules))
            if script[1] == "train_taggers":
                taggers = architectures.taggers().values()
                found |= {(script[1], environment, (one.module,)) for one in taggers}
    return found


@pytest.mark.parametrize(("script", "environment", "modules"), sorted(jobs()))
def test_environment_of_a_rule_has_what_its_script_imports(script, environment, modules):
    there = set(toolversions.pinned(environment))
    for module in fingerprint.script_closure(script, *modules):
        missing = third_party(module) - there
        assert not missing, f"envs/{environment}.yaml lacks what {module} imports"
