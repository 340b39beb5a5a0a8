"""What is said of a config that is allowed, but seldom meant."""

import pytest
from helpers_workflow import ROOT

from relearn import config
from relearn.advice import advice, tops

SIGNAL = "ttbar_hadronic_low"


def changed(sample=SIGNAL, **jets):
    raw = config.load("default").model_dump()
    raw["samples"][sample]["jets"] |= jets
    return config.resolve(raw)


@pytest.mark.parametrize("scale", ["nano", "smoke", "default", "evening", "paper"])
def test_nothing_is_to_be_said_of_what_is_shipped(scale):
    assert advice(config.load(scale), ROOT) == []


def test_tops_that_are_signal_without_a_match_are_named():
    (line,) = advice(changed(match=None), ROOT)
    for part in ("datasets.tops_low", f"samples.{SIGNAL}.jets.match is null", "Top:gg2ttbar = on"):
        assert part in line
    assert advice(changed("qcd_low", match=None), ROOT) == [], "a background has nothing to match"


def test_cards_without_tops_have_nothing_to_match(tmp_path):
    card = tmp_path / "card.cmnd"
    card.write_text(
        "! Top:gg2ttbar = on\nTop:qqbar2ttbar = off\nTopcolour = on\nHardQCD:all = on\n"
    )
    assert tops(card) == []
    card.write_text("HardQCD:all = on\ntop:all on  ! all of them\n")
    assert tops(card) == ["top:all on"]
    assert tops(tmp_path / "absent.cmnd") == []
