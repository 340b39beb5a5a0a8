"""Cards, and the two names of Pythia's module."""

import sys
from types import ModuleType

import pytest
from helpers_workflow import ROOT

from relearn.errors import UserError
from relearn.generate import pythia

OF_TALK_000 = ("zmumu", "ttbar_mumu")  # at 13 TeV; jets, as in talk 003, at 14 TeV
CARDS = sorted((ROOT / "config/pythia").glob("*.cmnd"))


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.stem)
def test_shipped_cards_start_with_the_seed_and_switch_that_they_are_given(card):
    engine = pythia.start(card, seed=77, multiple_interactions=True)
    assert engine.mode("Random:seed") == 77
    assert engine.flag("PartonLevel:MPI")
    assert engine.flag("HadronLevel:all")
    assert engine.parm("Beams:eCM") == (13000 if card.stem in OF_TALK_000 else 14000)
    assert not pythia.start(card, seed=78).flag("PartonLevel:MPI")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Beams:ecmm = 13000", ["line 3", "Beams:ecmm"]),
        ("Beams:eCM = fast", ["line 3", "Beams:eCM = fast"]),
        ("23:onMod = off", ["line 3"]),
        ("PhaseSpace:mHatMin = -5", ["line 3"]),
        ("Random:seed = 5", ["line 3", "`seed`", "remove"]),
        ("PartonLevel:MPI=on", ["line 3", "multiple_interactions"]),
    ],
)
def test_bad_lines_are_named(tmp_path, capfd, line, names):
    card = tmp_path / "bad.cmnd"
    card.write_text(f"! a comment\nWeakSingleBoson:ffbar2gmZ = on\n{line}\n")
    with pytest.raises(UserError) as error:
        pythia.start(card, 1)
    assert all(name in str(error.value) for name in [*names, "bad.cmnd"])
    if "ecmm" in line:
        assert "PYTHIA Error" in capfd.readouterr().out, "its own message"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("Beams:eCM = 13000.", "no process switched on"),
        ("WeakSingleBoson:ffbar2gmZ = on\nBeams:idA = 99999", "cannot handle this beam"),
    ],
)
def test_pythias_own_message_is_seen_where_it_cannot_start(tmp_path, capfd, lines, why):
    card = tmp_path / "bad.cmnd"
    card.write_text(lines + "\n")
    with pytest.raises(UserError, match="bad.cmnd: Pythia cannot start"):
        pythia.start(card, 1)
    assert why in capfd.readouterr().out


def test_pythia_says_nothing_but_why_it_gives_up_events(tmp_path, capfd):
    lines = (ROOT / "config/pythia/zmumu.cmnd").read_text()
    engine = pythia.start(ROOT / "config/pythia/zmumu.cmnd", 1)
    assert all(engine.next() for _ in range(3))
    assert not capfd.readouterr().out
    card = tmp_path / "strict.cmnd"
    never = [
        f"Check:{what}Tol{how}" for what in ("ep", "m") for how in ("Err = 1e-17", "Warn = 1e-18")
    ]
    card.write_text("\n".join([lines, *never, ""]))
    engine = pythia.start(card, 1)
    assert not engine.next()
    assert "energy-momentum not conserved" in capfd.readouterr().out


def test_a_missing_card(tmp_path):
    with pytest.raises(UserError, match="no readable Pythia card .*gone.cmnd"):
        pythia.start(tmp_path / "gone.cmnd", 1)


def test_comments_are_left_out(tmp_path):
    card = tmp_path / "a.cmnd"
    card.write_text("! one\n# two\n\n/* all\nBeams:eCM = 1\n*/\nBeams:eCM = 7000. ! GeV\n")
    assert pythia.settings_of(card) == [(7, "Beams:eCM = 7000.")]


def test_conda_forge_name_is_found(monkeypatch):
    other = ModuleType("pythia8")
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    monkeypatch.setitem(sys.modules, "pythia8", other)
    assert pythia.module() is other


def test_no_pythia_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    monkeypatch.setitem(sys.modules, "pythia8", None)
    with pytest.raises(UserError, match="pip install pythia8mc.*conda-forge pythia8"):
        pythia.module()


def test_a_broken_pythia_keeps_its_own_error(monkeypatch):
    def broken(name, *arguments, **keywords):
        raise ModuleNotFoundError("no libgfortran", name="libgfortran")

    monkeypatch.delitem(sys.modules, "pythia8mc", raising=False)
    monkeypatch.setattr(pythia.importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="libgfortran"):
        pythia.module()


def test_one_place_alone_knows_the_names():
    package = ROOT / "scripts/relearn"
    for path in package.rglob("*.py"):
        if path != package / "generate/pythia.py":
            text = path.read_text(encoding="utf-8")
            assert "import pythia8" not in text and "from pythia8" not in text, path
