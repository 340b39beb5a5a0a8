"""The figures of group I: what they show, of small and of odd tables."""

from string import ascii_lowercase

import numpy as np
import pytest
from helpers_figures import drawn, letters, panel, same_picture
from helpers_invariants import EVENTS, SCANS, tables
from matplotlib.collections import PathCollection
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

from relearn import figures
from relearn.figures import style
from relearn.studies import metrics

ODD = {
    "one network": {"hidden": ["10"], "activation": ["relu"], "trials": 1},
    "some diverged": {"lost": [0, 1]},
    "all diverged": {"lost": "all"},
    "many sizes": {"hidden": [*map(str, range(1, 21)), "200x200"], "trials": 1},
}
CASES = [(study, case) for study in SCANS if study != "samples" for case in ODD]


def dots(ax, sizes=(3, 7)):
    """All points of a panel that are drawn as single trials, some as open markers."""
    lines = [line for line in ax.lines if line.get_markersize() in sizes and line.get_alpha()]
    return np.concatenate([line.get_xydata() for line in lines])


def texts(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


@pytest.mark.parametrize("study", SCANS)
def test_same_tables_same_picture(study, tmp_path):
    made = tables(study, tmp_path)
    fig = same_picture(study, lambda: made)
    assert letters(fig) == ascii_lowercase[: len(letters(fig))]


def test_same_tables_same_files(tmp_path):
    made = tables("pt_transfer", tmp_path)
    files = []
    for i in range(2):
        paths = [tmp_path / f"{i}.{suffix}" for suffix in ("pdf", "png")]
        style.save(drawn("pt_transfer", made), *paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]


@pytest.mark.parametrize("study", ["pt_nodes", "pt_layers", "pt_transfer", "mass_grid"])
def test_too_few_events_for_bins(study, tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "FEWEST_IN_BIN", EVENTS + 1)
    made = tables(study, tmp_path)
    assert made["bins"].empty and set(metrics.OF_BINS) < set(made["bins"])
    drawn(study, made)


def test_both_files_have_one_layout(tmp_path, monkeypatch):
    style.use()
    fig = figures.load("pt_nodes").draw(tables("pt_nodes", tmp_path), {})
    engine = fig.get_layout_engine()
    calls = []
    execute = type(engine).execute
    monkeypatch.setattr(type(engine), "execute", lambda *args: calls.append(args) or execute(*args))
    style.save(fig, tmp_path / "a.pdf", tmp_path / "a.png")
    assert len(calls) == 1


@pytest.mark.parametrize(("study", "case"), CASES)
def test_odd_tables(study, case, tmp_path):
    fig = drawn(study, tables(study, tmp_path, **ODD[case]), layout=case == "many sizes")
    said = " ".join(texts(fig))
    assert ("diverged" in said) == ("diverged" in case)
    assert ("no network to show" in said) == (case == "all diverged")
    for ax in fig.axes:
        if ax.get_title(loc="left") and ax.axison and not said.count("no network"):
            assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


@pytest.mark.parametrize(("study", "letter"), [("pt_nodes", "a"), ("mass_grid", "a")])
def test_every_trial_is_drawn_and_better_is_up(study, letter, tmp_path):
    made = tables(study, tmp_path, trials=4)
    ax = panel(drawn(study, made), letter)
    table = made[""]
    np.testing.assert_allclose(np.sort(dots(ax)[:, 1]), np.sort(1 - table["r"]))
    worst, best = ax.get_ylim()
    assert worst > best and ax.get_yscale() == "log"
    assert ax.yaxis.get_major_formatter()(0.001) == "0.999"


def test_samples_draw_every_histogram_with_its_error(tmp_path):
    made = tables("samples", tmp_path)
    fig = drawn("samples", made)
    histograms = made["histograms"]
    assert letters(fig) == "abcdef"
    counted = histograms[(histograms["quantity"] == "muon_eta")]
    line, error = panel(fig, "b").patches[:2]
    first = counted[counted["dataset"] == "zmumu"]
    np.testing.assert_allclose(line.get_data().values, first["density"])
    width = error.get_data().values - first["density"].to_numpy()
    np.testing.assert_allclose(width, first["density"] / np.sqrt(first["values"].clip(lower=1)))
    for letter in "acd":
        assert panel(fig, letter).get_xscale() == panel(fig, letter).get_yscale() == "log"
    assert all("GeV" in panel(fig, letter).get_xlabel() for letter in "acdef")


def test_samples_without_toy_momenta(tmp_path):
    made = tables("samples", tmp_path)
    made = {name: table[table["dataset"] != "momenta"] for name, table in made.items()}
    assert letters(drawn("samples", made)) == "abcd"


def test_the_talks_nodes_are_marked(tmp_path):
    fig = drawn("pt_nodes", tables("pt_nodes", tmp_path))
    for letter in "abcd":
        spans = [p for p in panel(fig, letter).patches if isinstance(p, Rectangle)]
        assert [(p.get_x(), p.get_x() + p.get_width()) for p in spans] == [(8.5, 10.5)]


def test_a_panel_for_each_size_and_its_r(tmp_path):
    made = tables("pt_nodes", tmp_path)
    fig = drawn("pt_nodes", made)
    for letter, nodes in (("e", 2), ("f", 10)):
        ax = panel(fig, letter)
        events = made["predictions"][made["predictions"]["nodes"] == nodes]
        r = made[""].set_index("run").loc[events["run"].iloc[0], "r"]
        assert f"{r:.3f}"[:-1] in ax.texts[0].get_text()
        points = next(c for c in ax.collections if isinstance(c, PathCollection))
        assert len(points.get_offsets()) == len(events)


def test_lone_nodes_with_a_negative_weight_are_marked(tmp_path):
    made = tables("pt_layers", tmp_path, trials=6)
    fig = drawn("pt_layers", made)
    lone = made[""].query("second_layer == 1")
    assert lone["output_weight"].notna().all() and 0 < (lone["output_weight"] < 0).sum() < len(lone)
    for letter, activation in zip("abcd", dict.fromkeys(made[""]["activation"]), strict=True):
        here = lone[(lone["activation"] == activation) & (lone["output_weight"] < 0)]
        marks = [line for line in panel(fig, letter).lines if line.get_markerfacecolor() == "none"]
        found = np.concatenate([line.get_ydata() for line in marks])
        np.testing.assert_allclose(np.sort(found), np.sort(1 - here["r"]))


def test_dead_units_stand_below_their_accuracy(tmp_path):
    made = tables("pt_layers", tmp_path)
    made[""].loc[made[""].index[0], ["dead_units", "dead_units_layer1"]] = 7
    fig = drawn("pt_layers", made, layout=True)
    above = panel(fig, "a")
    below = [ax for ax in fig.axes if ax.get_ylabel() == "dead units"][0]
    assert above.get_xlim() == below.get_xlim()
    assert above.get_position().x0 == pytest.approx(below.get_position().x0, abs=1e-3)
    assert dots(below)[:, 1].max() == 7
    assert max(bar.get_height() for bar in below.patches) == pytest.approx(7 / 3)


def test_the_weight_matrix_has_the_same_input_of_both_muons_side_by_side(tmp_path):
    made = tables("pt_weights", tmp_path)
    matrix = made["matrix"]
    px = (matrix["component"] == "px") & (matrix["muon"] == "plus")
    other = (matrix["component"] == "px") & (matrix["muon"] == "minus")
    matrix.loc[px, "weight"] = matrix.loc[other, "weight"].to_numpy()
    fig = drawn("pt_weights", made)
    values = panel(fig, "a").images[0].get_array()
    assert values.shape == (10, 8)
    np.testing.assert_array_equal(values[:, 2], values[:, 3])
    own = matrix[matrix["representative"] & (matrix["component"] == "pz")]
    both = own.pivot(index="unit", columns="muon", values="weight")[["minus", "plus"]]
    assert {*map(tuple, values[:, 6:].data)} == {*map(tuple, both.to_numpy())}
    sums = own.assign(x=0)  # as many arrows as units
    assert len(panel(fig, "b").collections[0].U) == sums["unit"].nunique()
    np.testing.assert_array_equal(*dots(panel(fig, "c"), sizes=(5,)).T)  # all on the diagonal


def test_many_trials_of_weights_need_no_legend(tmp_path):
    for trials, named in ((10, 10), (11, 0)):
        made = tables("pt_weights", tmp_path, trials=trials)
        ax = panel(drawn("pt_weights", made), "c")
        assert len(ax.get_legend_handles_labels()[1]) == named
        assert (ax.get_legend() is None) == (named == 0)
        assert len(dots(ax, sizes=(5,))) == 10 * trials


def test_ratio_is_to_networks_that_know_the_sample(tmp_path):
    made = tables("pt_transfer", tmp_path)
    fig = drawn("pt_transfer", made)
    ratio = next(ax for ax in fig.axes if ax.get_ylabel().startswith("ratio"))
    bins = made["bins"].query("nodes == 10 and test_dataset == 'zmumu'")
    itself = bins[bins["same"]].groupby("low")["resolution"].median()
    expected = bins["resolution"] / bins["low"].map(itself)
    np.testing.assert_allclose(np.sort(dots(ratio)[:, 1]), np.sort(expected))


def test_a_bin_without_training_events(tmp_path):
    made = tables("pt_transfer", tmp_path)
    made["bins"].loc[made["bins"]["low"] == 0, "train_share"] = 0.0
    drawn("pt_transfer", made)


def test_crosses_of_lost_networks_keep_clear_of_the_others(tmp_path):
    made = tables("mass_grid", tmp_path, trials=3, lost=[0, 1])  # of the smallest size
    ax = panel(drawn("mass_grid", made), "a")
    cross = next(line for line in ax.lines if line.get_gid() == style.DIVERGED)
    assert cross.get_xdata() == [5] and "2 diverged" in [text.get_text() for text in ax.texts]
    shares = ax.transAxes.inverted().transform(ax.transData.transform(dots(ax)))[:, 1]
    assert shares.min() > 0.1 and shares.max() < 1
    assert len(shares) == made[""]["r"].notna().sum()


def test_mass_is_compared_with_pt(tmp_path):
    made = tables("mass_grid", tmp_path)
    reference = made["reference"]
    assert set(reference["dataset"]) == {"ttbar_mumu"} and set(reference["target"]) == {"pt"}
    assert set(made[""]["target"]) == {"mass"}
    fig = drawn("mass_grid", made)
    level = next(line for line in panel(fig, "a").lines if line.get_linestyle() == ":")
    wanted = 1 - reference.query("nodes == 10")["r"]
    assert level.get_ydata()[0] == pytest.approx(wanted.median())
    assert "$p_T$ with 10 nodes" in texts(fig)
    assert "$p_T$ with 10 nodes" not in texts(
        drawn("mass_grid", made | {"reference": reference.iloc[:0]})
    )


def test_one_failed_trial_does_not_widen_the_level_of_pt(tmp_path):
    made = tables("mass_grid", tmp_path, trials=20)
    rows = made["reference"].query("nodes == 10").index
    made["reference"].loc[rows[0], "r"] = 0.1
    ax = panel(drawn("mass_grid", made), "a")
    level = next(
        patch for patch in ax.patches if same_color(patch.get_facecolor()[:3], style.PURPLE)
    )
    low, high = level.get_y(), level.get_y() + level.get_height()
    expected = np.quantile(1 - made["reference"].loc[rows, "r"], [0.16, 0.84])
    np.testing.assert_allclose([low, high], expected)


def test_dead_units_of_many_trials_stay_beside_their_bar(tmp_path):
    made = tables("pt_layers", tmp_path, trials=20, hidden=["10x1"], activation=["relu"])
    fig = drawn("pt_layers", made)
    below = next(ax for ax in fig.axes if ax.get_ylabel() == "dead units")
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in below.patches]
    for x, _ in dots(below):
        assert any(low <= x <= high for low, high in bars)


def test_angles_have_a_panel_for_each_target(tmp_path):
    made = tables("angles", tmp_path)
    fig = drawn("angles", made)
    targets = list(dict.fromkeys(made[""]["target"]))
    assert len(letters(fig)) == len(targets) + 2
    for letter, target in zip("abcdef", targets, strict=True):
        assert style.TARGET_LABELS[target] in panel(fig, letter).get_xlabel()
    ratio = made[""]["absolute_resolution"] / made[""]["spread"]
    np.testing.assert_allclose(np.sort(dots(panel(fig, "h"))[:, 1]), np.sort(ratio))
