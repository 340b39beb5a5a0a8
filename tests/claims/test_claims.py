"""Claims as data: what a file may say, and what is told about mistakes."""

import pytest
from helpers_claims import ENTRY, SOURCES, claim, write
from hypothesis import given
from hypothesis import strategies as st

from relearn.claims import TABLES, Claim, load
from relearn.errors import UserError

# case → changes of a good entry (None removes a key), what the message must say
BAD = {
    "unknown key": ({"tolerence": 0.1}, ["tolerence", "docs/claims.md"]),
    "missing key": ({"quote": None}, ["quote", "required"]),
    "empty text": ({"statement": ""}, ["statement", "at least 1"]),
    "name with a space": ({"id": "ten nodes"}, ["id", "ten nodes"]),
    "unknown source": ({"source": "007"}, ["source", "'007'", "000"]),
    "source without quotes": ({"source": 0}, ["source", "string", "0"]),
    "unknown table": ({"table": "pt_node"}, ["table", "pt_node", "pt_nodes_bins"]),
    "unknown threshold": ({"threshold": "mine"}, ["threshold", "talk", "paper", "ours", "mine"]),
    "unknown reduction": ({"reduce": "median"}, ["reduce", "mean", "share", "median"]),
    "unknown relation": ({"relation": ">="}, ["relation", "'>'", ">="]),
    "unknown scale": ({"from_scale": "tiny"}, ["from_scale", "smoke", "paper", "tiny"]),
    "text for a number": ({"expect": "0.9"}, ["expect", "number", "0.9"]),
    "infinite number": ({"expect": float("inf")}, ["expect", "finite"]),
    "no tolerance": ({"relation": None, "tolerance": 0}, ["tolerance", "greater than 0"]),
    "bound with a tolerance": ({"tolerance": 0.1}, ["relation", "either", "tolerance"]),
    "nothing expected": ({"relation": None}, ["relation", "tolerance"]),
    "no number": ({"expect": None}, ["expect", "required", "versus"]),
    "share of what": ({"reduce": "share"}, ["within", "share"]),
    "mean within": ({"within": {"min": 0.9}}, ["within", "share"]),
    "empty comparison": ({"versus": {}}, ["versus", "table, where or value"]),
    "key of a comparison": ({"versus": {"scan": "a"}}, ["versus.scan", "unknown"]),
    "table of a comparison": ({"versus": {"table": "pt"}}, ["versus.table", "'pt'", "pt_nodes"]),
    "condition of a comparison": ({"versus": {"where": {"r": []}}}, ["versus.where", "r:"]),
    "conditions as text": ({"where": "hidden = 10"}, ["where", "column: condition"]),
    "empty list": ({"where": {"hidden": []}}, ["where", "hidden", "list of values"]),
    "null condition": ({"where": {"hidden": None}}, ["where", "hidden", "value"]),
    "falling range": ({"where": {"r": {"min": 2, "max": 1}}}, ["where", "r:", "min ≤ max"]),
    "open on both sides": ({"where": {"r": {}}}, ["where", "r:", "min"]),
    "key of a range": ({"where": {"r": {"above": 1}}}, ["where", "r:", "{min: …, max: …}"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_claim_gives_one_message_with_file_claim_and_key(case, tmp_path):
    changes, expected = BAD[case]
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    if case == "null condition":
        entry["where"] = {"hidden": None}
    path = write(tmp_path / "claims.yaml", entry)
    with pytest.raises(UserError) as caught:
        load(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{path}: claim {entry['id']}, {expected[0]}")
    for text in expected:
        assert text in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "sources: is required"),
        ("- id: a", "dictionary"),
        ("sources: [", "is no YAML"),
        ("{sources: {}, claims: [ten_nodes]}", "claims.0"),
        ("{sources: {}, claims: [], extra: 1}", "extra: unknown key"),
        ("{sources: {1: Someone}, claims: []}", "sources.1"),
    ],
)
def test_bad_file_is_named(tmp_path, text, expected):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path)) and expected in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="none.yaml does not exist"):
        load(tmp_path / "none.yaml")


def test_every_mistake_is_told_at_once(tmp_path):
    path = write(tmp_path / "claims.yaml", ENTRY | {"threshold": "me", "expect": "a"}, ENTRY, ENTRY)
    with pytest.raises(UserError) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "threshold" in lines[0] and "expect" in lines[1] and "used twice" in lines[2]


def test_good_file_is_read_in_order(tmp_path):
    path = write(tmp_path / "claims.yaml", ENTRY | {"id": "b"}, ENTRY | {"id": "a"})
    sources, claims = load(path)
    assert sources == SOURCES and [c.id for c in claims] == ["b", "a"]
    assert claims[0] == Claim.model_validate(ENTRY | {"id": "b"})


def test_expectations_are_written_with_signs():
    versus = {"where": {"hidden": "5"}}
    assert claim().expected == "> 0.99"
    assert claim(relation="<").expected == "< 0.99"
    assert claim(relation=None, tolerance=0.005).expected == "0.99 ± 0.005"
    assert claim(versus=versus, expect=None).expected == "difference > 0"
    assert claim(versus=versus, expect=-1, relation="<").expected == "difference < -1"
    only = claim(versus=versus, expect=None, relation=None, tolerance=0.001)
    assert only.expected == "difference 0 ± 0.001"


@given(st.floats(-10, 10), st.floats(0.001, 10))
def test_accepted_range_is_what_is_written(expect, tolerance):
    low, high = claim(relation=None, expect=expect, tolerance=tolerance).accepted
    assert low < expect < high and (low + high) / 2 == pytest.approx(expect, abs=1e-9)
    assert claim(expect=expect).accepted == (expect, float("inf"))
    assert claim(relation="<", expect=expect).accepted == (float("-inf"), expect)


def test_a_side_says_only_what_differs():
    both = claim(
        where={"hidden": "10", "dataset": "zmumu"},
        versus={"table": "pt_layers", "where": {"hidden": "10x1"}},
    ).sides
    assert [side.table for side in both] == ["pt_nodes", "pt_layers"]
    assert both[1].where == {"hidden": "10x1", "dataset": "zmumu"}
    assert both[1].value == "r" and both[1].key == "versus."


def test_tables_belong_to_studies():
    assert TABLES["pt_nodes"] == "pt_nodes"
    assert TABLES["pt_nodes_bins"] == "pt_nodes"
    assert claim(table="pt_nodes_bins").study == "pt_nodes"
