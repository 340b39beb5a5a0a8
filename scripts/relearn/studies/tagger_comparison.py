"""All taggers on the same events: how good, how large, how dear, how alike, and all as one."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.studies import combination, correlations, pairs, spreads, taggers, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES, LABEL, NONE
from relearn.training import quality

FAMILIES = {
    "variables": ("cuts", "bdt", "nsub"),
    "images": ("fisher", "image_dense", "cnn", "deeptop", "macaluso_shih", "resnet"),
    "four-vectors": ("topodnn", "lola"),
    "sequences, trees": ("pcnn", "rnn", "lstm", "gru", "recnn"),
    "graphs": ("gcn", "particlenet", "lite"),
    "sets": ("pfn", "efn", "hybrid"),
}
FAMILY = {name: family for family, names in FAMILIES.items() for name in names}
OTHER, COMBINED = "other", "combined"
SIZES = {"small": 0, "medium": 1, "paper": 2}
BY = ("tagger", "family", "largest", *AXES)
COSTS = ("flops", "train_jets_per_second", "inference_jets_per_second", "accuracy", "epochs")
# of runs.csv, what is no option of a tagger
COLUMNS = (
    *("run", "scan", "batch", "target", "trial", "seed", "status", "device", "folder"),
    *("parameters", "train_seconds", "best_epoch", "best_validation_loss"),
    *(*AXES, *COSTS, *quality.CLASSIFIER),
)

# 1902.09914: AUC of taggers on the same inputs, the constituents of energy-flow jets
PUBLISHED = "1902.09914"
PUBLIC = {
    "particlenet": 0.9848,
    "resnet": 0.9837,
    "pfn": 0.9819,
    "macaluso_shih": 0.9814,
    "nsub 8": 0.9809,
    "pcnn": 0.9803,
    "lola": 0.9802,
    "efn": 0.9789,
    "nsub 6": 0.9789,
    "topodnn": 0.9713,
}
KIND = "eflow"


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points`, `roc` curves, `pairs`, `correlations` and `orders`.

    ``tagger`` is the architecture, with the options that a scan states, and with axes that tell
    one from another of the same name: ``deeptop colours``, ``nsub 8``, ``lola tower``; ``family``
    what it looks at; ``largest`` whether a point is of the largest size of its tagger. Where
    several are compared with each other or combined, these are meant.

    Combined taggers are runs and points like others, of the family ``combined``, with the
    parameters and the cost of all their parts: ``combined mean`` and ``combined fit`` of the k-th
    trials of all taggers, and ``combined trials`` of all trials of the best tagger: what is gained
    by that alone (`relearn.studies.combination`).

    `points` has the columns of `relearn.studies.tagging.summary`, means of `COSTS`, and ``rank``
    by AUC among the largest single taggers, 1 the best, 0 for all others. `pairs` holds the
    differences of each two points, both ways (`relearn.studies.pairs`), with their ranks. The best
    is chosen by the jets that it is tested with, and so a little flattered. `correlations`:
    `relearn.studies.correlations.table`. `orders`: how far our order is that of another
    comparison (`relearn.studies.correlations.order`), of taggers with the same inputs.

    Raises
    ------
    UserError
        If taggers of one dataset have not been tested on the same jets.
    """
    inputs = replace(inputs, runs=named(inputs.runs))
    with tempfile.TemporaryDirectory() as folder:
        made, alike = [], []
        for dataset, runs in inputs.runs.groupby("dataset", sort=False):
            parts = [one for _, one in _parts(runs)]
            if not parts:
                continue
            names = [one["tagger"].iloc[0] for one in parts]
            label, weight, outputs = _outputs(parts)
            made.append(_combined(parts, outputs, label, weight, Path(folder) / str(dataset)))
            alike.append(correlations.table(names, outputs, label, weight).assign(dataset=dataset))
        everything = replace(inputs, runs=pd.concat([inputs.runs, *made], ignore_index=True))
        points = _points(everything)
        differences = _pairs(everything, points)
        roc = tagging.roc_table(everything, BY)
    return {
        "": everything.runs.drop(columns="folder"),
        "points": points,
        "roc": roc,
        "pairs": differences,
        "correlations": pd.concat(alike, ignore_index=True) if alike else _empty(CORRELATIONS),
        "orders": _orders(everything.runs, points, differences),
    }


CORRELATIONS = ("one", "other", "class", "pearson", "rank", "dataset")
ORDERS = (
    *("dataset", "source", "kind", "taggers", "told", "alike"),
    *("tau", "tau_error", "tau_low", "tau_high"),
)


def named(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with ``tagger``, ``family`` and ``largest``."""
    name = runs["architecture"].astype(str)
    for option in (column for column in runs if column not in COLUMNS):
        stated = runs[option].map(lambda v: f" {v:g}" if isinstance(v, float) else f" {v}")
        name = name + stated.where(runs[option].notna(), "")
    for axis in ("kind", "constituents", "features"):
        several = runs[axis].groupby([runs["dataset"], name]).transform("nunique") > 1
        name = name + (" " + runs[axis].astype(str)).where(several, "")
    rank = runs["size"].map(SIZES)
    largest = rank == rank.groupby([runs["dataset"], name]).transform("max")
    family = runs["architecture"].map(FAMILY).fillna(OTHER)
    return runs.assign(tagger=name, family=family, largest=largest)


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


def _parts(runs: pd.DataFrame) -> list[tuple[dict, pd.DataFrame]]:
    """Return the largest points of a dataset and those of their trials that trained."""
    good = runs[runs["largest"] & (runs["status"] == tagging.OK)]
    return tagging.points(good, BY)


def _outputs(parts: Sequence[pd.DataFrame]) -> tuple[NDArray, NDArray, list[list[NDArray]]]:
    """Return labels and weights of the test jets, and the outputs of each trial of each tagger."""
    label = weight = None
    found = []
    for trials in parts:
        found.append([])
        for _, run in trials.iterrows():
            own, weights, score = taggers.scores(run)
            if label is None:
                label, weight = own, weights
            if not (np.array_equal(own, label) and np.array_equal(weights, weight)):
                raise UserError(
                    f"{run['folder']}: the test jets of {run['run']} are not those of "
                    f"{parts[0]['run'].iloc[0]}: train both scans again on the dataset "
                    f"{run['dataset']}"
                )
            found[-1].append(combination.outputs(score, weights))
    return label, weight, found


# --- combined taggers -----------------------------------------------------------------


def _combined(
    parts: Sequence[pd.DataFrame],
    outputs: Sequence[Sequence[NDArray]],
    label: NDArray,
    weight: NDArray,
    folder: Path,
) -> pd.DataFrame:
    """Return the runs of combined taggers; their scores are put into `folder`."""
    best = int(np.argmax([trials["auc"].mean() for trials in parts]))
    usual = int(np.median([len(trials) for trials in parts]))
    made = [("trials", 0, [run for _, run in parts[best].iterrows()], outputs[best])]
    for t in range(usual):
        own = [trials.iloc[t % len(trials)] for trials in parts]
        values = [trials[t % len(trials)] for trials in outputs]
        made += [("mean", t, own, values), ("fit", t, own, values)]
    rows, scores = [], {}
    for how, trial, own, values in made:
        values = np.array(values)
        fit = how == "fit"
        score = combination.fitted(values, label, weight) if fit else combination.mean(values)
        row = _row(how, trial, pd.DataFrame(own))
        mixture = combination.balanced(label, weight) if fit else None
        row |= quality.of_classifier(score, label, weight, 0.0, mixture).row
        row["folder"] = str(folder)
        rows.append(row)
        scores[f"score/{row['run']}"] = score.astype(np.float32)
    folder.mkdir(parents=True)
    np.savez(folder / taggers.SCORES, label=label, weight=weight, **scores)
    return pd.DataFrame(rows)


def _row(how: str, trial: int, parts: pd.DataFrame) -> dict:
    """Return what a combined tagger is and costs."""
    weights = len(parts) + 1 if how == "fit" else 0
    sums = parts[["parameters", "flops", "train_seconds"]].sum(min_count=1).to_dict()
    sums["parameters"] += weights
    speed = 1 / (1 / parts["inference_jets_per_second"]).sum()
    dataset = parts["dataset"].iloc[0]
    point = {"architecture": COMBINED, "dataset": dataset, "size": "largest", "kind": "all"}
    point |= {"constituents": 0, "features": NONE, "target": LABEL}
    name = f"{COMBINED} {how}"
    return point | {
        "run": f"{COMBINED}-{how}-{dataset}-t{trial}",
        "scan": NONE,
        "tagger": name,
        "family": COMBINED,
        "largest": True,
        "trial": trial,
        "status": tagging.OK,
        "parts": len(parts),
        "inference_jets_per_second": speed,
        **sums,
    }


# --- tables ---------------------------------------------------------------------------


def _points(inputs: StudyInputs) -> pd.DataFrame:
    points = tagging.summary(inputs, BY)
    good = inputs.runs[inputs.runs["status"] == tagging.OK]
    costs = good.groupby(list(BY), sort=False)[list(COSTS)].mean().reset_index()
    points = points.merge(costs, on=list(BY), how="left")
    single = points["largest"] & (points["family"] != COMBINED)
    rank = (
        points["auc"].where(single).groupby(points["dataset"]).rank(ascending=False, method="first")
    )
    return points.assign(rank=rank.fillna(0).astype(int))


def _pairs(inputs: StudyInputs, points: pd.DataFrame) -> pd.DataFrame:
    rank = points.set_index(list(BY))["rank"]
    tables = [
        pairs.table(
            [
                ({"tagger": one["tagger"], "rank": rank.loc[tuple(one.values())]}, trials)
                for one, trials in _parts(runs)
            ]
        ).assign(dataset=dataset)
        for dataset, runs in inputs.runs.groupby("dataset", sort=False)
    ]
    return pd.concat(tables, ignore_index=True)


def _orders(runs: pd.DataFrame, points: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for dataset, mine in runs.groupby("dataset", sort=False):
        parts = _parts(mine)
        names = [one["tagger"] for one, _ in parts]
        there = {one["tagger"] for one, _ in parts if one["kind"] == KIND}
        known = {name: auc for name, auc in PUBLIC.items() if name in there}
        if len(known) < 3:
            continue
        sides = spreads.of_points([trials for _, trials in parts], kind=pairs.FAMILY)
        areas = points[(points["dataset"] == dataset) & points["largest"]]
        beside = differences[differences["dataset"] == dataset]
        own = dict(zip(names, sides, strict=True))
        found = correlations.order(known, areas, beside, own)
        rows.append({"dataset": dataset, "source": PUBLISHED, "kind": KIND} | found)
    return pd.DataFrame(rows, columns=list(ORDERS))
