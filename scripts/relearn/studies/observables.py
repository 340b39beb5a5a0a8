"""Observables learnt as sums over constituents, against their closed forms (1810.05165)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from relearn.models import deepsets
from relearn.studies import spreads, sums, taggers, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import jetdata

Array = NDArray[np.float64]
CHARGE = "charge"
OTHERS = tuple(axis for axis in AXES if axis not in ("architecture", "features"))
BY = ("target", "architecture", *OTHERS, "latent")
JETS = 20_000  # test jets whose closed form is computed
SHOWN = 1000  # and of which predictions are kept
CENTRAL = (0.16, 0.84)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points`, `pairs`, closed `forms`, and `predictions` of some jets.

    The main table has a row per network: ``r2``, 1 − mean squared error/variance of the truth;
    ``resolution``, half the width of the central 68 % of found − true, in the observable's unit;
    ``talk``, the size of the latent space that the talk's table has for this observable, and
    ``safe``.

    `points` has a row for each observable, architecture and latent size: ``r2`` and ``resolution``
    of the mean of the trials, and of ``r2`` the interval (`relearn.studies.tagging`). In `pairs` is
    the difference of ``r2`` to that of the PFN of the talk's size, on the same test jets.

    `forms` has ``r2`` and ``resolution`` of F(Σ Φ) itself (`relearn.studies.sums`), of what a PFN
    is given: constituents without their masses, as many as the scan says. `predictions` are
    true and found of the PFN of the talk's size and of the EFN with the largest latent space,
    of each the trial with the lowest validation loss, and of the closed form.
    """
    known = inputs.runs[inputs.runs["target"].isin(list(sums.PAIRS))].drop(columns="folder")
    answers = {run["run"]: taggers.scores(run) for _, run in inputs.runs.iterrows()}
    rows = []
    for place, run in known.iterrows():
        truth, weight, found = answers[run["run"]]
        pair = sums.PAIRS[run["target"]]
        numbers = quality(truth, found, weight) | {"talk": pair.size, "safe": pair.safe}
        rows.append(pd.Series(numbers, name=place, dtype=object))
    runs = known.join(pd.DataFrame(rows).infer_objects())
    forms, predictions = _closed(inputs, runs)
    for run in _shown(runs):
        truth, _, found = answers[run["run"]]
        predictions.append(_some(run["target"], run["architecture"], run["latent"], truth, found))
    return {
        "": runs,
        "points": _points(runs, answers),
        "pairs": _pairs(runs, answers),
        "forms": forms,
        "predictions": pd.concat(predictions, ignore_index=True),
    }


def quality(truth: Array, found: Array, weight: Array) -> dict[str, float]:
    """Return ``r2`` and ``resolution`` of values (n,); NaN where one is no number."""
    if not np.isfinite(found).all():
        return {"r2": np.nan, "resolution": np.nan}
    off = found.astype(np.float64) - truth
    low, high = np.quantile(off, CENTRAL)
    return {"r2": explained(truth, found, weight)[0], "resolution": float(high - low) / 2}


def explained(truth: Array, found: Array, weight: Array) -> tuple[float, Array]:
    """Return R², and how much each jet pulls it up or down.

    Parameters
    ----------
    truth, found, weight
        (n,).

    Returns
    -------
    float
        1 − mean squared error over the variance of the truth, both weighted.
    array (n,)
        The change of R² if a jet's share of the weight grows, per share (its influence). Their
        root of the sum of squares is the standard error; with those of another network on the
        same jets subtracted, that of the difference.
    """
    truth, found, share = (np.asarray(x, dtype=np.float64) for x in (truth, found, weight))
    share = share / share.sum()
    square, apart = np.square(found - truth), np.square(truth - share @ truth)
    lost, variance = share @ square, share @ apart
    ratio = lost / variance
    return 1 - ratio, share * (ratio * apart - square) / variance


def _error(pull: Array) -> float:
    return float(np.sqrt(np.square(pull).sum()))


def _points(runs: pd.DataFrame, answers: Mapping[str, Any]) -> pd.DataFrame:
    there = tagging.points(runs, BY)
    alive = [_good(trials) for _, trials in there]
    sides = spreads.of_points(alive, "r2")
    rows = []
    for (point, trials), good, side in zip(there, alive, sides, strict=True):
        errors = [_error(_pull(answers, run)) for run in good["run"]]
        sample = float(np.mean(errors)) if errors else np.nan
        error, low, high, _ = spreads.interval(good["r2"].mean(), sample, [side])
        rows.append(
            point
            | {name: trials[name].iloc[0] for name in ("talk", "safe")}
            | {"trials": len(good), "diverged": len(trials) - len(good)}
            | {"r2": good["r2"].mean(), "r2_error": error, "r2_low": low, "r2_high": high}
            | {"resolution": good["resolution"].mean()}
        )
    return pd.DataFrame(rows)


COMPARED = ("r2", "reference_r2", "difference", "difference_error")
COMPARED += ("difference_low", "difference_high")


def _pairs(runs: pd.DataFrame, answers: Mapping[str, Any]) -> pd.DataFrame:
    """Return differences to the PFN of the talk's size, of points that are else alike."""
    rows = []
    there = [trials for _, trials in tagging.points(_good(runs), BY)]
    sides = {
        trials["run"].iloc[0]: side
        for trials, side in zip(there, spreads.of_points(there, "r2"), strict=True)
    }
    for _, alike in tagging.points(_good(runs), ("target", *OTHERS)):
        reference = alike[(alike["architecture"] == "pfn") & (alike["latent"] == alike["talk"])]
        for point, trials in tagging.points(alike, BY):
            if reference.empty or trials["run"].isin(reference["run"]).any():
                continue
            errors = [
                _error(_pull(answers, one) - _pull(answers, other))
                for one in trials["run"]
                for other in reference["run"]
            ]
            mine, other = trials["r2"].mean(), reference["r2"].mean()
            both = [sides[one["run"].iloc[0]] for one in (trials, reference)]
            value = mine - other
            found = spreads.interval(value, float(np.mean(errors)), both)[:3]
            rows.append(point | dict(zip(COMPARED, (mine, other, value, *found), strict=True)))
    return pd.DataFrame(rows, columns=[*BY, *COMPARED])


def _good(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[runs["status"] == tagging.OK]


def _pull(answers: Mapping[str, Any], run: str) -> Array:
    truth, weight, found = answers[run]
    return explained(truth, found, weight)[1]


def _shown(runs: pd.DataFrame) -> Sequence[pd.Series]:
    """Return the best PFN of the talk's size and the best of the largest EFNs, by target."""
    chosen = []
    for _, alike in _good(runs).groupby("target", sort=False):
        pfn = alike[(alike["architecture"] == "pfn") & (alike["latent"] == alike["talk"])]
        efn = alike[alike["architecture"] == "efn"]
        for some in (pfn, efn[efn["latent"] == efn["latent"].max()]):
            best = some.sort_values("best_validation_loss", kind="stable")
            chosen += [run for _, run in best.head(1).iterrows()]
    return chosen


def _closed(inputs: StudyInputs, runs: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the table of closed forms, and some of their values."""
    rows, values = [], []
    where = ["dataset", "kind", "constituents"]
    for (dataset, kind, constituents), alike in runs.groupby(where, sort=False):
        targets = tuple(dict.fromkeys(alike["target"]))
        path = inputs.datasets[dataset]
        file = jetdata.File(path, "test", kind, int(constituents), (CHARGE,), targets)
        jets = file.read(slice(JETS))
        with torch.inference_mode():
            network = deepsets.build("small", kind="pfn", features=1, inputs="momenta")
            seen = network.prepare(jets)[0].double().numpy()
        columns = (deepsets.UNIT * seen[..., 0], *np.moveaxis(seen[..., 1:], -1, 0))
        for target in targets:
            truth, found = jets.column(target).numpy(), sums.evaluate(target, *columns)
            point = {"target": target, "dataset": dataset, "kind": kind}
            point |= {"constituents": constituents, "talk": sums.PAIRS[target].size}
            numbers = quality(truth, found, jets.weight.numpy())
            rows.append(point | {"jets": len(jets)} | numbers)
            values.append(_some(target, "form", sums.PAIRS[target].size, truth, found))
    return pd.DataFrame(rows), values


def _some(target: str, by: str, latent: int, truth: Array, found: Array) -> pd.DataFrame:
    columns = {"target": target, "architecture": by, "latent": latent}
    return pd.DataFrame(columns | {"true": truth[:SHOWN], "predicted": found[:SHOWN]})
