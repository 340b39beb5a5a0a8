"""Pearson's r of pixels and feature maps, and the maps, of tiny networks and by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from helpers_taggers import scan, train_job, write_jets
from scipy.special import expit

from relearn.data.tagfile import LABELS
from relearn.errors import UserError
from relearn.jets.images import HEIGHT, WIDTH
from relearn.studies import feature_maps, image_features, image_pearson, shown, taggers, testjets
from relearn.studies.inputs import StudyInputs

SHAPE = {"filters": [[[2], [3]]], "kernels": [[4, 4]], "pools": [[2, 1]], "dense": [[4]]}
TRAINING = {"optimiser": "adam", "learning_rate": 0.003, "loss": "cross_entropy", "epochs": 2}
LAYERS = {"image": (1, 40, 40), "conv1": (2, 40, 40), "conv2": (3, 20, 20), "dense1": (4, 1, 1)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of tiny trained scans, and their dataset."""
    root = tmp_path_factory.mktemp("maps")
    jets = {"train": 24, "validation": 12, "test": 20}
    data = write_jets(root / "toy.h5", jets)
    images = scan("deeptop", 3, SHAPE, training=TRAINING, kind=["tower"])
    for name, spec in {"images": images, "sets": scan("pfn", training=TRAINING)}.items():
        train_job(spec | {"name": name}, data, root / name / "0000")
    return root, data


def inputs(made, *scans, **options):
    root, data = made
    return StudyInputs.from_files([root / name for name in scans], [data], options)


def displayed(study):
    """The network with the median AUC, its run, jets and layers, all at once."""
    run = feature_maps.median(study.runs)
    network, jets = study.network(run), testjets.read(study, run)
    return run, network, jets, feature_maps.layers(network, jets)


# --- r --------------------------------------------------------------------------------


def test_r_is_that_of_numpy_jets_by_jets():
    draw = np.random.default_rng(0)
    x, y = draw.gamma(2, 50, (300, 4)), draw.random((300, 2))
    x[:, 0] += 300 * y[:, 1]
    moments = image_pearson.Moments()
    for rows in np.array_split(np.arange(300), 7):
        moments.add(x[rows], y[rows], np.ones(len(rows)))
    expected = np.corrcoef(x.T, y.T)[4:, :4]
    np.testing.assert_allclose(moments.correlations(), expected, atol=1e-12)


def test_a_weight_is_so_many_jets():
    draw = np.random.default_rng(1)
    x, y, weight = draw.normal(size=(40, 3)), draw.random((40, 1)), draw.integers(0, 4, 40)
    one, other = image_pearson.Moments(), image_pearson.Moments()
    one.add(x, y, weight)
    other.add(np.repeat(x, weight, axis=0), np.repeat(y, weight, axis=0), np.ones(weight.sum()))
    np.testing.assert_allclose(one.correlations(), other.correlations(), atol=1e-12)


@pytest.mark.parametrize("offset", [0, 1000])
def test_r_of_what_is_the_same_the_opposite_and_constant(offset):
    y = np.linspace(0, 1, 50)[:, None]
    x = np.concatenate([3 * y + offset, -y, np.full_like(y, 0.1 + offset), 0 * y], axis=1)
    moments = image_pearson.Moments()
    moments.add(x, y, np.ones(50))
    np.testing.assert_allclose(moments.correlations()[0], [1, -1, np.nan, np.nan], atol=1e-6)


def test_rings_hold_what_is_at_their_distance():
    images = np.zeros((1, 1, 40, 40))
    lit = {(20, 20): 1.0, (20, 21): 2.0, (21, 20): 4.0, (16, 24): 8.0, (0, 0): 16.0}
    for place, energy in lit.items():
        images[0, 0, *place] = energy
    far = np.hypot(4 * WIDTH, 4 * HEIGHT)  # 0.53; the corner is beyond all rings
    assert 0.45 < far < 0.65
    expected = [1, 2 + 4, 0, 8, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(image_pearson.ring_sums(images)[0], expected)


def test_colours_count_energies_and_not_numbers():
    images = np.zeros((1, 3, 40, 40))
    images[0, :, 20, 20] = [5, 7, 100]
    assert image_pearson.ring_sums(images)[0, 0] == 12


def test_tables_of_r_are_those_of_all_jets_at_once(made, monkeypatch):
    monkeypatch.setattr(feature_maps, "AT_ONCE", 7)
    study = inputs(made, "images")
    tables = image_pearson.measure(study)
    run, _, jets, layers = displayed(study)
    label, _, score = taggers.scores(run)
    assert (label == jets.label.numpy()).all()
    pixels = tables["pixels"].groupby("layer", sort=False)
    assert list(pixels.groups) == list(LAYERS)
    for name, mine in pixels:
        x = layers[name][:, mine["map"], mine["row"], mine["column"]].astype(float)
        for column, y in (("r", expit(score.astype(float))), ("truth", label)):
            expected = [np.corrcoef(one, y)[0, 1] for one in x.T]
            np.testing.assert_allclose(mine[column], expected, atol=6e-4, err_msg=name)
        row = tables["layers"].query("run == @run['run'] and layer == @name").iloc[0]
        assert tuple(row[["maps", "side"]]) == LAYERS[name][:2]
        assert row["constant"] == np.prod(LAYERS[name]) - len(mine)
        numbers = mine["r"].min(), mine["r"].max(), np.sqrt(np.mean(mine["r"] ** 2))
        assert tuple(row[["lowest", "highest", "rms"]]) == pytest.approx(numbers, abs=6e-4)
    rings = tables["rings"]
    assert (rings["trials"] == 3).all() and len(rings) == 2 * (len(image_pearson.EDGES) - 1)
    sums = image_pearson.ring_sums(layers["image"])
    truth = rings[rings["against"] == "truth"]["r"].to_numpy()
    np.testing.assert_allclose(truth, np.corrcoef(sums.T, label)[-1, :-1], atol=1e-9)


def test_fewer_jets_are_the_first_ones(made):
    study = inputs(made, "images", jets=16)
    rings = image_pearson.measure(study)["rings"]
    _, _, jets, layers = displayed(study)
    sums = image_pearson.ring_sums(layers["image"])[:16]
    expected = np.corrcoef(sums[:, 0], jets.label[:16].numpy())[0, 1]
    first = rings[(rings["low"] == 0) & (rings["against"] == "truth")]["r"].iloc[0]
    assert first == pytest.approx(expected)


# --- feature maps ---------------------------------------------------------------------


def test_layers_in_parts_are_those_of_the_network(made, monkeypatch):
    _, network, jets, layers = displayed(inputs(made, "images"))
    assert {name: values.shape[1:] for name, values in layers.items()} == LAYERS
    monkeypatch.setattr(feature_maps, "AT_ONCE", 7)
    parts = list(feature_maps.walk(network, jets))
    assert [rows.stop for rows, _ in parts] == [7, 14, 21, 28, 35, 40]
    for name, values in layers.items():
        joined = np.concatenate([part[name] for _, part in parts])
        np.testing.assert_allclose(joined, values, atol=1e-6)
    with torch.inference_mode():
        expected = network.feature_maps(*network.prepare(jets))["conv2"].numpy()
    np.testing.assert_array_equal(layers["conv2"], expected)


def test_mean_maps_are_the_means_and_one_jet_is_the_one_of_the_steps(made, monkeypatch):
    monkeypatch.setattr(feature_maps, "AT_ONCE", 7)
    study = inputs(made, "images", jet=1)
    tables = image_features.measure(study)
    run, _, jets, layers = displayed(study)
    maps, numbers = tables["maps"], tables["layers"]
    rows = shown.find(study.datasets["toy"], "tower", 1)
    for (side, kind, name), mine in maps.groupby(["class", "shown", "layer"]):
        values = layers[name].astype(float)
        own = values[jets.label.numpy() == LABELS[side]]
        expected = own.mean(axis=0) if kind == "mean" else values[rows[side]]
        found = np.zeros(LAYERS[name])
        found[mine["map"], mine["row"], mine["column"]] = mine["value"]
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
        row = numbers[(numbers["run"] == run["run"]) & (numbers["layer"] == name)].iloc[0]
        assert row[f"lit_{side}"] == pytest.approx((own > 0).mean())
        assert row["dead"] == (values == 0).all(axis=(0, 2, 3)).sum()
    assert len(numbers) == 3 * len(LAYERS)


@pytest.mark.parametrize(("sign", "offset"), [(1, 0), (-1, 5)])
def test_a_map_that_knows_tells_all_whichever_side_is_higher(sign, offset):
    label = np.array([1, 0] * 10)
    same = np.tile([1.0, 1.0, 2.0, 2.0], 5)  # knows nothing
    sums = np.stack([sign * label + offset, same, np.zeros(20)], axis=1)
    found = image_features._separation(sums, label, np.ones(20))
    assert found == {"auc": 1.0, "auc_median": 0.75}, "the dead map does not count"


# --- what there may be ----------------------------------------------------------------


@pytest.mark.parametrize("study", [image_pearson, image_features])
def test_a_network_without_feature_maps_is_named(made, study):
    with pytest.raises(UserError, match=r"pfn.* no network on images.*where"):
        study.measure(inputs(made, "sets"))


@pytest.mark.parametrize("study", [image_pearson, image_features])
def test_diverged_networks_are_in_the_runs_alone(made, study):
    given = inputs(made, "images")
    lost = replace(given, runs=given.runs.assign(status="diverged"))
    tables = study.measure(lost)
    assert len(tables.pop("")) == 3
    assert all(table.empty and len(table.columns) for table in tables.values())
    runs = given.runs.assign(status=["ok", "diverged", "ok"])
    layers = study.measure(replace(given, runs=runs))["layers"]
    assert layers["trial"].unique().tolist() == [0, 2]


def test_the_median_of_two_is_the_lower():
    runs = pd.DataFrame({"run": ["a", "b", "c"], "auc": [0.9, 0.7, 0.8]})
    assert feature_maps.median(runs)["run"] == "c"
    assert feature_maps.median(runs.head(2))["run"] == "b"
