"""Delphes' cards: found, and cut down to what jets need."""

import re

import pytest
from helpers_delphes import CARD, install

from relearn.errors import UserError
from relearn.generate import delphescards
from relearn.generate.delphescards import BRANCHES, find_card, find_executable, require, trim


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "card.tcl"
    path.write_text(CARD)
    return path


def evaluated(text):
    """What Tcl makes of a card, as Delphes reads it: modules, and a reader of variables."""
    tkinter = pytest.importorskip("tkinter")
    tcl = tkinter.Tcl()
    tcl.eval("set modules {}")
    tcl.eval("proc module {kind name body} {lappend ::modules $name; namespace eval ::$name $body}")
    tcl.eval("proc add {name args} {upvar 1 $name list; eval lappend list $args}")
    tcl.eval(text)
    return tcl.splitlist(tcl.eval("set modules")), lambda name: tcl.splitlist(
        tcl.eval(f"set {name}")
    )


def test_tcl_reads_what_is_left(card):
    modules, value = evaluated(trim(card, 137, radius=1.5))
    assert value("RandomSeed") == ("137",)
    assert value("TreeWriter::Branch")[1::3] == BRANCHES
    assert value("TreeWriter::Branch")[:3] == ("Delphes/allParticles", "Particle", "GenParticle")
    assert value("GenJetFinder::ParameterR") == ("1.5",)
    assert value("JetFinder::ParameterR") == ("0.6",)  # of the jets that overlap with leptons
    assert modules.count("TreeWriter") == 1
    # nobody reads the tags, which are written into the jets, nor the true missing ET
    assert value("ExecutionPath") == (
        *("Propagator", "ECal", "HCal", "TowerMerger", "MuonIsolation", "MissingET"),
        *("NeutrinoFilter", "GenJetFinder", "JetFinder", "UniqueObjectFinder", "TreeWriter"),
    )


def test_nothing_else_changes(card):
    _, before = evaluated(CARD)
    _, after = evaluated(trim(card, 1))
    for name in (
        *("Propagator::Bz", "ECal::PhiBins", "ECal::EtaPhiBins", "ECal::ResolutionFormula"),
        *("GenJetFinder::ParameterR", "UniqueObjectFinder::InputArray"),
    ):
        assert before(name) == after(name)


def test_a_commented_branch_is_taken_but_not_before_a_live_one(card):
    _, value = evaluated(trim(card, 1))
    assert "TowerMerger/towers" in value("TreeWriter::Branch")
    live = (
        "#  add Branch Elsewhere/muons Muon Muon\n  add Branch UniqueObjectFinder/muons Muon Muon"
    )
    card.write_text(CARD.replace("  add Branch UniqueObjectFinder/muons Muon Muon", live))
    _, value = evaluated(trim(card, 1))
    assert "Elsewhere/muons" not in value("TreeWriter::Branch")


def test_a_seed_of_the_card_is_replaced(card):
    card.write_text("set RandomSeed 0\n" + CARD)
    assert re.findall(r"set RandomSeed.*", trim(card, 5)) == ["set RandomSeed 5"]


def test_sourced_cards_come_along(card):
    inner = card.with_name("hcal.tcl")
    module = re.search(r"module SimpleCalorimeter HCal \{.*?\n\}\n", CARD, re.DOTALL)[0]
    inner.write_text(module)
    card.write_text(CARD.replace(module, "source hcal.tcl\n"))
    modules, value = evaluated(trim(card, 1))
    assert "HCal" in modules and value("HCal::TrackInputArray") == ("ECal/eflowTracks",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("set ExecutionPath", "set Path", "sets no ExecutionPath"),
        ("module TreeWriter", "model TreeWriter", "no module TreeWriter"),
        ("  add Branch GenJetFinder/jets GenJet Jet\n", "", "nowhere what makes GenJet"),
        ("  HCal\n", "", "HCal makes what jets need"),
        ("ECal/eflowPhotons E", "Gone/eflowPhotons E", "Gone makes what jets need"),
        ("0.285 }\n}", "0.285 }", r"the brace of line \d+ is never closed"),
    ],
)
def test_bad_cards(card, old, new, message):
    assert old in CARD
    card.write_text(CARD.replace(old, new, 1))
    with pytest.raises(UserError, match=message) as caught:
        trim(card, 1)
    assert str(card) in str(caught.value)


def test_no_card(tmp_path):
    with pytest.raises(UserError, match="no readable Delphes card"):
        trim(tmp_path / "card.tcl", 1)
    (tmp_path / "card.tcl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="no readable Delphes card"):
        trim(tmp_path / "card.tcl", 1)


def test_cards_are_found_where_delphes_is(tmp_path, monkeypatch):
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    folder = install(tmp_path / "conda")
    monkeypatch.setenv("PATH", str(folder))
    program = find_executable()
    assert program == folder / "DelphesPythia8"
    assert find_card("CMS", program) == tmp_path / "conda/cards/delphes_card_CMS.tcl"
    # a link elsewhere, and a build that was never installed
    link = tmp_path / "local/bin/DelphesPythia8"
    link.parent.mkdir(parents=True)
    link.symlink_to(program)
    assert find_card("ATLAS", link) == tmp_path / "conda/cards/delphes_card_ATLAS.tcl"
    program.rename(tmp_path / "conda/DelphesPythia8")
    assert find_card("CMS", tmp_path / "conda/DelphesPythia8").parent == tmp_path / "conda/cards"
    # a wrapper outside the environment
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "conda"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/DelphesPythia8").write_text("")
    assert find_card("CMS", tmp_path / "bin/DelphesPythia8").parent == tmp_path / "conda/cards"
    (tmp_path / "conda/cards/delphes_card_CMS.tcl").unlink()
    with pytest.raises(UserError, match="delphes_card_CMS.tcl is in none of .*`delphes_card`"):
        find_card("CMS", program)


def test_delphes_is_asked_for_before_any_job(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    require([], conda=False)
    require(["ttbar"], conda=True)
    with pytest.raises(UserError) as caught:
        require(["ttbar", "qcd"], conda=False)
    for word in ("samples.ttbar.detector", "samples.qcd.detector", "--sdm conda", "embedded"):
        assert word in str(caught.value)
    with pytest.raises(UserError, match="not on the PATH: `conda create"):
        find_executable()
    monkeypatch.setenv("PATH", str(install(tmp_path / "conda")))
    require(["ttbar"], conda=False)
    assert delphescards.EXECUTABLE in str(find_executable())
