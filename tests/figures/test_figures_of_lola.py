"""The figures of LoLa: of made-up tables, beside the numbers of the talk."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, panel, same_picture
from helpers_points import inputs

from relearn.figures import lola_ablation as ablation_figure
from relearn.figures import lola_constituents as constituents_figure
from relearn.figures import lola_metric as metric_figure
from relearn.studies import (
    lola_ablation,
    lola_constituents,
    lola_metric,
    lola_nvector,
    lola_roc,
    tagging,
)

LETTERS = {
    "lola_roc": "abcdefgh",
    "lola_constituents": "abcd",
    "lola_metric": "abcd",
    "lola_ablation": "ab",
    "lola_nvector": "abcd",
}
METRICS = {  # start → what two trials learn, and where they began, both normalised
    "minkowski": (([1, -1, -1, -1], [1.02, -0.99, -0.98, -1.01]), [1, -1, -1, -1]),
    "euclid": (([0.9, -1.0, -1.1, -1.0], [1, 1, 0.5, 1.5]), [1, 1, 1, 1]),
}


def roc_tables(folder):
    points = [
        {"dataset": dataset, "kind": kind, "wrong": [4, 5 + low]}
        | ({"architecture": "deeptop", "constituents": 200} if low else {})
        for dataset in ("tops_high", "tops_low")
        for kind in ("eflow", "tower")
        for low in (0, 1)
    ]
    tree = {"architecture": "bdt", "kind": "tower", "dataset": "tops_low", "wrong": [8, 9]}
    points = [one | {"inputs": np.nan} for one in points]
    return lola_roc.measure(inputs(folder, *points, tree | {"inputs": "mother_of_taggers"}))


def constituents_tables(folder, numbers=(10, 40, 60), kinds=("eflow", "tower")):
    points = (
        {"kind": kind, "constituents": n, "wrong": [6 - n // 20, 7 - n // 20]}
        for kind in kinds
        for n in numbers
    )
    return lola_constituents.measure(inputs(folder, *points))


def metric_tables(folder, starts=METRICS):
    fixed = {"metric": "fixed", "metric_start": "minkowski", "wrong": [3, 4]}
    points = ({"metric": "trained", "metric_start": s, "wrong": [3, 5]} for s in starts)
    study = inputs(folder, fixed, *points)
    rows = [
        {"run": f"{name}-{trial}", "metric_start": name, "component": c, "value": v, "start": s}
        for name in starts
        for trial, end in enumerate(METRICS[name][0])
        for c, v, s in zip(lola_metric.COMPONENTS, end, METRICS[name][1], strict=True)
    ]
    columns = ["run", "metric_start", "component", "value", "start"]
    return {
        "": study.runs,
        "points": tagging.summary(study, lola_metric.BY),
        "pairs": tagging.compare(study, lola_metric.FIXED, lola_metric.BY),
        "components": pd.DataFrame(rows, columns=columns),
    }


def ablation_tables(folder, full=True):
    options = [
        {"rows": "mass", "wrong": [20, 21]},
        {"rows": "last", "sums": 1, "minima": 0, "wrong": [6, 7]},
        {"order": "random", "wrong": [5, 6]},
        {"rows": np.nan, "wrong": [3, 4]},
    ]
    none = dict.fromkeys(lola_ablation.OPTIONS, np.nan)
    points = (none | one for one in options[: 4 if full else 3])
    return lola_ablation.measure(inputs(folder, *points))


def nvector_tables(folder, wrong=((9, 10), (9, 9), (2, 3), (5, 6))):
    names = ("none", "charge", "d0+z0", "d0_smeared+z0_smeared")
    points = ({"features": f, "wrong": list(w)} for f, w in zip(names, wrong, strict=True))
    return lola_nvector.measure(inputs(folder, *points))


TABLES = {
    "lola_roc": roc_tables,
    "lola_constituents": constituents_tables,
    "lola_metric": metric_tables,
    "lola_ablation": ablation_tables,
    "lola_nvector": nvector_tables,
}


def names(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rejections without background
        return {study: make(folder / study) for study, make in TABLES.items()}


@pytest.fixture(scope="module")
def figs(made):
    return {study: drawn(study, tables, layout=True) for study, tables in made.items()}


@pytest.mark.parametrize("study", TABLES)
def test_panels_have_letters(study, figs):
    titles = [text for ax in figs[study].axes if (text := ax.get_title(loc="left"))]
    assert [re.match(r"\$\\mathbf\{(.)\}", text)[1] for text in titles] == list(LETTERS[study])


@pytest.mark.parametrize("study", ["lola_constituents", "lola_metric", "lola_ablation"])
def test_same_tables_same_picture(study, made):
    same_picture(study, lambda: made[study])


@pytest.mark.parametrize("study", TABLES)
def test_networks_that_all_diverged_are_told(study, made):
    lost = made[study] | {"": made[study][""].assign(status="diverged")}
    (text,) = drawn(study, lost, render=True).axes[0].texts
    assert "diverged" in text.get_text()


# --- against images and trees ---------------------------------------------------------


def test_low_momenta_come_first_and_all_taggers_have_a_line(figs):
    fig = figs["lola_roc"]
    assert [part.get_suptitle() for part in fig.subfigs] == [
        r"low $p_\mathrm{T}$",
        r"high $p_\mathrm{T}$",
    ]
    kinds = ("energy flow", "calorimeter")
    both = [f"{name}, {kind}" for name in ("LoLa", "DeepTop") for kind in kinds]
    assert names(panel(fig, "b")) == [*both, "BDT, MotherOfTaggers, calorimeter"]
    assert names(panel(fig, "f")) == both
    assert names(panel(fig, "h")) == [name for name in both if name != "LoLa, calorimeter"]


# --- constituents ---------------------------------------------------------------------


def test_the_talks_table_is_drawn(figs):
    ax = panel(figs["lola_constituents"], "b")
    lines = {c.get_label(): c.lines[0] for c in ax.containers}
    for label, kind in (("energy flow", "eflow"), ("calorimeter", "tower")):
        values = constituents_figure.TALK[kind]
        np.testing.assert_array_equal(lines[label].get_xdata(), list(values))
        np.testing.assert_array_equal(lines[label].get_ydata(), [auc for auc, _ in values.values()])


def test_both_areas_are_drawn_to_one_scale(figs):
    fig = figs["lola_constituents"]
    spans = [np.ptp(panel(fig, letter).get_ylim()) for letter in "ab"]
    assert spans[0] == pytest.approx(spans[1])
    for letter, low, high in (("a", 6, 3), ("b", None, None)):
        bottom, top = panel(fig, letter).get_ylim()
        values = [1 - n / 40 for n in (low, high)] if low else (0.9193, 0.9342)
        assert bottom < min(values) and max(values) < top


def test_differences_of_the_talk_stand_beside_ours(made, figs):
    fig = figs["lola_constituents"]
    lines = {c.get_label(): c.lines[0] for c in panel(fig, "c").containers}
    assert lines["energy flow, talk"].get_ydata()[0] == pytest.approx(0.9193 - 0.9340)
    ours = made["lola_constituents"]["pairs"]
    ours = ours[(ours["against"] == "forty") & (ours["kind"] == "tower")]
    assert list(lines["calorimeter"].get_ydata()) == pytest.approx(list(ours["difference"]))
    talk = {c.get_label(): c.lines[0] for c in panel(fig, "d").containers}["talk"]
    assert list(talk.get_ydata())[::3] == pytest.approx([-0.0061, 0.0019])


def test_one_kind_without_forty_still_has_its_curve(tmp_path):
    fig = drawn("lola_constituents", constituents_tables(tmp_path, (10, 20), ("eflow",)))
    assert len(panel(fig, "c").containers) == 2 and len(panel(fig, "d").containers) == 1


# --- metric ---------------------------------------------------------------------------


def test_lines_go_from_the_start_to_what_was_learned(figs):
    fig = figs["lola_metric"]
    for letter, start in (("a", "minkowski"), ("b", "euclid")):
        ends, begin = METRICS[start]
        paths = {
            tuple(line.get_ydata())
            for line in panel(fig, letter).lines
            if len(line.get_xdata()) == 2
        }
        expected = {(s, v) for end in ends for s, v in zip(begin, end, strict=True)}
        assert expected <= paths
    talk = [
        c.lines[0].get_ydata()[0] for c in panel(fig, "b").containers if len(c.lines[0].get_ydata())
    ]
    assert talk == [value for value, _ in metric_figure.TALK.values()]
    assert "From Euclid" in panel(fig, "b").get_title(loc="left")


def test_a_metric_that_is_fixed_everywhere_is_told(tmp_path):
    fig = drawn("lola_metric", metric_tables(tmp_path, {}))
    assert "no trained metric" in panel(fig, "a").get_title(loc="left")
    assert names(panel(fig, "b")) == ["fixed"]


# --- ablation and extra columns -------------------------------------------------------


def test_changes_of_the_talk_stand_below_their_bars(made, figs):
    ax = panel(figs["lola_ablation"], "b")
    labels = names(ax)
    texts = {text: name for name, text in ablation_figure.ABLATIONS.items()}
    assert labels == ["random order", "only mass", "only last row, 1 sum"]
    marks = [line for line in ax.lines if line.get_marker() == "D" and len(line.get_xdata())]
    for place, label in enumerate(labels):
        assert marks[place].get_xdata()[0] == ablation_figure.TALK[texts[label]]
        assert place < marks[place].get_ydata()[0] < place + 0.5
    widths = [bar.get_width() for bar in ax.patches]
    pairs = made["lola_ablation"]["pairs"].set_index("ablation")["relative"]
    assert widths == pytest.approx([pairs[texts[label]] for label in labels])
    low, high = ax.get_xlim()
    assert low < -24 and low < min(widths) and max(widths) < high


def test_without_the_full_network_nothing_is_compared(tmp_path):
    ax = panel(drawn("lola_ablation", ablation_tables(tmp_path, full=False)), "b")
    assert "nothing to compare" in ax.texts[0].get_text()


def test_extra_columns_are_compared_with_both(figs):
    fig = figs["lola_nvector"]
    assert names(panel(fig, "c")) == ["+ charge", "+ true $d_0$, $z_0$", "+ measured $d_0$, $z_0$"]
    assert names(panel(fig, "d")) == ["four-vectors", "+ charge", "+ measured $d_0$, $z_0$"]


def test_a_reference_that_diverged_is_told(tmp_path):
    tables = nvector_tables(tmp_path, ((9, 10), (9, 9), (None, None), (5, 6)))
    fig = drawn("lola_nvector", tables)
    assert names(panel(fig, "a"))[2] == "+ true $d_0$, $z_0$"
