"""The computed closure against what Python really imports."""

import ast
import subprocess
import sys

import pytest
from helpers_workflow import ROOT

from relearn import fingerprint, plan

SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
LAZY = [
    (script, f"relearn.{package}.{study}")
    for study in plan.STUDIES
    for script, package in (("measure_study", "studies"), ("draw_figure", "figures"))
]


def really_imported(script: str, *modules: str) -> set[str]:
    code = f"""
import sys, importlib.util
spec = importlib.util.spec_from_file_location("job", {str(ROOT / "scripts" / f"{script}.py")!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
for name in {modules!r}:
    __import__(name)
print(*sorted(name for name in sys.modules if name.split(".")[0] == "relearn"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "scripts"), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("script", SCRIPTS)
def test_closure_holds_all_that_a_script_imports(script):
    assert really_imported(script) <= set(fingerprint.script_closure(script))


@pytest.mark.parametrize(("script", "module"), LAZY)
def test_closure_of_one_study_holds_no_other(script, module):
    closure = set(fingerprint.script_closure(script, module))
    assert really_imported(script, module) <= closure
    package = module.rpartition(".")[0]
    others = {f"{package}.{study}" for study in plan.STUDIES} - {module}
    assert not closure & others


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules that a test may change."""
    folder = tmp_path / "relearn"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text('"""Doc."""\nfrom relearn import b\n')
    (folder / "b.py").write_text("def f():\n    '''Doc.'''\n    return 1\n")
    (tmp_path / "job.py").write_text("from relearn import a\n")
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return folder


def digest() -> str:
    fingerprint.fingerprint.cache_clear()
    fingerprint._parsed.cache_clear()
    return fingerprint.fingerprint("job")


def test_comments_and_docstrings_change_nothing(package):
    before = digest()
    (package / "b.py").write_text("# why\ndef f():\n    '''Other words.'''\n    return 1\n")
    assert digest() == before


def test_code_of_an_import_of_an_import_counts(package):
    before = digest()
    (package / "b.py").write_text("def f():\n    '''Doc.'''\n    return 2\n")
    assert digest() != before


def test_an_unknown_module_is_told(package):
    with pytest.raises(ModuleNotFoundError, match="relearn.c"):
        fingerprint.closure("relearn.c")


def test_package_never_imports_snakemake():
    for path in (ROOT / "scripts/relearn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] == "snakemake"], path
