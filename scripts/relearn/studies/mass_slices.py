"""Masses and τ3/τ2 of jets chosen by truth, by trees and by a network: talk 003's sliced masses.

All test jets, as many tops as QCD jets, are looked at: *by truth* the signal are the tops; *by* a
tagger those to which it gives a probability of more than 0.8, and the background those with less
than 0.2. The probability is 1/(1 + e^−s) of its score s, a logarithm of signal over background, as
it comes out of the training, not corrected afterwards; `calibration` says how true it is.

How far two distributions are apart is the area between their cumulative ones (Wasserstein's
distance): by how much a jet's variable has to be moved, on average, to make one of the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.data import tagfile
from relearn.errors import UserError
from relearn.models.variables import tau
from relearn.studies import feature_maps, jackknife, taggers, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES, NONE
from relearn.training import calibration

BY = (*AXES, "inputs")
TRUTH = "truth"
LIMITS = {"signal": 0.8, "background": 0.2}  # of the probability
RANGES = {"mass": (0.0, 400.0), "sd_mass": (0.0, 400.0), "tau32": (0.0, 1.2)}  # GeV; none
FINE, COARSE = 200, 40  # bins for distances, and to draw
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Test jets of one kind.

    Attributes
    ----------
    signal, weight, group
        (n,): whether it is a top; 0 for jets that are not there; of the jackknife.
    bins
        Variable → (n,) its fine bin; −1 where it is not defined.
    outside
        Variable → share of the jets beyond the range, which count in the bins at its ends.
    """

    signal: NDArray[np.bool_]
    weight: Array
    group: NDArray[np.int64]
    bins: Mapping[str, NDArray[np.int64]]
    outside: Mapping[str, float]

    def counts(self, variable: str, chosen: NDArray[np.bool_]) -> Array:
        """Return the weight in each group and fine bin (G, bins) of those chosen (n,)."""
        mine = chosen & (self.bins[variable] >= 0)
        place = self.group[mine] * FINE + self.bins[variable][mine]
        shape = (self.group[-1] + 1, FINE)
        return np.bincount(place, self.weight[mine], shape[0] * FINE).reshape(shape)

    def weight_of(self, chosen: NDArray[np.bool_]) -> float:
        """Return the weight of those chosen."""
        return float(self.weight[chosen].sum())


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points` and their `histograms`, and the `calibration` of their outputs.

    All have the columns of a point (``inputs`` are those of trees; ``architecture`` is ``truth``
    where there is no tagger), ``side`` (signal or background) and ``variable``: ``mass``,
    ``sd_mass``, GeV, or ``tau32``. Jets without a partner of that kind are left out.

    `points` has ``trials``; ``jets``, how many are chosen, on average; ``purity``, the share of
    that side among them, and ``efficiency``, the share of that side that is chosen; ``mean`` of
    the variable; ``distance`` to the truth's distribution of that side, in its unit; ``apart``,
    of the truth's two sides; ``ratio`` of the two, 0 if the selection looks like the truth, 1 if
    it is as far from it as the other class is, with ``_spread``, ``_sample`` (jackknife over the
    test jets), ``_error``, ``_low`` and ``_high``; ``outside``, the share of jets beyond the
    range, which count in the bins at its ends. `histograms` has ``low`` and ``high`` of each bin
    and ``density``, the mean of the trials, ``density_error`` of the test jets, and
    ``density_low`` and ``density_high``, of the trials. `calibration` has the bins of
    `relearn.training.calibration.reliability` for each tagger and trial.
    """
    of_trees = inputs.runs.get("inputs", pd.Series(NONE, inputs.runs.index)).fillna(NONE)
    inputs = replace(inputs, runs=inputs.runs.assign(inputs=of_trees))
    runs = feature_maps.good(inputs)
    points, histograms, reliable = [], [], []
    for (dataset, kind), mine in runs.groupby(["dataset", "kind"], sort=False):
        sample = read(inputs.datasets[dataset], kind)
        truth = {side: sample.signal == (label == 1) for side, label in tagfile.LABELS.items()}
        own = dict.fromkeys(BY, NONE) | {"architecture": TRUTH, "dataset": dataset, "kind": kind}
        own["constituents"] = 0
        there = [(own, [truth])]
        for point, trials in tagging.points(mine, BY):
            outputs = [_probability(run, sample) for _, run in trials.iterrows()]
            there.append((point, [_chosen(one) for one in outputs]))
            reliable += [
                _reliability(point | {"run": run["run"]}, one, sample)
                for one, (_, run) in zip(outputs, trials.iterrows(), strict=True)
            ]
        for point, trials in there:
            for side in truth:
                for variable in RANGES:
                    place = point | {"side": side, "variable": variable}
                    chosen = [one[side] for one in trials]
                    points.append(place | _numbers(sample, truth, side, variable, chosen))
                    histograms.append(_histogram(place, sample, variable, chosen))
    empty = pd.DataFrame(columns=[*BY, "side", "variable"])
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": pd.DataFrame(points) if points else empty,
        "histograms": pd.concat(histograms, ignore_index=True) if points else empty,
        "calibration": pd.concat(reliable, ignore_index=True) if points else empty,
    }


def read(path: Any, kind: str) -> Sample:
    """Return the test jets of a dataset."""
    names = ("mass", "sd_mass", tau(2), tau(3))
    block = tagfile.read(path, "test", kind, (), observables=names, quality=("found",))
    values = {name: one.astype(np.float64) for name, one in block.observables.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        values["tau32"] = values[tau(3)] / values[tau(2)]
    weight = np.where(block.quality["found"] > 0, block.weight, 0).astype(np.float64)
    bins, outside = {}, {}
    for name, (low, high) in RANGES.items():
        known = np.isfinite(values[name])
        place = np.where(known, (values[name] - low) / (high - low) * FINE, -1)
        bins[name] = np.where(known, place.clip(0, FINE - 1), -1).astype(np.int64)
        beyond = known & ((values[name] < low) | (values[name] > high))
        outside[name] = float(weight[beyond].sum() / weight[known].sum())
    return Sample(block.label == 1, weight, jackknife.group_of(len(weight)), bins, outside)


def _probability(run: pd.Series, sample: Sample) -> Array:
    """Return the probability of a top (n,) that a tagger gives to each test jet."""
    label, _, score = taggers.scores(run)
    if not np.array_equal(label == 1, sample.signal):
        raise UserError(
            f"{run['folder']}: its test jets are not those of the dataset {run['dataset']}: train "
            "this part of the scan again"
        )
    return calibration.probability(score)


def _chosen(probability: Array) -> dict[str, NDArray[np.bool_]]:
    return {
        "signal": probability > LIMITS["signal"],
        "background": probability < LIMITS["background"],
    }


def _numbers(
    sample: Sample,
    truth: Mapping[str, NDArray[np.bool_]],
    side: str,
    variable: str,
    trials: list[NDArray[np.bool_]],
) -> dict[str, Any]:
    """Return the columns of a point, from which jets (n,) each of its trials chooses."""
    low, high = RANGES[variable]
    sides = [sample.counts(variable, one) for one in truth.values()]
    own = sample.counts(variable, truth[side])
    apart = distance(*(one.sum(axis=0) for one in sides), high - low)
    apart_without = distance(*map(jackknife.without_each, sides), high - low)
    middles = low + (np.arange(FINE) + 0.5) * (high - low) / FINE
    rows, ratios = [], []
    for chosen in trials:
        mine = sample.counts(variable, chosen)
        both, inside = sample.weight_of(chosen & truth[side]), sample.weight_of(chosen)
        away = distance(mine.sum(axis=0), own.sum(axis=0), high - low)
        without = distance(*map(jackknife.without_each, (mine, own)), high - low) / apart_without
        ratios.append((away / apart, jackknife.error(without)))
        rows.append(
            {
                "jets": int((chosen & (sample.weight > 0)).sum()),
                "purity": both / inside if inside else np.nan,
                "efficiency": both / sample.weight_of(truth[side]),
                "mean": _mean(mine.sum(axis=0), middles),
                "distance": away,
            }
        )
    found = {"trials": len(trials)} | pd.DataFrame(rows).mean().to_dict() | {"apart": apart}
    found |= jackknife.over_trials("ratio", *np.array(ratios).T)
    return found | {"outside": sample.outside[variable]}


def distance(one: Array, other: Array, width: float) -> Array:
    """Return the area between two cumulative distributions.

    Parameters
    ----------
    one, other
        (…, bins) weights in bins that are equally wide.
    width
        Of all bins together.

    Returns
    -------
    array (…)
        In the unit of `width`; NaN where one of them is empty.
    """
    with np.errstate(invalid="ignore"):
        shares = [np.cumsum(x, axis=-1) / x.sum(axis=-1, keepdims=True) for x in (one, other)]
    return np.abs(shares[0] - shares[1]).mean(axis=-1) * width


def _mean(counts: Array, middles: Array) -> float:
    return float(counts @ middles / counts.sum()) if counts.sum() else np.nan


def _histogram(
    place: Mapping[str, Any], sample: Sample, variable: str, trials: list[NDArray[np.bool_]]
) -> pd.DataFrame:
    edges = np.linspace(*RANGES[variable], COARSE + 1)
    densities, errors = [], []
    for chosen in trials:
        counts = sample.counts(variable, chosen).reshape(-1, COARSE, FINE // COARSE).sum(axis=2)

        def normalised(x: Array) -> Array:
            with np.errstate(invalid="ignore"):
                return x / x.sum(axis=-1, keepdims=True) / np.diff(edges)

        densities.append(normalised(counts.sum(axis=0)))
        errors.append(jackknife.error(normalised(jackknife.without_each(counts))))
    columns = {
        "low": edges[:-1],
        "high": edges[1:],
        "density": np.mean(densities, axis=0),
        "density_error": np.mean(errors, axis=0),
        "density_low": np.min(densities, axis=0),
        "density_high": np.max(densities, axis=0),
    }
    return pd.DataFrame({**place, **columns})


def _reliability(point: Mapping[str, Any], output: Array, sample: Sample) -> pd.DataFrame:
    table = calibration.reliability(output, sample.signal, sample.weight)
    return pd.DataFrame({**point, **{name: table[name] for name in table}})
