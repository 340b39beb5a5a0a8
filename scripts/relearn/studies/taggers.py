"""What studies of taggers look at: the runs of their scans, and their scores of the test jets."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn import batchfiles
from relearn.errors import UserError
from relearn.studies.inputs import StudyInputs

SCORES = "scores.npz"
# what NumPy and zipfile say of a damaged archive
BROKEN = (OSError, KeyError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile)
Array = NDArray[np.float32]


def runs(
    folders: Iterable[str | Path], where: Mapping[str, Sequence[Any]] | None = None
) -> pd.DataFrame:
    """Return one row for each tagger: the columns of ``runs.csv``, and `folder`, where it is.

    Those that diverged are there too, with status ``diverged`` and no metrics. A tagger that
    several scans trained alike is that of the first.

    Parameters
    ----------
    folders
        ``results/<scale>/models/<scan>`` of each scan.
    where
        Columns and the values wanted there.

    Raises
    ------
    UserError
        If a scan or a part of it is not trained or damaged, or no tagger is left.
    """
    return StudyInputs.from_files(folders, [], {}, where).runs


def scores(run: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Return labels, weights and scores (n,) of the test jets, in the order of the dataset.

    Parameters
    ----------
    run
        A row of `runs`.

    Returns
    -------
    labels, weights, scores
        float32. The score is the log-odds of signal for a network, anything that grows with them
        for a tagger that is none; of a regression, truth and what was found. A diverged tagger's
        scores are NaN.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    path = Path(run["folder"]) / SCORES
    try:
        with np.load(path, allow_pickle=False) as file:
            own = f"label/{run['run']}"  # of a regression, where others learn something else
            label = file[own if own in file else "label"]
            return label, file["weight"], file[f"score/{run['run']}"]
    except BROKEN as error:
        raise UserError(
            f"{path} cannot be read ({error}). {batchfiles.cure(path.parent)}"
        ) from None
