"""EFN and PFN: what filters see, in closed form, and the tables of a small trained scan."""

import math

import numpy as np
import pytest
import torch
from helpers_taggers import scan, train_job, write_jets

from relearn.studies import deep_sets
from relearn.studies.inputs import StudyInputs

LATENTS = {"latent": [3, 32]}
EXTRAS = {"", "points", "roc", "pairs", "filters", "sizes"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two trainings of each architecture and latent space."""
    folder = tmp_path_factory.mktemp("deep_sets")
    path = write_jets(folder / "toy.h5")
    for name in ("pfn", "efn"):
        train_job(scan(name, options=LATENTS, trials=2), path, folder / name / "0000")
    return StudyInputs.from_files([folder / "pfn", folder / "efn"], [path], {})


def test_a_round_filter_sees_a_disc():
    places, step = deep_sets.grid(1.5)
    middle, width = np.array([0.3, -0.4]), 0.45
    squares = np.square(places - middle).sum(axis=1)
    hill = 7 * np.exp(-squares / (2 * width**2))
    flat, nothing = np.full_like(hill, 2.0), np.zeros_like(hill)
    found = deep_sets.sizes_of(np.stack([hill, flat, nothing], axis=1), places, step)
    assert found["maximum"].tolist() == pytest.approx([7, 2, 0], rel=2e-3)
    assert found["distance"][0] == pytest.approx(0.5, abs=0.05)
    # half of the maximum is at width √(2 ln 2)
    assert found["area"][0] == pytest.approx(2 * math.log(2) * math.pi * width**2, rel=0.03)
    assert found["inside"].tolist() == [True, False, False]
    assert found["dead"].tolist() == [False, False, True]
    assert found["area"][2] == 0 and np.isnan(found["distance"][2])


def test_the_grid_is_y_and_phi_around_the_axis():
    places, step = deep_sets.grid(1.5)
    assert places.min() == -1.5 and places.max() == 1.5 and step == pytest.approx(3 / 50)
    assert np.hypot(*places.T).min() == pytest.approx(0, abs=1e-9)
    assert len(places) * step**2 == pytest.approx(math.pi * 1.5**2, rel=0.05)


def test_tables_of_a_trained_scan(study):
    tables = deep_sets.measure(study)
    assert set(tables) == EXTRAS and len(tables[""]) == 8 and len(tables["points"]) == 4
    pairs = tables["pairs"]
    auc = study.runs.groupby(["architecture", "latent"])["auc"].mean()
    by = pairs.groupby("versus")
    of_architecture, of_latent = by.get_group("architecture"), by.get_group("latent")
    assert (of_architecture["architecture"] == "efn").all() and len(of_architecture) == 2
    assert (of_latent["latent"] == 3).all() and len(of_latent) == 2
    for _, pair in of_architecture.iterrows():
        expected = auc["efn", pair["latent"]] - auc["pfn", pair["latent"]]
        assert pair["difference"] == pytest.approx(expected)
    for _, pair in of_latent.iterrows():
        expected = auc[pair["architecture"], 3] - auc[pair["architecture"], 32]
        assert pair["difference"] == pytest.approx(expected)


def test_filters_are_those_of_the_best_training(study):
    tables = deep_sets.measure(study)
    filters, sizes = tables["filters"], tables["sizes"]
    mine = study.runs[(study.runs["architecture"] == "efn") & (study.runs["latent"] == 32)]
    best = mine.loc[mine["best_validation_loss"].idxmin()]
    assert set(filters["run"]) == set(sizes["run"]) == {best["run"]}
    assert len(filters) == len(deep_sets.grid(1.5)[0]) and len(sizes) == 32
    network = study.network(best)
    with torch.no_grad():
        found = network.filters(torch.tensor(filters[["y", "phi"]].to_numpy()).float())
    for size in sizes.itertuples():
        column = filters[f"filter_{size.filter}"]
        if not size.dead:
            assert column.max() == 1
            expected = found[:, size.filter].numpy() / size.maximum
            np.testing.assert_allclose(column, expected, atol=1e-3)
    assert filters["y"].abs().max() == pytest.approx(1.5), "out to R"


def test_the_largest_is_shown_where_neither_of_the_talks_is_there(study):
    few = StudyInputs(study.runs[study.runs["latent"] == 3], study.datasets)
    tables = deep_sets.measure(few)
    assert set(tables["sizes"]["latent"]) == {3} and len(tables["sizes"]) == 3
    alone = StudyInputs(study.runs[study.runs["architecture"] == "pfn"], study.datasets)
    tables = deep_sets.measure(alone)
    assert tables["filters"].empty and tables["sizes"].empty and len(tables["points"]) == 2
