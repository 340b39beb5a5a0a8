"""The hard process of Pythia's event records: who decays into whom."""

import awkward as ak
import numpy as np
import pytest

from relearn.generate.hardprocess import FIELDS, LINKS, hard
from relearn.generate.pythia import start

EVENTS = 40
HADRONIC = "24:onMode = off\n24:onIfAny = 1 2 3 4 5\n"


def made(tmp_path, process):
    card = tmp_path / "process.cmnd"
    card.write_text(f"Beams:eCM = 14000.\nPhaseSpace:pTHatMin = 200.\n{process}")
    pythia = start(card, seed=5)
    return hard(pythia, pythia.nextBatch(EVENTS).prt)


def daughters(event, position):
    one = event[position]
    return event[one.daughter1 : one.daughter2 + 1]


def check_links(partons):
    assert partons.fields == [*FIELDS, *LINKS]
    number = ak.num(partons)
    for name in LINKS:
        assert ak.all(partons[name] >= -1) and ak.all(partons[name] < number)
    for event in partons:
        for position, one in enumerate(event):
            if one.daughter1 >= 0:
                assert ak.all(daughters(event, position).mother == position)
        assert ak.sum(event.mother >= 0) == ak.sum(
            (event.daughter2 - event.daughter1 + 1)[event.daughter1 >= 0]
        )


def test_top_quarks(tmp_path):
    partons = made(tmp_path, f"Top:gg2ttbar = on\n{HADRONIC}")
    check_links(partons)
    assert len(partons) == EVENTS
    for event in partons:
        assert sorted(event.pid[event.mother < 0].tolist()) == [-6, 6]
        for position in np.flatnonzero(np.abs(event.pid) == 6):
            top = event[position]
            boson, bottom = daughters(event, position)
            sign = np.sign(top.pid)
            assert boson.pid == 24 * sign and abs(bottom.pid) in (1, 3, 5)
            assert abs(top.status) == 62  # last copy
            quarks = daughters(event, int(top.daughter1))
            assert len(quarks) == 2 and ak.all(abs(quarks.pid) <= 5)
            # the last copy decays: nothing is lost between it and its quarks
            p4 = [ak.sum(quarks[name]) for name in ("e", "px", "py", "pz")]
            mass = np.sqrt(p4[0] ** 2 - p4[1] ** 2 - p4[2] ** 2 - p4[3] ** 2)
            assert mass == pytest.approx(boson.mass, rel=1e-4)
            assert ak.all(quarks.daughter1 == -1) and bottom.daughter1 == -1


def test_a_boson_alone(tmp_path):
    partons = made(
        tmp_path, "WeakBosonAndParton:qqbar2gmZg = on\n23:onMode = off\n23:onIfAny = 13\n"
    )
    check_links(partons)
    assert ak.all(ak.sum(partons.pid == 23, axis=1) == 1)
    muons = partons[abs(partons.pid) == 13]
    assert ak.all(ak.num(muons) == 2) and ak.all(ak.sum(muons.charge, axis=1) == 0)


def test_jets_of_qcd_are_two_partons(tmp_path):
    partons = made(tmp_path, "HardQCD:all = on\n")
    check_links(partons)
    assert ak.all(ak.num(partons) == 2)
    assert ak.all((abs(partons.pid) <= 5) | (partons.pid == 21))
    assert ak.all(partons.daughter1 == -1)
    pt = np.hypot(partons.px, partons.py)
    np.testing.assert_allclose(pt[:, 0], pt[:, 1], rtol=1e-6)
    assert ak.all(pt > 199)


def test_no_event(tmp_path):
    card = tmp_path / "process.cmnd"
    card.write_text("HardQCD:all = on\nPhaseSpace:pTHatMin = 200.\n")
    pythia = start(card, seed=5)
    records = pythia.nextBatch(2).prt
    assert len(hard(pythia, records[:0])) == 0
