"""LoLa with more about each constituent than its momentum: charge and impact parameters."""

import pandas as pd

from relearn.studies import references, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES, NONE

TRUE, SMEARED = "d0+z0", "d0_smeared+z0_smeared"
REFERENCES = {"momenta": {"features": NONE}, "truth": {"features": TRUE}}


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` of points.

    In `pairs`, ``against`` is ``momenta``: differences to four-vectors alone; or ``truth``: to true
    impact parameters, what is lost by their resolution.
    """
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs),
        "roc": tagging.roc_table(inputs),
        "pairs": references.compare(inputs, REFERENCES, AXES),
    }
