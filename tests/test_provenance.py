import json
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from helpers_workflow import ROOT

from relearn import config, plan, provenance, seeds, toolversions, walltimes
from relearn.errors import UserError

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture
def nano():
    return config.load("nano")


def put_times(folder: Path, **jobs: tuple) -> None:
    """Write a benchmark table for each job, named with __ for /: (wall, memory, cpu)."""
    for name, (wall, rss, cpu) in jobs.items():
        path = folder / f"{name.replace('__', '/')}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}{wall}\t0:00:00\t{rss}\t1\t1\t1\t0\t0\t9\t{cpu}\n")


def put_spec(folder: Path, job: str, device: str, torch: str) -> None:
    path = folder / job / "spec.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"device": device, "versions": {"torch": torch}, "scan": {}}))


@pytest.fixture
def results(tmp_path):
    put_times(
        tmp_path / "benchmarks",
        **{
            "generate__zmumu__train-0000": (2.0, 100.5, 1.5),
            "generate__zmumu__test-0000": (3.0, 90, 2.5),
            "train__pt_nodes__0000": (10, 300, 9),
            "draw__pt_nodes": (0.4, "-", "NA"),
            "report__claims": (1.25, 50, 1),
        },
    )
    put_spec(tmp_path / "models", "pt_nodes/0000", "cpu (x86_64)", "2.13.0+cpu")
    return tmp_path


def collect(results, nano, **options):
    return provenance.collect(
        nano.model_dump(), results / "benchmarks", results / "models", **options
    )


def test_times_are_summed_rule_by_rule(results, nano):
    time = collect(results, nano)["wall_time"]
    assert time["jobs"]["generate/zmumu/test-0000"] == 3
    assert time["total_s"] == pytest.approx(2 + 3 + 10 + 0.4 + 1.25)
    generate = time["rules"]["generate"]
    assert generate == {
        "jobs": 2,
        "wall_s": 5.0,
        "longest_s": 3.0,
        "cpu_s": 4.0,
        "max_rss_mb": 100.5,
    }
    # What Snakemake did not see of a short job is unknown, not zero.
    assert time["rules"]["draw"]["cpu_s"] is None and time["rules"]["draw"]["max_rss_mb"] is None
    assert set(time["rules"]) == {"generate", "train", "draw", "claims"}


def test_what_another_config_left_behind_does_not_count(results, nano):
    put_times(
        results / "benchmarks",
        train__pt_nodes__0007=(99, 1, 1),
        train__no_such_scan__0000=(99, 1, 1),
        generate__other__train_0000=(99, 1, 1),
        draw__mass_grid=(99, 1, 1),
        dataset__zmumu=(0.5, 1, 1),
    )
    put_spec(results / "models", "no_such_scan/0000", "cuda", "1.0")
    found = collect(results, nano)
    assert found["wall_time"]["total_s"] == pytest.approx(16.65 + 0.5)
    assert found["devices"] == {"cpu (x86_64)": 1}


def test_every_rule_that_the_workflow_times_is_known(nano):
    folders = set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for path in re.findall(r'benchmark:\s+f"\{R\}/benchmarks/(.+)\.tsv"', file.read_text()):
            folders.add(path.partition("/")[0])
    asked = {name.partition("/")[0] for name in walltimes._asked(nano)}
    assert folders == asked | {*walltimes.PART_RULES, "report"}


def test_devices_and_versions_are_those_that_trained(results):
    smoke = config.load("smoke")
    put_spec(results / "models", "pt_transfer/0000", "NVIDIA H100", "2.14.0")
    put_spec(results / "models", "angles/0000", "cpu (x86_64)", "2.13.0+cpu")
    found = collect(results, smoke)
    assert found["devices"] == {"cpu (x86_64)": 2, "NVIDIA H100": 1}
    assert found["trained_with"] == {"torch": ["2.13.0+cpu", "2.14.0"]}


def test_versions_are_the_installed_ones_else_the_pinned(monkeypatch):
    found = provenance.versions()
    assert found["numpy"] == numpy.__version__
    assert found["python"] == sys.version.split()[0]
    assert set(found) == {"python", *provenance.PACKAGES}
    monkeypatch.setattr(provenance, "_installed", lambda name: None)
    pinned = provenance.versions()
    assert pinned["pythia"] == toolversions.pinned("generate")["pythia8"]
    assert pinned["torch"] == toolversions.pinned("train")["pytorch"]
    assert "snakemake" not in pinned  # in no environment of a rule: the Snakefile says it


def test_pythia_seeds_are_those_of_the_parts(results, nano):
    found = collect(results, nano)["seeds"]
    assert found["root"] == nano.seed
    assert found["pythia"] == {
        "zmumu": {
            part: seeds.pythia_seed("zmumu", part, root=nano.seed)
            for part in ("train-0000", "test-0000")
        }
    }


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_commit_and_whether_files_differ_from_it(tmp_path):
    unknown = {"commit": None, "dirty": None, "changed_files": None}
    git(tmp_path, "init", "-q")
    assert provenance.git_state(tmp_path) == unknown  # no commit yet
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "First")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    clean = {"commit": commit, "dirty": False, "changed_files": 0}
    assert provenance.git_state(tmp_path) == clean
    (tmp_path / "a").write_text("2")
    (tmp_path / "b").write_text("new")
    assert provenance.git_state(tmp_path) == clean | {"dirty": True, "changed_files": 2}
    # A copy inside another repository is not at that one's commit.
    (tmp_path / "copy").mkdir()
    assert provenance.git_state(tmp_path / "copy") == unknown


def test_without_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git_state(ROOT)["commit"] is None


def test_no_private_paths_or_names(results, nano):
    found = collect(results, nano)
    assert set(found["host"]) == {"system", "machine", "processor", "cores", "memory_gb"}
    text = json.dumps(found)
    assert str(ROOT) not in text and str(results) not in text
    assert not re.search(r'"(/|[A-Z]:\\)', text)


@pytest.mark.parametrize("content", ["", HEAD, "half a line", "a\tb\n1\t2\n", f"{HEAD}x\t0\n"])
def test_a_broken_time_is_named(results, nano, content):
    path = results / "benchmarks/draw/pt_nodes.tsv"
    path.write_text(content)
    with pytest.raises(UserError, match=r"draw/pt_nodes\.tsv.*delete it"):
        collect(results, nano)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"device": "cpu", "versions": 3}'])
def test_a_broken_record_is_named(results, nano, content):
    (results / "models/pt_nodes/0000/spec.json").write_text(content)
    with pytest.raises(UserError, match=r"pt_nodes/0000/spec\.json.*run again"):
        collect(results, nano)


def test_missing_times_are_told_and_missing_models_are_none(results, nano):
    with pytest.raises(UserError, match="nowhere does not exist"):
        provenance.collect(nano.model_dump(), results / "nowhere", results)
    assert collect(results, nano)["devices"]
    found = provenance.collect(nano.model_dump(), results / "benchmarks", results / "none")
    assert found["devices"] == {} and found["trained_with"] == {}


def test_script_writes_sorted_json_that_holds_the_config(results, nano):
    output = results / "provenance.json"
    arguments = {
        "--config-json": json.dumps(nano.model_dump()),
        "--benchmarks": results / "benchmarks",
        "--models": results / "models",
        "--snakemake": "9.27.1",
        "--output": output,
    }
    words = [str(word) for pair in arguments.items() for word in pair]
    script = ROOT / "scripts/write_provenance.py"
    subprocess.run([sys.executable, str(script), *words], check=True, capture_output=True)
    text = output.read_text()
    found = json.loads(text)
    assert text == json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert config.resolve(found["config"]) == nano
    assert found["scale"] == "nano" and found["versions"]["snakemake"] == "9.27.1"
    assert set(plan.used_scans(nano)) <= set(found["config"]["scans"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["written"])
