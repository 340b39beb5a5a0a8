"""The figure of all taggers, and texts that keep out of each other's way."""

from dataclasses import replace
from itertools import combinations

import helpers_points as made
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from relearn.figures import labels, panels, style, tagger_comparison
from relearn.studies import tagger_comparison as study

COSTS = {"flops": 50.0, "epochs": 3, "train_jets_per_second": 1e3}
COSTS["inference_jets_per_second"] = 2e3
POINTS = (
    {"architecture": "lola", "wrong": [8, None]},
    {"architecture": "lola", "size": "paper", "wrong": [5, 6]},
    {"architecture": "pfn", "wrong": [2, 3]},
    {"architecture": "nsub", "bodies": 8.0, "wrong": [4, None]},
    {"architecture": "deeptop", "channels": "colours", "wrong": [3, 4]},
    {"architecture": "cuts", "of": "mass", "wrong": [15]},
    {"architecture": "gcn", "wrong": [None, None]},
)


@pytest.fixture(autouse=True)
def house_style():
    style.use()


def tables(folder, *points):
    found = made.inputs(folder, *points)
    return study.measure(replace(found, runs=found.runs.assign(**COSTS)))


def texts(ax):
    return {one.get_text(): one for one in ax.texts if isinstance(one, Annotation)}


def test_each_tagger_is_named_once_at_its_largest_size(tmp_path):
    given = tables(tmp_path, *POINTS)
    fig = tagger_comparison.draw(given, {})
    sizes, times = fig.axes[:2]
    combined = {"all, fitted", "all, mean", "best, all its trials"}
    names = {"LoLa", "PFN", "DeepTop, colours", "mass cut", "dense, 8-body $\\tau_N$ (1 diverged)"}
    for ax in (sizes, times):
        assert set(texts(ax)) == combined | names, "what never trained has no place"
    lost = "diverged: LoLa, small (1 of 2); graph net, small (2 of 2)"
    assert fig.get_supxlabel() == lost, "all others have it beside their names"
    assert texts(sizes)["LoLa"].xy == pytest.approx((30, 1 - made.auc_of(5.5)))
    assert sizes.get_ylim() == times.get_ylim()
    curves = {line.get_label() for line in fig.axes[4].lines}
    assert {"LoLa", "PFN", "DeepTop, colours", "all, fitted"} <= curves
    order = [tick.get_text() for tick in fig.axes[5].get_yticklabels()]
    assert order == ["dense, 8-body $\\tau_N$", "mass cut", "DeepTop, colours", "LoLa", "PFN"]
    fig.savefig(tmp_path / "figure.png")


def test_background_is_below_the_diagonal_and_signal_above(tmp_path):
    given = tables(tmp_path, *POINTS[1:3])
    table = given["correlations"]
    ends = (table["one"] == "lola") & (table["other"] == "pfn")
    back = (table["one"] == "pfn") & (table["other"] == "lola")
    for side, value in (("signal", 0.25), ("background", 0.75)):
        table.loc[(ends | back) & (table["class"] == side), "rank"] = value
    shown = tagger_comparison.draw(given, {}).axes[5].images[0].get_array()
    assert (shown[0, 1], shown[1, 0]) == (0.25, 0.75)


def test_infinite_rejections_are_left_out(tmp_path):
    given = tables(tmp_path, {"wrong": [0, 0]}, {"architecture": "pfn", "wrong": [30, 32]})
    fig = tagger_comparison.draw(given, {})
    assert np.isfinite(fig.axes[2].get_ylim()).all() and fig.get_supxlabel() == ""
    assert "PFN" in texts(fig.axes[2]) and "LoLa" not in texts(fig.axes[2])


def test_all_diverged_is_said(tmp_path):
    fig = tagger_comparison.draw(tables(tmp_path, {"wrong": [None]}), {})
    assert "all 1 diverged" in fig.axes[0].texts[0].get_text()


# --- texts ----------------------------------------------------------------------------


def placed(points, width=6.0):
    """Texts, one at each point, all four words long."""
    fig = Figure(figsize=(width, 4.5))
    ax = fig.subplots()
    ax.plot(*points.T, "o")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    fig.draw_without_rendering()
    before = ax.get_position().bounds
    named = [labels.Label(x, y, f"tagger {n} of all", "k") for n, (x, y) in enumerate(points)]
    labels.place(ax, named, points, np.empty((0, 2)))
    fig.draw_without_rendering()
    assert ax.get_position().bounds == before, "texts do not move the axes"
    renderer = FigureCanvasAgg(fig).get_renderer()
    # those of the texts alone, without their lines
    boxes = [Text.get_window_extent(one, renderer) for one in ax.texts]
    return ax, boxes


@pytest.mark.parametrize("seed", range(3))
def test_texts_cover_neither_each_other_nor_markers(seed):
    points = np.random.default_rng(seed).uniform(0.2, 0.8, (20, 2))
    ax, boxes = placed(points)
    assert len(boxes) == 20
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    frame = ax.get_window_extent()
    for box in boxes:
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1
        assert frame.y0 <= box.y0 and box.y1 <= frame.y1
    at = ax.transData.transform(points)
    assert not any(box.contains(*one) for box in boxes for one in at)


def test_equal_points_have_texts_beside_each_other_and_lines_to_those_far_away():
    ax, boxes = placed(np.full((6, 2), 0.5))
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(one.xy == (0.5, 0.5) for one in ax.texts)
    middle = ax.transData.transform((0.5, 0.5))
    for text, box in zip(ax.texts, boxes, strict=True):
        nearest = np.clip(middle, box.min, box.max)
        if np.linalg.norm(nearest - middle) > 2 * labels.LEADER * ax.figure.dpi / 72:
            assert text.arrow_patch is not None


def test_texts_of_points_outside_are_left_out():
    ax, boxes = placed(np.array([[0.5, 0.5], [1.5, 0.5]]))
    assert len(boxes) == 1 and ax.texts[0].get_text() == "tagger 0 of all"


def test_an_axis_of_less_than_a_decade_has_labels_that_say_where_they_are():
    ax = Figure().subplots()
    ax.plot([1, 2], [0.08, 0.25])
    panels.r_axis(ax, "AUC")
    shown = {label.get_text(): label.get_position()[1] for label in ax.get_yticklabels()}
    assert {"0.85", "0.8", "0.9"} <= set(shown)
    assert all(1 - float(text) == pytest.approx(miss) for text, miss in shown.items() if text)
