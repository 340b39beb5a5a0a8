"""LoLa against DeepTop and trees, at low and high pT, energy flow and calorimeter (talk 003)."""

from dataclasses import replace

import pandas as pd

from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

KINDS = ("eflow", "tower")
BY = ("tagger", *AXES)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` with LoLa.

    ``tagger`` is the architecture, with the inputs of trees: ``bdt mother_of_taggers``. In `pairs`,
    ``against`` is the kind of jets, ``eflow`` or ``tower``, of the LoLa that a point is compared
    with, on the same test jets of its dataset.
    """
    runs = inputs.runs.assign(tagger=inputs.runs["architecture"])
    if "inputs" in runs:
        runs["tagger"] += (" " + runs["inputs"].astype(str)).where(runs["inputs"].notna(), "")
    inputs = replace(inputs, runs=runs)
    pairs = [
        tagging.compare(inputs, {"tagger": "lola", "kind": kind}, BY).assign(against=kind)
        for kind in KINDS
    ]
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "roc": tagging.roc_table(inputs, BY),
        "pairs": pd.concat(pairs, ignore_index=True),
    }
