"""Made-up tables → all four verdicts."""

import math

import numpy as np
import pandas as pd
import pytest
from helpers_claims import ENTRY, claim, network_table, write
from hypothesis import given
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.estimates import Estimate, share
from relearn.scoring import COLUMNS, VERDICTS, judge, score, score_file, summary

GOOD = [0.9991, 0.9992, 0.9993, 0.9992, 0.9991]
TRIALS = {
    "reproduced": GOOD,
    "differs": [0.951, 0.952, 0.951, 0.953, 0.95],
    "inconclusive": [0.98, 0.999, 0.97, 0.9995, 0.995],
}
finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("verdict", TRIALS)
def test_trials_decide(verdict):
    found = score(claim(), {"pt_nodes": network_table(TRIALS[verdict])}, "default")
    assert found.verdict == verdict
    assert found.measured == pytest.approx(sum(TRIALS[verdict]) / 5) and found.n == 5
    assert found.uncertainty > 0 and "3 standard deviations" in found.reason


@pytest.mark.parametrize("verdict", ["reproduced", "differs", "inconclusive"])
def test_orderings_are_decided_by_the_difference(verdict):
    low, high = network_table(TRIALS["differs"], hidden="5"), network_table(GOOD)
    tables = {"pt_nodes": pd.concat([low, high])}
    versus = {"where": {"hidden": "5"}}
    relation, expect = {
        "reproduced": (">", 0),
        "differs": ("<", 0),
        "inconclusive": (">", 0.048),
    }[verdict]
    found = score(claim(versus=versus, relation=relation, expect=expect), tables, "default")
    assert found.verdict == verdict
    assert found.measured == pytest.approx(0.99918 - 0.9514) and found.n == 10
    assert found.reason.startswith("0.99918 against 0.9514")


def test_equality_needs_trials_that_can_show_it():
    versus, only = {"where": {"hidden": "5"}}, {"relation": None, "expect": None}
    same = pd.concat([network_table(GOOD), network_table(GOOD[::-1], hidden="5")])
    close = claim(versus=versus, tolerance=0.001, **only)
    assert score(close, {"pt_nodes": same}, "default").verdict == "reproduced"
    closer = claim(versus=versus, tolerance=0.0001, **only)
    assert score(closer, {"pt_nodes": same}, "default").verdict == "inconclusive"


def test_shares_of_networks_are_scored():
    dead = claim(reduce="share", within={"max": 0.5}, expect=0.1)
    tables = {"pt_nodes": network_table([0.0] * 8 + [0.99] * 2)}
    found = score(dead, tables, "default")
    assert (found.verdict, found.measured) == ("reproduced", 0.8)
    assert score(claim(reduce="share", within={"max": 0.5}, expect=0.9), tables, "x").n == 10


@pytest.mark.parametrize(
    ("claimed", "tables", "scale", "reason"),
    [
        (claim(from_scale="paper"), {"pt_nodes": network_table(GOOD)}, "default", "scale paper"),
        (claim(), {}, "default", "pt_nodes.csv"),
        (claim(), {"pt_nodes": pd.DataFrame()}, "default", "pt_nodes.csv"),
        (claim(where={"hidden": "9"}), {"pt_nodes": network_table(GOOD)}, "default", "are 10"),
        (
            claim(versus={"where": {"hidden": "9"}}),
            {"pt_nodes": network_table(GOOD)},
            "default",
            "`versus.where.hidden`",
        ),
        (
            claim(where={"hidden": "10", "trial": {"min": 3}}),
            {"pt_nodes": network_table(GOOD, trial=[0, 1, 2, 2, 3]).head(4)},
            "default",
            "`where.trial`; there are 0, 1, 2",
        ),
        (
            claim(where={"hidden": "10", "trial": 1}),
            {"pt_nodes": network_table(GOOD[:2], trial=[0, 1], hidden=["10", "20"])},
            "default",
            "each condition for itself some do",
        ),
        (
            claim(versus={"table": "mass_grid"}),
            {"pt_nodes": network_table(GOOD)},
            "default",
            "mass_grid.csv",
        ),
    ],
)
def test_what_is_not_there_is_not_run(claimed, tables, scale, reason):
    found = score(claimed, tables, scale)
    assert found.verdict == "not run" and reason in found.reason
    assert math.isnan(found.measured) and found.n == 0


def test_own_scale_scores_every_claim():
    tables = {"pt_nodes": network_table(GOOD)}
    assert score(claim(from_scale="paper"), tables, "mine").verdict == "reproduced"


@pytest.mark.parametrize("values", [[0.999], [0.999, 0.999, 0.999], [math.nan, math.nan]])
def test_trials_without_a_spread_cannot_tell(values):
    found = score(claim(), {"pt_nodes": network_table(values)}, "default")
    assert found.verdict == "inconclusive" and found.reason


def test_diverged_networks_are_left_out_and_told():
    table = network_table([*GOOD, 0.1])
    table.loc[5, "status"] = "diverged"
    found = score(claim(), {"pt_nodes": table}, "default")
    assert found.verdict == "reproduced" and "1 of 6 rows diverged" in found.reason


@given(finite, st.floats(0, 1e6), finite, st.floats(0, 1e6), finite)
def test_judge_moves_with_the_quantity(low, width, expected, tolerance, shift):
    found = Estimate(low + width / 2, width / 6, low, low + width)
    moved = Estimate(found.value + shift, found.error, low + shift, low + width + shift)
    accepted = (expected - tolerance, expected + tolerance)
    verdict = judge(found, accepted)
    assert verdict in VERDICTS[:3]
    edges = [abs(a - b) for a in (low, low + width) for b in accepted]
    if min(edges) > 1e-3 and width > 1e-3:  # else rounding decides
        assert judge(moved, tuple(edge + shift for edge in accepted)) == verdict


@given(finite, st.floats(1e-3, 1e6), finite)
def test_a_bound_and_its_opposite_never_agree(low, width, limit):
    found = Estimate(low + width / 2, width / 6, low, low + width)
    above, below = judge(found, (limit, math.inf)), judge(found, (-math.inf, limit))
    opposite = {"reproduced": "differs", "differs": "reproduced"}
    if limit not in (found.low, found.high):
        assert opposite.get(above, above) == below


def test_none_of_some_is_not_more_than_none():
    assert judge(share(np.zeros(9, dtype=bool)), (0.0, math.inf)) == "inconclusive"
    assert judge(share(np.ones(9, dtype=bool)), (-math.inf, 1.0)) == "inconclusive"
    assert judge(share(np.arange(9) == 0), (0.0, math.inf)) == "reproduced"


@given(finite, st.floats(1e-3, 1e6), st.floats(1, 10), finite, st.floats(0, 1e6))
def test_more_uncertainty_never_decides_otherwise(low, width, factor, expected, tolerance):
    accepted = (expected - tolerance, expected + tolerance)
    sharp = Estimate(low + width / 2, width / 6, low, low + width)
    grow = (factor - 1) * width / 2
    blurred = Estimate(sharp.value, factor * sharp.error, low - grow, low + width + grow)
    assert judge(blurred, accepted) in (judge(sharp, accepted), "inconclusive")


@given(finite, st.floats(0, 1e6))
def test_no_width_decides_nothing(value, tolerance):
    accepted = (value - tolerance, value + tolerance)
    assert judge(Estimate(value, 0.0, value, value), accepted) == "inconclusive"
    endless = Estimate(value, math.nan, -math.inf, math.inf)
    assert judge(endless, accepted) == "inconclusive"


def test_file_against_a_folder_of_tables(tmp_path):
    entries = {
        "reproduced": {},
        "differs": {"where": {"hidden": "5"}},
        "inconclusive": {"where": {"hidden": "20"}},
        "not run": {"table": "mass_grid"},
    }
    path = write(
        tmp_path / "claims.yaml",
        *(
            ENTRY | change | {"id": verdict.replace(" ", "_")}
            for verdict, change in entries.items()
        ),
    )
    table = pd.concat(
        network_table(TRIALS[verdict], hidden=hidden)
        for verdict, hidden in (("reproduced", "10"), ("differs", "5"), ("inconclusive", "20"))
    )
    table.to_csv(tmp_path / "pt_nodes.csv", index=False)
    scored = score_file(path, tmp_path, "default")
    assert list(scored["verdict"]) == list(entries)
    assert tuple(scored) == COLUMNS
    assert set(scored["scale"]) == {"default"} and set(scored["threshold"]) == {"ours"}
    assert scored["study"].to_list() == ["pt_nodes"] * 3 + ["mass_grid"]
    assert scored["source"][0] == "000, Someone, Somewhere 2017: “1 layer with 10 nodes is enough”"
    assert summary(scored) == "4 claims: 1 reproduced, 1 differs, 1 inconclusive, 1 not run"


def test_bad_query_names_file_and_claim(tmp_path):
    path = write(tmp_path / "claims.yaml", ENTRY | {"value": "R"})
    network_table(GOOD).to_csv(tmp_path / "pt_nodes.csv", index=False)
    with pytest.raises(UserError, match="claim ten_nodes, value: there is no column 'R'"):
        score_file(path, tmp_path, "default")


def test_script_writes_the_verdicts(tmp_path, monkeypatch, capsys):
    import score_claims

    path = write(tmp_path / "claims.yaml", ENTRY)
    network_table(GOOD).to_csv(tmp_path / "pt_nodes.csv", index=False)
    output = tmp_path / "out/claims.csv"
    words = ["--claims", path, "--tables", tmp_path, "--scale", "smoke", "--output", output]
    monkeypatch.setattr("sys.argv", ["score_claims.py", *map(str, words)])
    score_claims.main()
    written = pd.read_csv(output)
    assert written.loc[0, "verdict"] == "reproduced" and written.loc[0, "scale"] == "smoke"
    assert "1 reproduced" in capsys.readouterr().out
