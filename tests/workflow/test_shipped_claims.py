"""Every table and column that a claim names is what the studies write, at any scale."""

import pytest
from helpers_workflow import ROOT

from relearn.claims import load
from relearn.estimates import select
from relearn.figures.tables import read_table

pytestmark = pytest.mark.workflow


def test_claims_name_tables_and_columns_that_there_are(smoke_run):
    for claim in load(ROOT / "config/claims.yaml")[1]:
        for side in claim.sides:
            table = read_table(smoke_run / f"results/smoke/tables/{side.table}.csv")
            select(table, side)  # an unknown column, or text for a number, is a UserError
