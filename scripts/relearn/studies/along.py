"""Points of a scan compared along some of its axes."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs


def compare(inputs: StudyInputs, reference: Mapping[str, Any], by: Sequence[str]) -> pd.DataFrame:
    """Return AUC differences to the points with some values, of points that are else alike.

    Parameters
    ----------
    inputs
        Of the study.
    reference
        Columns of `by`, and the values there that others are compared with.
    by
        Columns that make a point.

    Returns
    -------
    DataFrame
        As `relearn.studies.tagging.compare`; the spread of trials is that of all points. Where
        there is no reference, there are no rows.
    """
    others = [name for name in by if name not in reference]
    tables = []
    for values, _ in tagging.points(inputs.runs, others):
        pairs = tagging.compare(inputs, {**values, **reference}, by)
        tables.append(pairs[(pairs[others] == pd.Series(values)).all(axis=1)])
    if not tables:
        return pd.DataFrame(columns=[*by, *tagging.COMPARED])
    return pd.concat(tables, ignore_index=True)
