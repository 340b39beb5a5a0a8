"""LoLa that sees 10 to 60 constituents, of energy flow and of the calorimeter (talk 003)."""

import pandas as pd

from relearn.studies import references, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

REFERENCES = {"forty": {"constituents": 40}, "tower": {"kind": "tower"}}


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, and `pairs` of points.

    In `pairs`, ``against`` is ``forty``: differences to 40 constituents of the same kind; or
    ``tower``: of energy flow to as many constituents of the calorimeter.
    """
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs),
        "pairs": references.compare(inputs, REFERENCES, AXES),
    }
