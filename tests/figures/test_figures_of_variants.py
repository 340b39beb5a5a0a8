"""The figure of jets where the same jets are seen in several ways."""

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters
from helpers_tagging import write_tagging

from relearn import figures, studies
from relearn.figures import jet_variants, style
from relearn.studies.inputs import StudyInputs

JETS = dict.fromkeys(("train", "validation", "test"), 20)
SEEN = {
    "low": {},
    "low_cms": {"detector_card": "CMS"},
    "high": {"window": {"pt": [1300.0, 1400.0]}},
    "low_tower": {"window": {"select_on": "tower"}},
    "low_delphes": {"detector": "delphes"},
    "high_cms": {"detector_card": "CMS", "window": {"pt": [1300.0, 1400.0]}},
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Two windows of the jets; Delphes has other masses than the reference, as it should not."""
    folder, paths = tmp_path_factory.mktemp("variants"), {}
    for seed, (name, about) in enumerate(SEEN.items()):
        rng = np.random.default_rng(5)  # all have the same values, but for
        pt = about.get("window", {}).get("pt", [350, 450])
        columns = {
            "pt": rng.uniform(*pt, 20),
            "gen_pt": rng.uniform(*pt, 20),
            "mass": rng.normal(350 if name == "low_delphes" else 180, 30, 20),
            "sd_mass": rng.normal(170, 30, 20),
            "multiplicity": rng.uniform(30, 120, 20) * (0.8 if name == "low_cms" else 1),
        }
        path = folder / f"{name}.h5"
        paths[name] = write_tagging(path, JETS, about=about, seed=seed, **columns)
    return studies.load("jet_validation").measure(StudyInputs(pd.DataFrame(), paths))


@pytest.fixture(scope="module")
def fig(tables):
    return drawn("jet_validation", tables, render=True)


def test_variants_stand_below_their_reference(fig):
    titles = [part.get_suptitle().split(":")[0] for part in fig.subfigs]
    assert titles == ["low", "low and its variants", "high", "high and its variants"]
    text = "".join(letters(fig))
    assert len(text) == 2 * (11 + 5) and len(set(text)) == len(text)
    assert text.startswith("abc") and text[26:].startswith("ABC")


def test_the_legend_says_what_differs(fig):
    legends = [
        [entry.get_text() for entry in ax.get_legend().get_texts()]
        for ax in fig.subfigs[1].axes
        if ax.get_legend()
    ]
    assert legends == [
        [
            "low: the reference",
            "low_cms: CMS card",
            "low_tower: selected on towers",
            "low_delphes: Delphes, has to agree",
            "top jets",
            "QCD jets",
        ]
    ]


def panel(fig, column, row=0):
    """Distributions, or ratios (row 1), of the tops' energy flow."""
    return fig.subfigs[1].axes[2 * column + row]


def test_distributions_and_ratios_are_those_of_the_table(fig, tables):
    column = list(jet_variants.PANELS).index("multiplicity")
    histograms = tables["histograms"].query(
        "quantity == 'multiplicity' and `class` == 'signal' and kind == 'eflow'"
    )
    one, base = (histograms[histograms["dataset"] == name] for name in ("low_cms", "low"))
    drawn = [patch.get_data().values for patch in panel(fig, column).patches]
    assert any(np.array_equal(values, one["density"]) for values in drawn)
    edges, density, error = jet_variants._wider(one)
    assert len(density) <= jet_variants.RATIOS
    counts, _ = np.histogram(one["low"], edges, weights=one["jets"])
    np.testing.assert_allclose(density * np.diff(edges), counts / 60)
    np.testing.assert_allclose(error[counts > 0], 1 / np.sqrt(counts[counts > 0]))
    assert np.isinf(error[counts == 0]).all()
    _, expected, _ = jet_variants._wider(base)
    good = (error < jet_variants.WORST) & (expected > 0)
    points = [
        line.get_ydata()
        for line in panel(fig, column, 1).lines
        if line.get_color() == jet_variants.COLOURS[0] and len(line.get_ydata()) == good.sum()
    ]
    assert good.sum() > 3
    np.testing.assert_allclose(points[0], (density / np.where(expected > 0, expected, 1))[good])


def test_what_has_to_agree_and_does_not_is_marked(fig, tables):
    texts = [text.get_text() for ax in fig.subfigs[1].axes for text in ax.texts]
    assert texts.count("✗ p < 0.0001") == 4, "masses of both classes and kinds"
    rings = [
        line
        for ax in fig.subfigs[1].axes
        for line in ax.lines
        if line.get_markerfacecolor() == "none"
        and matplotlib.colors.same_color(line.get_color(), style.RED)
    ]
    assert sum(len(line.get_xdata()) for line in rings) == 4
    assert (tables["tests"].query("dataset == 'low_cms'")["expected"] == False).all()  # noqa: E712


def test_no_variants_no_rows_of_them(tables):
    lone = {name: table[table["dataset"].isin(["low", "high"])] for name, table in tables.items()}
    found = figures.load("jet_validation").draw(lone, {})
    assert len(found.subfigs) == 2
