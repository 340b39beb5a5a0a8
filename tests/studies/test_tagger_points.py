"""Points of taggers: means, spreads, intervals and paired differences against closed forms."""

import numpy as np
import pandas as pd
import pytest

from relearn.errors import UserError
from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs
from relearn.training import metrics, quality

LABEL = np.tile([1.0, 0.0], 60).astype(np.float32)
WEIGHT = np.linspace(0.5, 1.5, 120).astype(np.float32)
POINT = {"architecture": "lola", "size": "small", "kind": "eflow", "constituents": 6}
POINT |= {"dataset": "toy", "features": "none"}


def score(gap, seed):
    """Scores whose classes are `gap` apart; None: not finite."""
    if gap is None:
        return np.full(120, np.nan, np.float32)
    return (np.random.default_rng(seed).normal(size=120) + gap * LABEL).astype(np.float32)


def study(folder, label=LABEL, **trials):
    """Points by architecture, and (gap, seed) of each of their trials."""
    rows, scores = [], {}
    for architecture, made in trials.items():
        for trial, one in enumerate(made):
            name, values = f"{architecture}-t{trial}", score(*one)
            scores[f"score/{name}"] = values
            row = POINT | {"run": name, "architecture": architecture, "trial": trial}
            row |= {"status": "ok" if one[0] is not None else "diverged", "parameters": 7}
            row |= {"train_seconds": 1.0 + trial, "folder": str(folder)}
            rows.append(row | quality.of_classifier(values, label, WEIGHT, 0).row)
    np.savez(folder / "scores.npz", label=label, weight=WEIGHT, **scores)
    return StudyInputs(pd.DataFrame(rows), {})


TRIALS = {"lola": [(1, 0), (1.1, 1)], "pfn": [(2, 2), (2, 3), (None, 0)], "efn": [(1.5, 4)]}


# --- tables ---------------------------------------------------------------------------


def test_a_row_for_each_point_with_its_mean_spread_and_errors(tmp_path):
    inputs = study(tmp_path, **TRIALS)
    found = tagging.summary(inputs).set_index("architecture")
    assert found[["trials", "diverged"]].to_numpy().tolist() == [[2, 0], [2, 1], [1, 0]]
    aucs = [metrics.auc(score(*one), LABEL, WEIGHT) for one in TRIALS["lola"]]
    errors = [metrics.auc_with_error(score(*one), LABEL, WEIGHT)[1] for one in TRIALS["lola"]]
    row = found.loc["lola"]
    assert row["auc"] == pytest.approx(np.mean(aucs))
    assert row["auc_spread"] == pytest.approx(np.std(aucs, ddof=1))
    assert row["auc_sample"] == pytest.approx(np.mean(errors))
    assert row["auc_error"] >= np.hypot(row["auc_sample"], row["auc_spread"] / np.sqrt(2)) - 1e-12
    assert row["auc_low"] < row["auc"] - 3 * row["auc_error"] + 1e-12
    assert row["train_seconds"] == 1.5
    assert np.isnan(found.loc["efn", "auc_spread"]) and np.isfinite(found.loc["efn", "auc_error"])


@pytest.mark.filterwarnings("error")
def test_a_rejection_without_background_is_infinite_and_has_no_error(tmp_path):
    # one trial of pfn keeps no background; those of bdt are the same, so that no trials spread
    inputs = study(tmp_path, pfn=[(9, 2), (1, 3)], bdt=[(1, 4), (1, 4)])
    found = tagging.summary(inputs).set_index("architecture")
    for name in ("rejection30", "rejection50"):
        row = found.loc["pfn"]
        assert row[name] == np.inf
        assert np.isnan(row[f"{name}_spread"]) and np.isnan(row[f"{name}_error"])
        assert (row[f"{name}_low"], row[f"{name}_high"]) == (-np.inf, np.inf)
        assert 0 < found.loc["bdt", f"{name}_error"] < np.inf
        assert found.loc["bdt", f"{name}_low"] < found.loc["bdt", name]


def test_curves_are_averaged_over_trials(tmp_path):
    table = tagging.roc_table(study(tmp_path, **TRIALS))
    mine = table[table["architecture"] == "pfn"]
    half = mine[np.isclose(mine["signal_efficiency"], 0.5)].iloc[0]
    curves = [metrics.roc(score(*one), LABEL, WEIGHT) for one in TRIALS["pfn"][:2]]
    kept = [1 / metrics.rejection(curve, 0.5)[0] for curve in curves]
    assert half["background_efficiency"] == pytest.approx(np.mean(kept))
    assert (half["background_low"], half["background_high"]) == pytest.approx(tuple(sorted(kept)))
    assert mine["background_efficiency"].is_monotonic_increasing and len(mine) == 100


def test_differences_are_paired_jet_by_jet(tmp_path):
    inputs = study(tmp_path, lola=[(1, 0), (1, 1)], pfn=[(1, 0), (1, 1)], efn=[(2, 0), (2, 1)])
    found = tagging.compare(inputs, {"architecture": "lola"}).set_index("architecture")
    assert found.loc["pfn", "difference"] == 0 == found.loc["pfn", "difference_sample"]
    row = found.loc["efn"]
    aucs = inputs.runs.groupby("architecture")["auc"].mean()
    assert row["difference"] == pytest.approx(aucs["efn"] - aucs["lola"])
    one, two = (score(gap, 0) for gap in (2, 1))
    other = metrics.auc_difference(score(2, 1), score(1, 1), LABEL, WEIGHT)[1]
    pair = metrics.auc_difference(one, two, LABEL, WEIGHT)[1]
    assert row["difference_sample"] == pytest.approx((pair + other) / 2)
    assert row["relative"] == pytest.approx(100 * row["difference"] / aucs["lola"])
    assert row["relative_low"] == pytest.approx(100 * row["difference_low"] / aucs["lola"])


def test_deviations_agree_with_the_interval(tmp_path):
    found = tagging.compare(study(tmp_path, **TRIALS), {"architecture": "lola"})
    for _, row in found.iterrows():
        told = not row["difference_low"] <= 0 <= row["difference_high"]
        assert told == (abs(row["sigmas"]) > 3)
        assert np.sign(row["sigmas"]) == np.sign(row["difference"])


def test_a_reference_is_one_point_of_each_dataset(tmp_path):
    inputs = study(tmp_path, **TRIALS)
    with pytest.raises(UserError, match="3 points of the study have .*small.*, not one"):
        tagging.compare(inputs, {"size": "small"})
    none = tagging.compare(inputs, {"architecture": "gcn"})
    assert none.empty and "difference_low" in none
    inputs.runs.loc[inputs.runs["architecture"] == "lola", "status"] = "diverged"
    assert tagging.compare(inputs, {"architecture": "lola"}).empty


def test_options_that_scans_do_not_state_have_their_default(tmp_path):
    inputs = study(tmp_path, **TRIALS)
    inputs.runs["steps"] = [np.nan, "crop", *4 * [np.nan]]
    filled = tagging.with_defaults(inputs, steps="none", subpixel="no").runs
    assert filled["steps"].tolist() == ["none", "crop", *4 * ["none"]]
    assert (filled["subpixel"] == "no").all() and inputs.runs["steps"].isna().sum() == 5


def test_all_diverged_gives_tables_without_numbers(tmp_path):
    inputs = study(tmp_path, lola=[(None, 0), (None, 1)])
    tables = tagging.tables(inputs, {"architecture": "lola"})
    assert tables["points"]["trials"].tolist() == [0] and np.isnan(tables["points"]["auc"][0])
    assert tables["roc"].empty and tables["pairs"].empty
