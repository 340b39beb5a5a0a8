"""Names, quick start, and machine code that follows its source."""

import os
import subprocess
import sys

import numba
import pytest
from helpers_jets import jet, real
from helpers_workflow import ROOT

from relearn import fingerprint, jets
from relearn.jets import kernels


@pytest.mark.parametrize("name", jets.__all__)
def test_every_name_is_there_and_documented(name):
    assert getattr(jets, name).__doc__


def test_unknown_names_are_unknown():
    with pytest.raises(AttributeError, match="pull"):
        _ = jets.pull


def test_numba_and_fastjet_are_loaded_only_when_a_jet_comes():
    modules = [f"relearn.jets.{path.stem}" for path in (ROOT / "scripts/relearn/jets").glob("*.py")]
    code = f"""
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name.removesuffix(".__init__"))
print(*(name for name in ("numba", "fastjet", "torch") if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_the_fingerprint_of_one_observable_leaves_others_out():
    found = fingerprint.closure("relearn.jets.grooming")
    assert "relearn.jets.kernels.declustering" in found
    assert "relearn.jets.kernels.sequential" in found
    assert not {"relearn.jets.images", "relearn.jets.kernels.images"} & set(found)


def test_edited_kernels_are_compiled_anew(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text("a = 1\n")
    monkeypatch.setattr(kernels, "FOLDER", tmp_path)
    before = kernels._cache_folder()
    assert kernels._cache_folder() == before
    (tmp_path / "one.py").write_text("a = 2\n")
    assert kernels._cache_folder() != before


def test_checkouts_share_what_is_compiled(tmp_path):
    source = "from relearn.jets.kernels import compiled\n@compiled\ndef f(x):\n    return x + 1\n"
    show = "from one import f; print(f(1), sum(f.stats.cache_hits.values()))"
    found = []
    for name, text in (("a", source), ("b", source), ("c", source.replace("+ 1", "+ 2"))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "one.py").write_text(text)
        os.utime(folder / "one.py", (len(found), len(found)))
        paths = os.pathsep.join([str(folder), str(ROOT / "scripts")])
        done = subprocess.run(
            [sys.executable, "-c", show],
            env={"PYTHONPATH": paths, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(done.stdout.split())
    assert found == [["2", "0"], ["2", "1"], ["3", "0"]]


def test_numba_keeps_its_own_settings():
    from relearn.jets.kernels import geometry

    assert isinstance(geometry.distance2, type(numba.njit(lambda: 0)))
    assert numba.core.config.CACHE_DIR != str(kernels.CACHE)


def test_without_a_place_to_write_kernels_still_run(tmp_path):
    """A home that cannot be written to: every process compiles for itself."""
    (tmp_path / "file").write_text("")
    assert not kernels._writable(tmp_path / "file" / "cache")
    assert kernels._writable(tmp_path / "cache")


def test_a_kernel_is_compiled_once_whatever_it_is_given():
    from relearn.jets.kernels import declustering, inclusive, sequential, subjettiness

    for algorithm in ("antikt", "cambridge", "kt"):
        jets.cluster(real(), 0.4, algorithm)
    jets.soft_drop(jet((1, 0, 0)))
    for n in (1, [1, 2]):
        jets.n_subjettiness(real(), n, beta=1)
    jets.n_subjettiness(jet((1, 0, 0), (2, 0, 1)), 1, beta=[0.5, 2])
    for kernel in (inclusive.all_jets, declustering.soft_drop, subjettiness.sums):
        assert len(kernel.signatures) == 1
    assert len(sequential.recombine.signatures) <= 1  # none where its callers were in the cache
