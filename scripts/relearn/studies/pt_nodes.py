"""pT of Z→μμ against the nodes of one hidden layer, with both conventions (talk 000)."""

import pandas as pd

from relearn.studies.evaluate import evaluate_in_bins, median_runs, predictions_of, spread_over
from relearn.studies.inputs import StudyInputs
from relearn.studies.metrics import MASS_EDGES, PT_EDGES

PANEL_NODES = (1, 2, 5, 10, 20)


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the main table, `predictions` of some sizes and the accuracy in `bins` of pT and mass.

    The predictions are those of the trial with the median r, of the scan's first convention.
    """
    keys = ("nodes", "hidden", "convention")
    table, bins = evaluate_in_bins(inputs, {"pt": PT_EDGES, "mass": MASS_EDGES}, keys)
    first = table[table["convention"] == table["convention"].iloc[0]]
    wanted = spread_over(first["nodes"], PANEL_NODES)
    chosen = median_runs(first[first["nodes"].isin(wanted)], ["hidden"])
    return {
        "": table,
        "predictions": predictions_of(inputs, chosen, keys),
        "bins": bins,
    }
