"""The steps of a jet image on and off, on pixels and on constituents (talk 003)."""

import pandas as pd

from relearn.jets.images import STEPS
from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

ALL = {"steps": "+".join(STEPS), "subpixel": "no"}
BY = ("steps", "subpixel", *AXES)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` with all steps on pixels.

    ``steps`` are those of a point; with ``subpixel`` yes they are taken on the constituents,
    before there are pixels.
    """
    return tagging.tables(tagging.with_defaults(inputs, **ALL), ALL, BY)
