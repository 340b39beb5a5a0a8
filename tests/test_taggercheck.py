"""Taggers that cannot be built are told before any job."""

import io
import json
import runpy

import pytest
from helpers_workflow import ROOT, copy_project, snakemake

from relearn import config, taggercheck
from relearn.errors import UserError

SCRIPT = ROOT / "scripts/check_taggers.py"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "relearn/taggers"


def scans(**few):
    """The default config with these scans of jets alone."""
    raw = config.load("default").model_dump(mode="json")
    raw["scans"] = {
        name: {"architecture": "topodnn", "dataset": "tops_low", "trials": 2} | one
        for name, one in few.items()
    }
    raw["studies"] = {"jet_validation": {"datasets": ["tops_low"]}}
    return config.resolve(raw)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"architecture": "recnn", "options": {"tree": ["kt", "oak"]}}, "'oak' is none of kt, ca"),
        ({"architecture": "cnn", "options": {"sides": 7}}, "no option sides"),
        ({"options": {"hidden": [[-3]]}}, "negative"),  # as PyTorch says it
    ],
)
def test_what_cannot_be_built_is_told_with_its_scan(bad, reason, monkeypatch):
    resolved = scans(good={}, bad=bad)
    specs = [taggercheck.shape(config.scan_spec(resolved, name)) for name in resolved.scans]
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(specs)))
    main = runpy.run_path(str(SCRIPT))["main"]
    with pytest.raises(UserError, match=rf"^scans\.bad: .* cannot be built: .*{reason}"):
        main()


def test_the_workflow_asks_before_it_begins(tmp_path):
    project = copy_project(tmp_path / "project")
    wrong = "scans={recursive: {options: {tree: [oak]}}}"
    outcome = snakemake(project, "--dry-run", "--config", "scale=smoke", wrong)
    assert outcome.code != 0 and "Traceback" not in outcome.text
    assert "scans.recursive: recnn" in outcome.text and "oak" in outcome.text


def test_only_what_is_new_is_built(cache, tmp_path):
    runs, fails = tmp_path / "runs.py", tmp_path / "fails.py"
    runs.write_text("")
    fails.write_text("raise SystemExit('error: asked')")
    for _ in range(2):
        with pytest.raises(UserError, match="^asked$"):
            taggercheck.check(scans(first={}), fails)
    assert not list(cache.glob("*")), "what failed is asked again"
    taggercheck.check(scans(first={}), runs)
    taggercheck.check(scans(first={}), fails)
    taggercheck.check(scans(first={"trials": 5}), fails)  # as many as one likes
    with pytest.raises(UserError, match="asked"):
        taggercheck.check(scans(first={}, second={"size": "medium"}), fails)


def test_without_a_cache_and_without_pytorch(cache, monkeypatch, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("")
    cache.parent.mkdir(parents=True)
    cache.write_text("a file in the place of the folder")
    taggercheck.check(scans(first={}), script)
    monkeypatch.setattr(taggercheck, "find_spec", lambda name: None)
    taggercheck.check(scans(first={}), tmp_path / "nowhere.py")
