"""pT across samples: trained on one, tested on each (talk 000, sample independence)."""

import pandas as pd

from relearn.studies import metrics
from relearn.studies.evaluate import DIVERGED
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import PT_EDGES

KEYS = ("run", "dataset", "hidden", "nodes", "trial")


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, a row per network and test sample, and the `bins` of pT.

    Further columns: `test_dataset`, and `same`, whether the network was trained on it. The
    bins also have `train_share`, the share of the training events in that bin: where it is
    nothing, the network is asked about events unlike those that it has seen.
    """
    rows, bins = [], []
    tests = list(dict.fromkeys(inputs.runs["dataset"]))
    shares = {name: _shares(inputs, name) for name in tests}
    for row in inputs.runs.to_dict("records"):
        network = None if row["status"] == DIVERGED else inputs.network(row)
        for test in tests:
            place = {"test_dataset": test, "same": test == row["dataset"]}
            numbers = dict.fromkeys(metrics.COLUMNS, float("nan"))
            if network is not None:
                true, said = inputs.predictions(row, test, network)
                numbers = metrics.summarise(true, said)
                keys = {key: row[key] for key in KEYS}
                for one in metrics.in_bins(true, true, said, PT_EDGES):
                    share = shares[row["dataset"]].get(one["low"])
                    bins.append(one | {"train_share": share} | keys | place)
            rows.append(row | place | numbers)
    named = [*metrics.OF_BINS, "train_share", *KEYS, "test_dataset", "same"]
    return {
        "": pd.DataFrame(rows).drop(columns="folder"),
        "bins": pd.DataFrame(bins, columns=named),
    }


def _shares(inputs: StudyInputs, dataset: str) -> dict[float, float]:
    """Share of a dataset's training events in each bin of pT, by the bin's lower edge."""
    pt = inputs.data(dataset, "train").targets["pt"][:, 0]
    bins = pd.cut(pt, PT_EDGES, right=False, labels=PT_EDGES[:-1])
    counts = pd.Series(bins).value_counts()
    return {float(low): count / len(pt) for low, count in counts.items()}
