"""LSTM and GRU on the constituents of a jet in one order or another (talk 002)."""

import pandas as pd

from relearn.studies import along, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import metrics, tagger

ORDERS = ("pt", "random", "clustering")
BY = (*AXES, "order")
JETS = 20_000  # test jets at most that are read in another order


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, `roc` curves, `pairs` of points, and jets `reread`.

    `pairs` holds the differences to the order of pT, all else alike, and `reread` a row for each
    network and each order in which it reads the test jets: ``order``, that of its training;
    ``read``; ``own``, whether they are the same; ``auc``; ``change`` against its own order, and
    ``change_error``, of the same test jets. To a network on sets any order is the same.
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
    rows = []
    for _, run in inputs.runs[inputs.runs["status"] == tagging.OK].iterrows():
        jets = along.test_jets(inputs, run, JETS)
        network = inputs.network(run)
        scores = {}
        for network.order in ORDERS:
            scores[network.order] = tagger.predict(network, jets).numpy()
        for read, score in scores.items():
            point = {name: run[name] for name in ("run", *BY, "trial")} | {"read": read}
            sample = (jets.label.numpy(), jets.weight.numpy())
            change, error = metrics.auc_difference(score, scores[run["order"]], *sample)
            own = "yes" if read == run["order"] else "no"
            point |= {"own": own, "auc": metrics.auc(score, *sample)}
            rows.append(point | {"change": change, "change_error": error})
    return pd.DataFrame(rows)
