"""Recursive nets along the tree of a jet's clustering: kT or C/A, plain or gated (1702.00748)."""

import pandas as pd

from relearn.studies import along, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES, value_text

BY = (*AXES, "tree", "gated")
PLAIN = value_text(False)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` of points.

    `pairs` holds the differences to the kT tree, where ``changed`` is ``tree``, and to the plain
    net, where it is ``gated``; all else is alike.
    """
    inputs = tagging.with_defaults(inputs, tree="kt", gated=PLAIN)
    pairs = [
        along.compare(inputs, {axis: value}, BY).assign(changed=axis)
        for axis, value in (("tree", "kt"), ("gated", PLAIN))
    ]
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "roc": tagging.roc_table(inputs, BY),
        "pairs": pd.concat(pairs, ignore_index=True),
    }
