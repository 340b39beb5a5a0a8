"""The line of image taggers, from Fisher's discriminant on, against trees (talks 001 and 003)."""

from dataclasses import replace

import pandas as pd

from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

REFERENCE = "deeptop"
SIZES = {"small": 0, "medium": 1, "paper": 2}
OPTIONS = ("channels", "inputs")  # which make another tagger
BY = ("tagger", "largest", *AXES)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` with DeepTop.

    ``tagger`` is the architecture, with its channels or, of trees, its inputs where a scan states
    them: ``deeptop colours``, ``bdt mother_of_taggers``; ``largest`` says whether a point is of
    the largest size of its tagger. Differences are to the largest DeepTop, of towers.
    """
    runs = inputs.runs.assign(tagger=inputs.runs["architecture"])
    for option in OPTIONS:
        if option in runs:
            stated = " " + runs[option].astype(str)
            runs["tagger"] += stated.where(runs[option].notna(), "")
    rank = runs["size"].map(SIZES)
    runs["largest"] = rank == rank.groupby(runs["tagger"]).transform("max")
    reference = {"tagger": REFERENCE, "largest": True, "kind": "tower"}
    return tagging.tables(replace(inputs, runs=runs), reference, BY)
