"""ParticleNet against the other taggers of the same inputs (talk 001)."""

import pandas as pd

from relearn.errors import UserError
from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

PARTICLENET = ("particlenet", "lite")


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, and `pairs` with ParticleNet.

    `pairs` holds the differences of all points to ParticleNet, to that with most parameters;
    ``rank`` counts them by AUC, 1 the best; ParticleNets of other sizes have 0. As the best one is
    chosen by the same test jets, it is flattered, and ParticleNet is not.

    Raises
    ------
    UserError
        If no ParticleNet is in the scans.
    """
    points = tagging.summary(inputs)
    own = points[points["architecture"].isin(PARTICLENET)]
    if own.empty:
        raise UserError("studies.particlenet: none of its scans trains a particlenet")
    found = own.sort_values("parameters", ascending=False, kind="stable").iloc[0]
    pairs = tagging.compare(inputs, found[list(AXES)].to_dict())
    foreign = ~pairs["architecture"].isin(PARTICLENET)
    rank = pairs["auc"].where(foreign).rank(ascending=False, method="first")
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": points,
        "roc": tagging.roc_table(inputs),
        "pairs": pairs.assign(rank=rank.fillna(0).astype(int)),
    }
