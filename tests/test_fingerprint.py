"""The computed closure against what Python really imports."""

import ast
import json
import shutil
import subprocess
import sys

import pytest
from helpers_workflow import ROOT

from relearn import architectures, fingerprint
from relearn.studylist import STUDIES

SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
LAZY = [
    (script, f"relearn.{package}.{study}")
    for study in STUDIES
    for script, package in (("measure_study", "studies"), ("draw_figure", "figures"))
]


# Every case in a fork of one process that has the large libraries already: they import nothing
# of the package, and take seconds each.
REALLY = """
import importlib.util, json, os, sys
import awkward, matplotlib.pyplot, pandas, scipy.stats, torch, uproot
for script, modules in json.loads(sys.stdin.read()):
    reader, writer = os.pipe()
    if not os.fork():
        spec = importlib.util.spec_from_file_location("job", f"{sys.argv[1]}/{script}.py")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        for name in modules:
            __import__(name)
        found = sorted(name for name in sys.modules if name.split(".")[0] == "relearn")
        os.write(writer, json.dumps(found).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        print(pipe.read() or "[]")
    os.wait()
"""
TAGGERS = sorted({one.module for one in architectures.taggers().values()})
CASES = [(script, ()) for script in SCRIPTS] + [
    (script, (module,))
    for script, module in [*LAZY, *(("train_taggers", module) for module in TAGGERS)]
]


@pytest.fixture(scope="module")
def really_imported():
    """Modules of the package that each case of `CASES` imports."""
    done = subprocess.run(
        [sys.executable, "-c", REALLY, str(ROOT / "scripts")],
        input=json.dumps(CASES),
        env={"PYTHONPATH": str(ROOT / "scripts"), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [set(json.loads(line)) for line in done.stdout.splitlines()]
    assert all(found), done.stderr
    return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("script", SCRIPTS)
def test_closure_holds_all_that_a_script_imports(script, really_imported):
    assert really_imported[script, ()] <= set(fingerprint.script_closure(script))


@pytest.mark.parametrize(("script", "module"), LAZY)
def test_closure_of_one_study_holds_no_other(script, module, really_imported):
    closure = set(fingerprint.script_closure(script, module))
    assert really_imported[script, (module,)] <= closure
    package = module.rpartition(".")[0]
    others = {f"{package}.{study}" for study in STUDIES} - {module}
    assert not closure & others


@pytest.mark.parametrize("module", TAGGERS)
def test_closure_of_one_tagger_holds_all_that_it_imports(module, really_imported):
    closure = set(fingerprint.script_closure("train_taggers", module))
    assert really_imported["train_taggers", (module,)] <= closure


def test_one_tagger_does_not_depend_on_another():
    closure = fingerprint.script_closure("train_taggers", "relearn.models.lola")
    assert set(closure) & set(TAGGERS) == {"relearn.models.lola"}
    assert not set(fingerprint.script_closure("train_ensemble")) & set(TAGGERS)


def test_what_only_groups_trainings_into_jobs_trains_nothing_again():
    closure = fingerprint.script_closure("train_taggers", "relearn.models.lola")
    assert not {"relearn.taggerscans", "relearn.plan", "relearn.config"} & set(closure)


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
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield folder
    forget()


def forget() -> None:
    """As in a new process."""
    for one in (fingerprint.fingerprint, fingerprint._parsed, fingerprint._path, fingerprint._kept):
        one.cache_clear()


def digest() -> str:
    forget()
    return fingerprint.fingerprint("job")


def test_comments_and_docstrings_change_nothing(package):
    before = digest()
    (package / "b.py").write_text("# why\ndef f():\n    '''Other words.'''\n    return 1\n")
    assert digest() == before


def test_code_of_an_import_of_an_import_counts(package):
    before = digest()
    (package / "b.py").write_text("def f():\n    '''Doc.'''\n    return 2\n")
    assert digest() != before


def test_what_is_kept_is_of_the_content_and_may_be_lost(package, tmp_path):
    before = digest()
    kept = sorted((tmp_path / "cache/relearn").glob("sources-*/*.json"))
    assert len(kept) == 4 and digest() == before
    kept[0].write_text("{")
    kept[1].write_text("{}")
    kept[2].unlink()
    assert digest() == before
    text = (package / "b.py").read_text()
    (package / "b.py").write_text(text.replace("1", "2"))
    assert digest() != before
    (package / "b.py").write_text(text)
    assert digest() == before


def test_where_nothing_can_be_kept_it_is_read_anew(package, tmp_path):
    before = digest()
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("no folder")
    assert digest() == before


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
