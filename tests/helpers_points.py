"""Points of scans of taggers made by hand: their runs, and scores of test jets."""

import numpy as np
import pandas as pd

from relearn.studies.inputs import StudyInputs
from relearn.training import quality

LABEL = np.repeat([1.0, 0.0], 40).astype(np.float32)
POINT = {
    **{"architecture": "lola", "dataset": "toy", "size": "small", "kind": "eflow"},
    **{"constituents": 6, "features": "none"},
}


def score_of(wrong, seed=0):
    """Scores (80,) of which the first `wrong` signal jets lie below all background: known AUC."""
    score = np.random.default_rng(seed).uniform(0, 1, len(LABEL)) + 2 * LABEL
    score[:wrong] -= 4
    return score.astype(np.float32)


def auc_of(wrong):
    """The area under the ROC curve of `score_of`."""
    return 1 - wrong / 40


def inputs(folder, *points, datasets=None):
    """A study on points: columns that differ from `POINT`, and ``wrong`` of each trial.

    None in place of a number is a network that diverged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weight, rows, scores = np.ones_like(LABEL), [], {}
    for point in points:
        columns = POINT | {name: value for name, value in point.items() if name != "wrong"}
        for trial, wrong in enumerate(point["wrong"]):
            name = "-".join(map(str, (*columns.values(), trial)))
            score = np.full(80, np.nan, np.float32) if wrong is None else score_of(wrong, trial)
            found = quality.of_classifier(score, LABEL, weight, 1.5).row
            state = {"status": "diverged" if wrong is None else "ok", "train_seconds": 1.0}
            state["parameters"] = {"small": 10, "medium": 20, "paper": 30}[columns["size"]]
            rows.append({"run": name} | columns | {"trial": trial} | state | found)
            scores[f"score/{name}"] = score
    np.savez(folder / "scores.npz", label=LABEL, weight=weight, **scores)
    return StudyInputs(pd.DataFrame(rows).assign(folder=str(folder)), datasets or {})
