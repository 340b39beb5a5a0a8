"""The figures of image taggers, of made-up tables: what they show, also of little."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters, same_picture
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from relearn.figures import image_taggers as line
from relearn.figures import tagging

POINT = {"dataset": "tops_low", "size": "small", "kind": "tower", "constituents": 200}
NUMBERS = ("auc", "rejection30", "rejection50")
VALUES = {"auc": 0.9, "rejection30": 80.0, "rejection50": 20.0}
EFFICIENCIES = np.linspace(0.01, 1, 100)
ALL = "centre+rotate+flip+crop"


def tables(points, **lost):
    """Runs, points, curves and pairs of `points`: columns of each; the first is the reference."""
    runs, rows, curves, pairs = [], [], [], []
    for number, point in enumerate(points):
        values = {name: value * (1 - 0.02 * number) for name, value in VALUES.items()}
        for trial in range(2):
            runs.append(POINT | point | {"run": f"{number}-t{trial}", "status": "ok"})
            runs[-1] |= {name: value * (1 + 0.005 * trial) for name, value in values.items()}
        row = POINT | point | {"trials": 2, "diverged": 0, "parameters": 10.0}
        for name, value in values.items():
            row |= {name: value, f"{name}_error": 0.01 * value}
        rows.append(row)
        background = EFFICIENCIES ** (4 - number / 10)
        columns = {"signal_efficiency": EFFICIENCIES, "background_efficiency": background}
        columns |= {"background_low": 0.9 * background, "background_high": 1.1 * background}
        curves.append(pd.DataFrame(POINT | point | columns))
        apart = values["auc"] - VALUES["auc"]
        pairs.append(
            POINT
            | point
            | {"reference_auc": 0.9, "difference": apart, "difference_error": 0.004}
            | {"sigmas": apart / 0.004, "relative": apart / 0.009, "relative_error": 0.44}
        )
    runs = pd.DataFrame(runs)
    return {
        "": runs,
        "points": pd.DataFrame(rows),
        "roc": pd.concat(curves, ignore_index=True),
        "pairs": pd.DataFrame(pairs[1:], columns=list(pairs[0])),
    }


def of_taggers(sizes=("small",)):
    names = [*line.LABELS]
    points = [
        {
            "tagger": name,
            "architecture": name.split()[0],
            "size": size,
            "largest": size == sizes[-1],
        }
        for name in ("deeptop", *(name for name in names if name != "deeptop"))
        for size in sizes
    ]
    return tables(points)


def of_steps():
    steps = (ALL, "crop", "centre+crop", "centre+rotate+crop", "centre+flip+crop")
    points = [{"steps": one, "subpixel": "no", "architecture": "deeptop"} for one in steps]
    return tables([*points, {"steps": ALL, "subpixel": "yes", "architecture": "deeptop"}])


def of_thresholds():
    found = tables([{"threshold": one, "architecture": "deeptop"} for one in (0.0, 1.0, 20.0)])
    tested = np.array([0.0, 1.0, 5.0, 20.0])
    columns = {"threshold": tested, "auc": 0.9 - tested / 500, "change": -tested / 500}
    columns |= {"change_error": tested / 5000, "et": np.exp(-tested / 40)}
    del found["roc"]
    return found | {"tested": pd.DataFrame(columns | {"lit": 60 / (1 + tested)})}


def of_scales():
    found = tables([{"jes_smear": one, "architecture": "deeptop"} for one in (0.0, 0.1)])
    shifts = pd.DataFrame(
        {"run": f"{smear}-{trial}", "jes_smear": smear, "shift": shift, "auc": 0.9 - shift**2}
        | {"auc_change": -(shift**2), "output_change": abs(shift) * (1 + trial / 9 - 5 * smear)}
        | {"output_signal": shift, "output_background": -shift / 4}
        for smear in (0.0, 0.1)
        for trial in range(2)
        for shift in (-0.1, 0.0, 0.1)
    )
    return {"": found[""], "points": found["points"], "shifts": shifts, "pairs": pd.DataFrame()}


MADE = {
    "image_taggers": of_taggers,
    "image_preprocessing": of_steps,
    "pixel_threshold": of_thresholds,
    "jes_image": of_scales,
}


@pytest.mark.parametrize("study", MADE)
def test_same_tables_same_picture_with_letters_and_names(study):
    fig = same_picture(study, MADE[study])
    assert letters(fig) == "abcd"[: len(fig.axes)]
    assert all(ax.get_xlabel() for ax in fig.axes)


@pytest.mark.parametrize("study", MADE)
def test_one_point_alone_and_one_trial(study):
    made = MADE[study]()
    first = {name: table.head(1) for name, table in made.items() if name in ("", "points")}
    for column in first["points"].columns[first["points"].columns.str.endswith("_error")]:
        first["points"][column] = np.nan
    rest = {name: table.head(0) for name, table in made.items() if name not in first}
    if "roc" in made:
        rest["roc"] = made["roc"].head(100)
    if "shifts" in made:
        rest["shifts"] = made["shifts"].head(3)
    assert letters(drawn(study, first | rest, layout=True))


@pytest.mark.parametrize("study", MADE)
def test_where_all_diverged_the_figure_says_so(study):
    made = MADE[study]()
    lost = {name: table.head(0) for name, table in made.items()}
    runs = made[""].assign(status="diverged", **dict.fromkeys(NUMBERS, np.nan))
    (text,) = drawn(study, lost | {"": runs}, render=True).axes[0].texts
    assert f"all {len(runs)} diverged" in text.get_text()


def test_curves_and_bars_show_the_numbers():
    fig = drawn("image_taggers", of_taggers())
    curves, bars = fig.axes[:2]
    names = [text.get_text() for text in curves.get_legend().get_texts()]
    assert names == list(line.LABELS.values())
    deeptop = curves.lines[names.index("DeepTop")]
    x, y = deeptop.get_data()
    np.testing.assert_allclose(y, x**-4.0, rtol=1e-9)
    widths = [patch.get_width() for patch in bars.patches]
    assert len(widths) == len(names) - 1 and max(widths) < 0
    far = [text.get_text() for text in bars.texts]
    assert all(re.fullmatch(r"−\d+\.\d σ", text) for text in far)


def test_all_sizes_have_a_line_and_the_largest_a_curve():
    fig = drawn("image_taggers", of_taggers(("small", "paper")))
    assert len(fig.axes[0].lines) == len(line.LABELS)
    labels = [text.get_text() for text in fig.axes[2].get_yticklabels()]
    assert len(labels) == 2 * len(line.LABELS) and "DeepTop, paper" in labels


def test_diverged_networks_and_infinite_rejections():
    made = of_taggers()
    made["points"].loc[0, "diverged"] = 3
    made["points"].loc[1, ["rejection50", "rejection50_error"]] = np.inf, np.nan
    made[""].loc[2:3, "rejection50"] = np.inf
    fig = drawn("image_taggers", made)
    assert "× 3 diverged" in [text.get_text() for text in fig.axes[2].texts]
    told = [text.get_text() for text in fig.axes[3].texts]
    assert sum(int(text.split()[-2]) for text in told if text.endswith("infinite")) == 2
    limits = fig.axes[3].get_xlim()
    assert np.isfinite(limits).all()


def test_numbers_over_numbers_have_errors_where_they_are_known():
    made = of_thresholds()
    made["points"].loc[1, "auc_error"] = np.nan
    ax = Figure().subplots()
    tagging.over(ax, made[""], made["points"], "threshold")
    (errors,) = [one for one in ax.containers if isinstance(one, ErrorbarContainer)]
    assert len(errors.lines[2][0].get_segments()) == 2
    assert len(ax.lines[0].get_xdata()) == len(made[""]), "every trial is shown"


def test_errors_of_an_auc_end_at_one_and_infinite_numbers_are_counted():
    made = of_thresholds()
    made["points"]["auc_error"] = 1.0
    made[""].loc[0, "rejection30"] = np.inf
    area, rejection = Figure().subplots(1, 2)
    tagging.over(area, made[""], made["points"], "threshold")
    (errors,) = [one for one in area.containers if isinstance(one, ErrorbarContainer)]
    ends = np.array(errors.lines[2][0].get_segments())[:, :, 1]
    np.testing.assert_allclose(ends[:, 1], 1)
    np.testing.assert_allclose(ends[:, 0], made["points"]["auc"] - 1)
    tagging.over(rejection, made[""], made["points"], "threshold", "rejection30")
    assert [text.get_text() for text in rejection.texts] == ["1 infinite"]
