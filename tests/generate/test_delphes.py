"""A part of a sample through Delphes: what it is given, and what becomes of what it gives."""

import ast
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import awkward as ak
import psutil
import pytest
from helpers_delphes import COPY, EVENTS, NUMBER, called, install
from helpers_workflow import ROOT

from relearn import fingerprint, toolversions
from relearn.errors import UserError
from relearn.generate import rootfile
from relearn.generate.constituents import read
from relearn.generate.delphes import failures_allowed, generate
from relearn.generate.pythia import settings_of

CARD = ROOT / "config/pythia/ttbar_hadronic_low.cmnd"
SETTINGS = {
    "card": str(CARD),
    "detector": "delphes",
    "detector_card": "ATLAS",
    "multiple_interactions": False,
    "keep": "jets",
    "events_per_part": NUMBER,
    "gen_jet_radius": 1.5,
}


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Install a Delphes that behaves as told; it alone is on the PATH."""
    monkeypatch.delenv("CONDA_PREFIX", raising=False)

    def installed(behaviour=COPY):
        folder = install(tmp_path / f"conda{len(list(tmp_path.iterdir()))}", behaviour)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return installed


def run(output, part="train-0000", given=None, **changed):
    return generate(SETTINGS | changed, "ttbar", part, output, **(given or {}))


def test_what_delphes_is_given(program, tmp_path):
    folder = program()
    about = run(tmp_path / "events/train-0000.root", given={"root_seed": 7})
    detector, process, output = called(folder)
    assert output == "events.root"
    assert detector.startswith(f"set RandomSeed {about['delphes']['seed']}\n")
    assert "set ParameterR 1.5" in detector and "GenMissingET MissingET" not in detector
    # the sample's card as it is, then the config's settings
    assert process.startswith(CARD.read_text())
    card = tmp_path / "given.cmnd"
    card.write_text(process)
    mine = [line for _, line in settings_of(card)][len(settings_of(CARD)) :]
    assert mine == [
        f"Main:numberOfEvents = {NUMBER}",
        "Main:timesAllowErrors = 2",
        "Random:setSeed = on",
        f"Random:seed = {about['pythia']['seed']}",
        "PartonLevel:MPI = off",
    ]
    assert about["delphes"]["card"] == "delphes_card_ATLAS.tcl"


def test_pythia_takes_the_card(program, tmp_path):
    folder = program()
    about = run(tmp_path / "train-0000.root", multiple_interactions=True)
    library = pytest.importorskip("pythia8mc")
    pythia = library.Pythia("", False)
    pythia.readString("Print:quiet = on")
    (tmp_path / "given.cmnd").write_text(called(folder)[1])
    assert pythia.readFile(str(tmp_path / "given.cmnd"))
    assert pythia.mode("Main:numberOfEvents") == NUMBER
    assert pythia.mode("Random:seed") == about["pythia"]["seed"] and pythia.flag("Random:setSeed")
    assert pythia.flag("PartonLevel:MPI")


def test_seeds_are_those_of_the_part(program, tmp_path):
    folder = program()
    given = {}
    for part, root_seed in (("train-0000", 0), ("train-0001", 0), ("train-0000", 1)):
        run(tmp_path / f"{part}-{root_seed}.root", part, {"root_seed": root_seed})
        given[part, root_seed] = called(folder)[:2]
    assert len({card for card, _ in given.values()}) == 3
    assert len({process for _, process in given.values()}) == 3
    run(tmp_path / "elsewhere.root", "train-0001")
    assert called(folder)[:2] == given["train-0001", 0]


def test_the_file_is_delphes_own_and_says_what_made_it(program, tmp_path):
    program()
    path = tmp_path / "events/train-0000.root"
    about = run(path)
    assert os.listdir(path.parent) == [path.name]
    assert rootfile.count(path) == about["events"] == NUMBER and about["failed_events"] == 0
    assert rootfile.about(path) == {k: v for k, v in about.items() if k != "seconds"}
    for source in ("eflow", "tower"):
        assert ak.all(read(path, source).pt == read(EVENTS, source).pt)


def test_an_own_card_is_used(program, tmp_path):
    folder = program()
    own = tmp_path / "own.tcl"
    own.write_text((folder.parent / "cards/delphes_card_CMS.tcl").read_text() + "# my own\n")
    about = run(tmp_path / "train-0000.root", given={"detector_card": own})
    assert "# my own" in called(folder)[0] and about["delphes"]["card"] == "own.tcl"


def test_few_failed_events_are_counted_many_stop(program, tmp_path):
    program()
    about = run(tmp_path / "train-0000.root", events_per_part=NUMBER + 1)
    assert about["events"] == NUMBER and about["failed_events"] == 1
    assert failures_allowed(4000) == 40
    with pytest.raises(UserError, match=f"written {NUMBER} readable events of {NUMBER + 2}"):
        run(tmp_path / "train-0001.root", events_per_part=NUMBER + 2)
    with pytest.raises(UserError, match=f"written {NUMBER} readable events of {NUMBER - 1}"):
        run(tmp_path / "train-0001.root", events_per_part=NUMBER - 1)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ("sys.exit('** ERROR: something of Delphes')", "exit code 1. .*something of Delphes"),
        ("import os; os.kill(os.getpid(), 9)", "DelphesPythia8 ended with signal 9"),
        ("print(1, 2, 3)", "0 readable events of 8 with .*ttbar_hadronic_low.cmnd"),
        (
            "print(' PYTHIA Error: input string not found:\\n   Top:gg2ttbr = on')",
            "input string not found: . Top:gg2ttbr = on",
        ),
        (f"output.write_bytes(open({str(EVENTS)!r}, 'rb').read(99999))", "0 readable events"),
    ],
)
def test_a_failing_delphes_is_named(program, tmp_path, capfd, behaviour, message):
    program(behaviour)
    path = tmp_path / "events/train-0000.root"
    path.parent.mkdir()
    path.write_text("the former file")
    with pytest.raises(UserError, match=message) as caught:
        run(path)
    assert str(caught.value).startswith("ttbar train-0000: ")
    assert path.read_text() == "the former file" and os.listdir(path.parent) == [path.name]
    assert "INFO: initializing module" in capfd.readouterr().out  # all it says is in the log


def test_what_a_killed_job_left_is_no_obstacle(program, tmp_path):
    program()
    left = tmp_path / ".train-0000.delphes"
    left.mkdir()
    (left / "events.root").write_text("half a file")
    run(tmp_path / "train-0000.root")
    assert not left.exists()


def test_a_killed_job_takes_delphes_with_it(program, tmp_path):
    wait = "import os, time; record.with_name('pid').write_text(str(os.getpid())); time.sleep(60)"
    folder = program(wait)
    arguments = ["--sample", "ttbar", "--part", "train-0000", "--card", str(CARD)]
    arguments += ["--settings", json.dumps(SETTINGS), "--output", str(tmp_path / "x.root")]
    script = str(ROOT / "scripts/generate_delphes.py")
    job = subprocess.Popen([sys.executable, script, *arguments], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (number := folder / "pid").exists() or not number.read_text():
        assert job.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    delphes = psutil.Process(int(number.read_text()))
    job.kill()
    job.wait()
    _, alive = psutil.wait_procs([delphes], timeout=10)
    assert not alive or delphes.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Random:seed = 5", "line 13: .*`seed` of the config"),
        ("PartonLevel:MPI = on", "line 13: .*multiple_interactions"),
        ("/* everything from here\nTop:all = on", "a comment /\\* is never closed"),
    ],
)
def test_bad_pythia_cards(program, tmp_path, line, message):
    program()
    card = tmp_path / "own.cmnd"
    card.write_text(CARD.read_text() + line + "\n")
    with pytest.raises(UserError, match=message):
        run(tmp_path / "train-0000.root", given={"card": card})


def test_the_conda_environment_has_all_that_the_script_imports():
    """In Delphes' environment there is no more than `envs/delphes.yaml` says."""
    found = set()
    for module in fingerprint.script_closure("generate_delphes"):
        tree = ast.parse(Path(find_spec(module).origin).read_text())
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {name.split(".")[0] for name in names}
    packages = found - set(sys.stdlib_module_names) - {"relearn"}
    assert packages and packages <= set(toolversions.pinned("delphes"))
