"""Invariant mass of tt̄→μμ over nodes and layers (talk 000)."""

from dataclasses import replace

import pandas as pd

from relearn.studies.evaluate import evaluate, evaluate_in_bins, median_runs, predictions_of
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import MASS_EDGES, PT_EDGES

PANELS = ("10", "20", "10x10", "100x100")  # the talk's network, and where it then goes


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, `predictions` of some sizes, `bins` of mass and of pair pT.

    A further column is `width`, the nodes of the first hidden layer. Predictions and bins are of
    the scans' first convention, the predictions those of the trial with the median r: the talk's
    10 nodes and what it compares them with, and the most accurate size of the scan. The
    `reference` is the main table of the pT networks of the same sample, whose accuracy the talk
    compares with; it is empty where the study's scans have none.
    """
    runs = inputs.runs
    mass = runs["target"] == "mass"
    others = runs[~mass & runs["dataset"].isin(runs.loc[mass, "dataset"])]
    reference = pd.DataFrame() if others.empty else evaluate(replace(inputs, runs=others))
    inputs = replace(inputs, runs=runs[mass])
    keys = ("hidden", "layers", "nodes")
    table, bins = evaluate_in_bins(inputs, {"mass": MASS_EDGES, "pt": PT_EDGES}, keys)
    table["width"] = [int(hidden.split("x")[0]) for hidden in table["hidden"]]
    first = table[table["convention"] == table["convention"].iloc[0]]
    median = median_runs(first, ["hidden"])
    best = median.sort_values("r")["hidden"].iloc[-1:]
    chosen = median[median["hidden"].isin({*PANELS, *best})].sort_values("parameters")
    return {
        "": table,
        "predictions": predictions_of(inputs, chosen, keys),
        "bins": bins[bins["run"].isin(first["run"])],
        "reference": reference,
    }
