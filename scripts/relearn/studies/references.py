"""Points of taggers compared with several references in one table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relearn.studies import along
from relearn.studies.inputs import StudyInputs


def compare(
    inputs: StudyInputs, references: Mapping[str, Mapping[str, Any]], by: Sequence[str]
) -> pd.DataFrame:
    """Return AUC differences to each reference, of points that are else alike.

    Parameters
    ----------
    inputs
        Of the study.
    references
        A name → the columns of `by`, and the values there that others are compared with.
    by
        Columns that make a point.

    Returns
    -------
    DataFrame
        As `relearn.studies.along.compare`, and the column ``against``: the name.
    """
    tables = [
        along.compare(inputs, reference, by).assign(against=name)
        for name, reference in references.items()
    ]
    return pd.concat(tables, ignore_index=True)
