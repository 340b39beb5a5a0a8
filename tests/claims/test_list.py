"""Claims as tables: of a run, and in the documentation."""

import subprocess
import sys

import pandas as pd
import yaml
from helpers_claims import ENTRY, network_table, write
from helpers_workflow import ROOT

from relearn.claims import load
from relearn.scoring import score_file

SOURCES, CLAIMS = load(ROOT / "config/claims.yaml")


def listed(path):
    words = [sys.executable, "scripts/list_claims.py", str(path)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_those_that_differ_come_first(tmp_path):
    entries = [ENTRY, ENTRY | {"id": "few", "statement": "Five, |too|.", "where": {"hidden": "5"}}]
    path = write(tmp_path / "claims.yaml", *entries)
    good, bad = [0.9991, 0.9992, 0.9993], [0.91, 0.92, 0.91]
    table = pd.concat([network_table(good), network_table(bad, hidden="5")])
    table.to_csv(tmp_path / "pt_nodes.csv", index=False)
    score_file(path, tmp_path, "default").to_csv(tmp_path / "claims.csv", index=False)
    done = listed(tmp_path / "claims.csv")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    assert [line for line in lines if line.startswith("###")] == [
        "### Differs: 1",
        "### Reproduced: 1",
        "### Inconclusive: 0",
    ]
    assert r"| Five, \|too\|. | 000 | > 0.99 | 0.91333 ± 0.0033 |" in lines
    assert lines.index("| Ten nodes are enough. | 000 | > 0.99 | 0.9992 ± 5.8e-05 |") > 4


def test_what_is_no_table_of_claims_is_told(tmp_path):
    done = listed(tmp_path / "smoke/claims.csv")
    assert done.returncode == 1 and "make run SCALE=smoke" in done.stderr
    (tmp_path / "claims.csv").write_text("id,verdict\nten,differs\n")
    assert "has no column" in listed(tmp_path / "claims.csv").stderr


def test_the_documentation_lists_sources_and_statements_that_there_are():
    page = (ROOT / "docs/claims.md").read_text()
    assert [name for name in SOURCES if f"| {name} | {SOURCES[name]} |" not in page] == []
    lines = (ROOT / "docs/results.md").read_text().partition("## Claims")[2].splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| ") and "expected" not in line]
    stated = {(claim.statement, claim.source) for claim in CLAIMS}
    assert [row[0] for row in rows if (row[0].removeprefix("| "), row[1]) not in stated] == []


def test_the_documentation_shows_a_claim_as_it_is():
    block = (ROOT / "docs/claims.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    (shown,) = yaml.safe_load(block)["claims"]
    known = yaml.safe_load((ROOT / "config/claims.yaml").read_text())["claims"]
    assert shown in known
