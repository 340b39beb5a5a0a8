"""The claims that are shipped: they load, and at every scale that scores them have networks."""

import numpy as np
import pytest
from helpers_claims import planned
from helpers_workflow import ROOT

from relearn import config
from relearn.claims import SCALES, load
from relearn.estimates import select, share
from relearn.scoring import judge
from relearn.studylist import STUDIES

PATH = ROOT / "config/claims.yaml"
SOURCES, CLAIMS = load(PATH)


@pytest.mark.parametrize("scale", SCALES)
def test_every_claim_that_is_scored_has_networks(scale):
    resolved = config.load(scale)
    tables = {study: planned(resolved, study).assign(value=1.0) for study in STUDIES}
    for claim in CLAIMS:
        table = tables[claim.study]
        if SCALES.index(scale) < SCALES.index(claim.from_scale) or table.empty:
            continue
        for side in claim.sides:
            # What a study adds to its table (dead units, bins) is not in the plan.
            known = {key: value for key, value in side.where.items() if key in table}
            side = type(side)(side.table, known, "value", side.key)
            assert len(select(table, side)), f"{claim.id} at {scale}: {side.key}where"


# Columns of which one value belongs to one tagger among all that a table compares; and a table
# that has a row for all of them.
CHOSEN, TOGETHER = {"largest", "rank", "one", "other", "size"}, {"tagger_comparison_orders"}


@pytest.mark.parametrize("scale", SCALES)
def test_an_interval_is_of_taggers_of_one_size(scale):
    """Several would be several rows, at which the scoring of all claims stops."""
    resolved = config.load(scale)
    tables = {study: planned(resolved, study).assign(value=1.0) for study in STUDIES}
    several = set()
    for claim in CLAIMS:
        (side, *_), table = claim.sides, tables[claim.study]
        early = SCALES.index(scale) < SCALES.index(claim.from_scale)
        if not claim.interval or early or table.empty:
            continue
        if set(side.where) & CHOSEN or claim.table in TOGETHER:
            continue
        known = {key: value for key, value in side.where.items() if key in table}
        rows = select(table, type(side)(side.table, known, "value", side.key))
        if table.loc[rows.index, "size"].nunique() != 1:
            several.add(claim.id)
    assert not several


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_first_scale_of_a_claim_has_its_study(claim):
    assert claim.study in config.load(claim.from_scale).studies


SHARES = [claim for claim in CLAIMS if claim.reduce == "share" and claim.versus is None]
# Some networks show that it happens; that it is rarer than one in ten, only many would.
HAPPENS = {"square_unevenly"}


@pytest.mark.parametrize("claim", SHARES, ids=lambda claim: claim.id)
def test_a_share_of_the_planned_networks_can_be_told(claim):
    table = planned(config.load(claim.from_scale), claim.study).drop_duplicates("run")
    (side,) = claim.sides
    known = {key: value for key, value in side.where.items() if key in table}
    if set(side.where) - set(known) - {"dead_units"}:
        pytest.skip("how many there are is measured")
    count = len(select(table.assign(value=1.0), type(side)(side.table, known, "value", side.key)))
    verdicts = {judge(share(np.full(count, all_of)), claim.accepted) for all_of in (True, False)}
    assert "reproduced" in verdicts, f"{count} networks are too few"
    assert "differs" in verdicts or claim.id in HAPPENS, f"{count} networks are too few"


def test_all_sources_speak():
    assert {claim.source for claim in CLAIMS} == set(SOURCES) >= {"000", "001", "002", "004"}


def test_studies_of_the_talks_have_claims():
    scored = {claim.study for claim in CLAIMS}
    trained = {name for name, study in config.load("paper").studies.items() if study.scans}
    silent = {"angles", "image_features"}  # an outlook; maps that are shown
    without = {"image_average"}  # of the images themselves
    assert scored == trained - silent | without, "the talks state nothing of these"


def test_smoke_scores_enough_to_test_the_machinery():
    early = [claim for claim in CLAIMS if SCALES.index(claim.from_scale) <= SCALES.index("smoke")]
    assert len(early) > 10
