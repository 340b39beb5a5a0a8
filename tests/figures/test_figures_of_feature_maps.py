"""The figures of feature maps and sliced masses, of made-up tables."""

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters, same_picture
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from relearn.figures import maps, style

LAYERS = {"image": (1, 40), "conv1": (8, 40), "conv2": (3, 20), "dense1": (64, 1)}
RUN = {"architecture": "deeptop", "dataset": "tops_low", "size": "small", "kind": "tower"}
RUN |= {"constituents": 200, "features": "none", "inputs": "none"}
RUNS = pd.DataFrame([RUN | {"run": f"t{n}", "trial": n, "status": "ok"} for n in range(2)])


def of_layers(**columns):
    """A row for each network and layer."""
    rows = [
        RUN | {"run": run, "layer": layer, "maps": size[0], "side": size[1]} | columns
        for run in RUNS["run"]
        for layer, size in LAYERS.items()
    ]
    return pd.DataFrame(rows)


def of_pixels(layer, size, **columns):
    number, row, column = np.indices((size[0], size[1], size[1])).reshape(3, -1)
    return pd.DataFrame({"layer": layer, "map": number, "row": row, "column": column} | columns)


def pearson():
    pixels = pd.concat(of_pixels(*one, r=-0.4, truth=0.2) for one in LAYERS.items())
    pixels = pixels.drop(pixels.index[::7])
    low = np.array([0.0, 0.05, 0.25])
    rings = pd.concat(
        pd.DataFrame({"low": low, "high": low + 0.1, "against": target, "r": low, "r_error": 0.01})
        for target in ("output", "truth")
    )
    layers = of_layers(constant=3, lowest=-0.4, highest=0.2, rms=0.3)
    return {"": RUNS, "layers": layers, "rings": rings, "pixels": pixels}


def features():
    there = pd.concat(
        of_pixels(*one, **{"class": side, "shown": shown, "value": value})
        for one in LAYERS.items()
        for shown in ("mean", "jet")
        for side, value in (("signal", 2.0), ("background", 1.0))
    )
    numbers = {"dead": 0, "lit_signal": 0.4, "lit_background": 0.3, "auc": 0.8}
    return {"": RUNS, "layers": of_layers(auc_median=0.7, **numbers), "maps": there}


def slices(chosen=True):
    """Truth and two taggers; without `chosen`, taggers that are never sure."""
    points, histograms, reliable = [], [], []
    taggers = {"truth": "none", "bdt": "mother_of_taggers", "deeptop": "none"}
    for n, (name, given) in enumerate(taggers.items()):
        lost = np.nan if n and not chosen else 1.0
        own = RUN | {"architecture": name, "inputs": given}
        for side in ("signal", "background"):
            for variable, width in (("mass", 10.0), ("sd_mass", 10.0), ("tau32", 0.03)):
                place = own | {"side": side, "variable": variable}
                points.append(place | {"ratio": 0.2 * n * lost, "ratio_error": 0.02 * lost})
                low = width * np.arange(40)
                density = lost * np.exp(-(((low / width - 15 - n) / 5) ** 2)) / width
                columns = {"low": low, "high": low + width, "density": density}
                histograms.append(pd.DataFrame(place | columns | {"density_error": density / 9}))
        if n:
            low = np.arange(15) / 15
            columns = {"low": low, "probability": low + 0.03, "signal": low + 0.02}
            reliable += [pd.DataFrame(own | {"run": f"{name}{t}"} | columns) for t in range(2)]
    runs = pd.DataFrame(
        [{**RUNS.iloc[0], "architecture": a, "inputs": i} for a, i in taggers.items()]
    )
    tables = {"": runs[1:], "points": pd.DataFrame(points)}
    return tables | {"histograms": pd.concat(histograms), "calibration": pd.concat(reliable)}


MADE = {"image_pearson": pearson, "image_features": features, "mass_slices": slices}
LETTERS = {"image_pearson": "abcdef", "image_features": "abcdef", "mass_slices": "abcdefghi"}


@pytest.mark.parametrize("study", MADE)
def test_same_tables_same_picture_with_letters(study):
    fig = same_picture(study, MADE[study])
    assert letters(fig) == LETTERS[study]


@pytest.mark.parametrize("study", MADE)
def test_where_all_diverged_the_figure_says_so(study):
    made = MADE[study]()
    lost = {name: table.head(0) for name, table in made.items()}
    runs = made[""].assign(status="diverged")
    (text,) = drawn(study, lost | {"": runs}, render=True).axes[0].texts
    assert f"all {len(runs)} diverged" in text.get_text()


def test_taggers_that_are_never_sure_are_drawn_as_nothing():
    fig = drawn("mass_slices", slices(chosen=False))
    legend = [text.get_text() for text in fig.axes[1].get_legend().get_texts()]
    assert legend == ["truth", "BDT, MotherOfTaggers", "DeepTop"]


def test_truth_is_the_filled_one():
    first = drawn("mass_slices", slices()).axes[0]
    shapes = {patch.get_label(): patch for patch in first.patches}
    assert shapes["truth"].get_fill() and not shapes["DeepTop"].get_fill()
    np.testing.assert_allclose(shapes["truth"].get_data().edges, 10.0 * np.arange(41))


# --- mosaics --------------------------------------------------------------------------


def picture(size, columns, frame, **look):
    style.use()
    ax = Figure().subplots()
    maps.mosaic(ax, frame, "r", size, columns, Normalize(-1, 1), **look)
    return [mesh.get_array() for mesh in ax.collections if isinstance(mesh, QuadMesh)]


def test_maps_stand_side_by_side_the_first_at_the_upper_left():
    frame = pd.DataFrame({"map": [0, 1, 2], "row": [0, 1, 1], "column": [0, 0, 1]})
    (grid,) = picture((3, 2), 2, frame.assign(r=[0.1, 0.2, 0.3]), dark=0.0)
    none = np.nan
    expected = [
        [0, 0, none, none, none],  # rows go upwards: the third map
        [0, 0.3, none, none, none],
        [none, none, none, none, none],
        [0.1, 0, none, 0, 0],
        [0, 0, none, 0.2, 0],
    ]
    np.testing.assert_array_equal(grid.filled(none), expected)
    assert maps.shape(3, 2, 2) == (5, 5)


def test_pixels_without_r_are_grey_and_borders_are_not():
    frame = pd.DataFrame({"map": [0, 1], "row": [0, 0], "column": [0, 1], "r": [0.5, -0.5]})
    lost, grid = picture((2, 2), 2, frame)
    there = np.isfinite(grid.filled(np.nan)).sum()
    grey = np.isfinite(lost.filled(np.nan))
    assert there == 2 and grey.sum() == 6
    assert not grey[:, 2].any()


def test_nodes_have_no_borders():
    assert maps.shape(64, 1, 64) == (1, 64) and maps.shape(5, 1, 2) == (3, 2)


def test_names_of_layers():
    assert maps.title("conv2", 8) == "convolution 2, 8 maps"
    assert maps.title("dense1", 64) == "dense layer 1, 64 nodes"
    assert maps.title("image", 1) == "image" and maps.title("stem", 16) == "stem, 16 maps"
    assert maps.names(of_layers()) == LAYERS
