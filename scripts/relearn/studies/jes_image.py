"""An image tagger under a shifted jet energy scale: trained as it is, or with smeared jets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from relearn import batchfiles
from relearn.studies import spreads, tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES
from relearn.training import augment, metrics, tagger

BY = ("jes_smear", *AXES)
SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)
JETS = 40_000  # test jets at most
CHANGES = ("auc_change", "output_change")
Array = NDArray[np.float64]
Key = tuple[float, str, float]  # jes_smear, run, shift


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, all networks under `shifts`, and `pairs` of trainings.

    Option: ``jets``, how many test jets at most (40 000).

    ``jes_smear`` is the relative width by which the energy of each jet is smeared in training.
    `shifts` has a row for each network and ``shift``, the relative one of all four-vectors of the
    test jets: ``auc``; ``auc_change`` against no shift, paired; ``output_change``, the mean
    |change| of the output, the signal's probability; ``output_signal`` and
    ``output_background``, its mean change in each class; the first two with ``_error``, of the
    test jets. `pairs` has a row for each shift: smeared training minus the other one, for both
    changes, with ``_error``, ``_low`` and ``_high`` (`relearn.studies.tagging`), paired too.
    """
    smear = [_smear(folder) for folder in inputs.runs["folder"]]
    inputs = replace(inputs, runs=inputs.runs.assign(jes_smear=smear))
    runs = inputs.runs[inputs.runs["status"] == tagging.OK]
    rows, moved = [], {}
    for _, run in runs.iterrows():
        rows += _shifted(inputs, run, moved)
    shifts = pd.DataFrame(rows, columns=["run", *BY, "trial", *COLUMNS])
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "shifts": shifts,
        "pairs": _pairs(shifts, moved),
    }


COLUMNS = (
    *("shift", "auc", "auc_change", "auc_change_error", "output_change", "output_change_error"),
    *("output_signal", "output_background"),
)


def _smear(folder: str) -> float:
    """Return the smearing of the energy scale in the training of a batch."""
    settings, _ = json.loads(batchfiles.training(Path(folder)))
    return float((settings.get("augment") or {}).get("jes_smear", 0.0))


@dataclass(frozen=True)
class Moved:
    """What a shift does to each test jet (n,): shares of ΔAUC, and |change| of the output."""

    auc: Array
    output: Array
    label: Array
    weight: Array

    def apart(self, other: "Moved") -> dict[str, float]:
        """Return the errors of the differences to another network, of the same jets."""
        shares = self.auc - other.auc
        return {
            "auc_change": metrics.mean_of_shares(shares, self.label, self.weight)[1],
            "output_change": _mean(self.output - other.output, self.weight)[1],
        }


def _shifted(
    inputs: StudyInputs, run: Mapping[str, Any], moved: dict[Key, Moved]
) -> list[dict[str, Any]]:
    """Return a row for each shift, of one network; put what becomes of the jets into `moved`."""
    jets = testjets.read(inputs, run, inputs.options.get("jets", JETS))
    network = inputs.network(run)
    label, weight = jets.label.numpy(), jets.weight.numpy()
    scores = {
        shift: tagger.predict(network, augment.scale(jets, 1 + shift)).numpy().astype(float)
        for shift in SHIFTS
    }
    point, rows = {name: run[name] for name in ("run", *BY, "trial")}, []
    for shift, score in scores.items():
        output = expit(score) - expit(scores[0.0])
        shares = metrics.auc_shares(score, scores[0.0], label, weight)
        moved[run["jes_smear"], run["run"], shift] = Moved(shares, np.abs(output), label, weight)
        change = metrics.mean_of_shares(shares, label, weight)
        size = _mean(np.abs(output), weight)
        sides = [
            np.average(output[label == side], weights=weight[label == side]) for side in (1, 0)
        ]
        values = (shift, metrics.auc(score, label, weight), *change, *size, *sides)
        rows.append(point | dict(zip(COLUMNS, values, strict=True)))
    return rows


def _mean(values: Array, weight: Array) -> tuple[float, float]:
    """Return the weighted mean and its error."""
    mean = np.average(values, weights=weight)
    return float(mean), float(np.sqrt(np.sum((weight * (values - mean)) ** 2)) / weight.sum())


def _of_trials(trials: pd.DataFrame, moved: Mapping[Key, Moved], shift: float) -> list[Moved]:
    return [moved[smear, run, shift] for smear, run in trials[["jes_smear", "run"]].to_numpy()]


def _pairs(shifts: pd.DataFrame, moved: Mapping[Key, Moved]) -> pd.DataFrame:
    """Return smeared minus default for each shift."""
    rows = []
    for point, both in tagging.points(shifts[shifts["shift"] != 0], [*AXES, "shift"]):
        default, smeared = (both[(both["jes_smear"] > 0) == how] for how in (False, True))
        if default.empty or smeared.empty:
            continue
        row = point | {"trials": len(smeared), "reference_trials": len(default)}
        one, other = (_of_trials(side, moved, point["shift"]) for side in (smeared, default))
        pairs = (
            zip(cycle(one), other, strict=False)
            if len(one) < len(other)
            else zip(one, cycle(other), strict=False)
        )
        errors = [mine.apart(theirs) for mine, theirs in pairs]
        for name in CHANGES:
            value = smeared[name].mean() - default[name].mean()
            sample = np.mean([one[name] for one in errors])
            both = [default[name], smeared[name]]
            pooled = spreads.pooled(both)
            sides = [spreads.of_trials(one, *pooled, pool=name) for one in both]
            known = spreads.interval(value, float(sample), sides)[:3]
            ends = ("", "_error", "_low", "_high")
            row |= dict(zip((name + end for end in ends), (value, *known), strict=True))
        rows.append(row)
    names = [f"{name}{end}" for name in CHANGES for end in ("", "_error", "_low", "_high")]
    return pd.DataFrame(rows, columns=[*AXES, "shift", "trials", "reference_trials", *names])
