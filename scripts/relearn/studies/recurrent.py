"""LSTM and GRU on the constituents of a jet in one order or another (talk 002)."""

import pandas as pd

from relearn.studies import along, spreads, tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import metrics, tagger

ORDERS = ("pt", "random", "clustering")
BY = (*AXES, "order")
JETS = 20_000  # test jets at most that are read in another order


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, `pairs` of points, and jets `reread`.

    `pairs` holds the differences to the order of pT, all else alike.

    `reread` has a row for each point and each order in which its networks read the test jets:
    ``order``, that of their training; ``read``; ``own``, whether they are the same; ``trials``;
    ``auc``, their mean; ``change``, the mean difference to their own order on the same jets;
    ``change_sample``, its error by the test jets, ``change_error`` with the spread of the trials,
    and the interval, as `relearn.studies.tagging` has them. To a network on sets any order is the
    same.
    """
    inputs = tagging.with_defaults(inputs, order="pt")
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "roc": tagging.roc_table(inputs, BY),
        "pairs": along.compare(inputs, {"order": "pt"}, BY),
        "reread": _reread(inputs),
    }


def _reread(inputs: StudyInputs) -> pd.DataFrame:
    runs = inputs.runs[inputs.runs["status"] == tagging.OK]
    read = pd.DataFrame([row for _, run in runs.iterrows() for row in _of(inputs, run)])
    there = tagging.points(read, (*BY, "read", "own")) if len(read) else []
    # its change to itself is none
    sides = iter(spreads.of_points([one for point, one in there if point["own"] == "no"], "change"))
    rows = []
    for point, trials in there:
        row = point | {"trials": len(trials), "auc": trials["auc"].mean()}
        row |= {"change": trials["change"].mean(), "change_sample": trials["sample"].mean()}
        if point["own"] == "no":
            found = spreads.interval(row["change"], row["change_sample"], [next(sides)])[:3]
            names = (f"change_{end}" for end in ("error", "low", "high"))
            row |= dict(zip(names, found, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def _of(inputs: StudyInputs, run: pd.Series) -> list[dict]:
    """Return a row for each order in which a network reads."""
    jets, network = testjets.read(inputs, run, JETS), inputs.network(run)
    label, weight = jets.label.numpy(), jets.weight.numpy()
    scores = {}
    for network.order in ORDERS:
        scores[network.order] = tagger.predict(network, jets).numpy()
    rows = []
    for read, score in scores.items():
        change, error = metrics.auc_difference(score, scores[run["order"]], label, weight)
        row = {name: run[name] for name in BY} | {"read": read}
        row |= {"own": "yes" if read == run["order"] else "no"}
        row |= {"auc": metrics.auc(score, label, weight), "change": change, "sample": error}
        rows.append(row)
    return rows
