"""Numbers of the documentation that follow from the config."""

import re

import pytest
from helpers_workflow import ROOT

from relearn import config, plan

TABLE = re.findall(
    r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|",
    (ROOT / "docs/choose-a-scale.md").read_text(),
    re.M,
)
COUNTED = {"dimuon": "events", "tagging": "jets"}


def numbers(text: str) -> list[int]:
    return [int(found.replace(" ", "")) for found in re.findall(r"\d+(?: \d{3})*", text)]


def made(scale: str, kind: str) -> set[int]:
    """Events or jets of a class, of all splits, of each dataset of a kind with networks."""
    resolved = config.load(scale)
    trained = {one for name in plan.used_scans(resolved) for one in resolved.scans[name].dataset}
    used = [resolved.datasets[name] for name in sorted(trained)]
    counts = [getattr(one, COUNTED[kind]) for one in used if one.kind == kind]
    return {one.train + one.validation + one.test for one in counts}


@pytest.mark.parametrize(("scale", "events", "jets"), [row[:3] for row in TABLE])
def test_the_table_of_scales(scale, events, jets):
    assert set(numbers(events)) == made(scale, "dimuon")
    assert set(numbers(jets)) == made(scale, "tagging")


def test_every_scale_is_in_the_table():
    overlays = {path.stem for path in (ROOT / "config/scale").glob("*.yaml")}
    assert {row[0] for row in TABLE} == overlays
