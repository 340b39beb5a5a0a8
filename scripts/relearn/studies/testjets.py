"""The test jets, as a trained tagger takes them.

Apart from what studies of tables alone import: PyTorch comes with it.
"""

from collections.abc import Mapping
from typing import Any

from relearn.models.jetbatch import Jets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import NONE
from relearn.training import jetdata


def read(inputs: StudyInputs, run: Mapping[str, Any], limit: int | None = None) -> Jets:
    """Return the test jets as the tagger of a run takes them: the first ones, up to a limit."""
    features = () if run["features"] == NONE else tuple(run["features"].split("+"))
    path, count = inputs.datasets[run["dataset"]], int(run["constituents"])
    return jetdata.File(path, "test", run["kind"], count, features).read(slice(limit))
