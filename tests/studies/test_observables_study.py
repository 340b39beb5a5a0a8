"""Observables as sums over constituents: closed forms, shares explained, a small trained scan."""

import h5py
import numpy as np
import pandas as pd
import pytest
from helpers_sets import made_up
from helpers_taggers import JETS, scan, train_job, write_jets

from relearn.data import tagfile
from relearn.jets import shapes
from relearn.models import deepsets
from relearn.studies import observables, sums, taggers
from relearn.studies.inputs import StudyInputs

OPTIONS = {"inputs": ["momenta"], "sums": ["standardised"]}
TRACKS = ("track_mass", "track_multiplicity", "jet_charge")


def value(name, p4, charge):
    """An observable as datasets have it."""
    return getattr(shapes, name)(p4, charge) if name in TRACKS else getattr(shapes, name)(p4)


@pytest.mark.parametrize("name", sums.PAIRS)
def test_closed_forms_are_the_observables_of_massless_constituents(name):
    jets = made_up(40, 12)
    rng = np.random.default_rng(0)
    charge = np.where(jets.mask, rng.integers(-1, 2, jets.mask.shape), 0)
    network = deepsets.build("small", inputs="momenta")
    pt, y, phi = np.moveaxis(network.prepare(jets)[0].double().numpy(), -1, 0)
    found = sums.evaluate(name, deepsets.UNIT * pt, y, phi, charge)
    expected = value(name, jets.p4.double().numpy(), charge)
    # float32 four-vectors: a mass is the small difference of large squares, here of TeV
    tolerance = 0.5 if name.endswith("mass") else 1e-4
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=tolerance)


@pytest.mark.parametrize("name", sums.PAIRS)
def test_a_form_has_as_many_sums_as_it_says_and_is_as_safe(name):
    pair, rng = sums.PAIRS[name], np.random.default_rng(1)
    pt, y, phi = rng.uniform(1, 50, (5, 6)), *rng.normal(0, 0.3, (2, 5, 6))
    charge = np.ones((5, 6)) * [1, 0, -1, 1, 1, 0]
    assert pair.phi(pt, y, phi, charge).shape == (5, 6, pair.size)
    before = sums.evaluate(name, pt, y, phi, charge)
    both = [np.concatenate([x, x[:, :1]], axis=1) for x in (pt, y, phi, charge)]
    both[0][:, 0] *= 0.3
    both[0][:, -1] *= 0.7  # the first one in two collinear ones
    change = np.abs(sums.evaluate(name, *both) - before)
    soft = [
        np.concatenate([x, np.full((5, 1), new)], axis=1)
        for x, new in zip((pt, y, phi, charge), (1e-7, 1.0, -1.0, 1.0), strict=True)
    ]
    change += np.abs(sums.evaluate(name, *soft) - before)
    # tracks that split into tracks leave their mass as it is; neutral particles split into tracks
    if name != "track_mass":
        assert (change < 1e-5).all() if pair.safe else (change > 1e-3).all()


def test_the_share_explained_and_its_error():
    rng = np.random.default_rng(2)
    truth = rng.exponential(1, 400)
    found, weight = truth + rng.normal(0, 0.4, 400), rng.uniform(0.5, 2, 400)
    r2, pull = observables.explained(truth, found, weight)
    mean = np.average(truth, weights=weight)
    lost = np.average((found - truth) ** 2, weights=weight)
    assert r2 == pytest.approx(1 - lost / np.average((truth - mean) ** 2, weights=weight))
    drawn = [rng.integers(0, 400, 400) for _ in range(1000)]
    replicas = [observables.explained(truth[i], found[i], weight[i])[0] for i in drawn]
    assert np.sqrt((pull**2).sum()) == pytest.approx(np.std(replicas), rel=0.15)
    assert pull.sum() == pytest.approx(0, abs=1e-12)
    other = truth + 2 * (found - truth)  # four times the squared error, the same jets
    worse, its_pull = observables.explained(truth, other, weight)
    assert 1 - worse == pytest.approx(4 * (1 - r2))
    np.testing.assert_allclose(its_pull, 4 * pull, atol=1e-12)
    assert observables.explained(truth, np.full(400, mean), weight)[0] == pytest.approx(0)


def test_half_of_the_central_part_is_the_resolution():
    truth, off = np.random.default_rng(3).normal([[5.0], [0.7]], [[3.0], [0.2]], (2, 100_000))
    found = observables.quality(truth, truth + off, np.ones_like(off))
    assert found["resolution"] == pytest.approx(0.2, rel=0.02), "a shift is none"
    assert found["r2"] == pytest.approx(1 - (0.7**2 + 0.2**2) / 3**2, rel=0.01)
    lost = observables.quality(truth, np.full_like(off, np.nan), np.ones_like(off))
    assert np.isnan([*lost.values()]).all()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small trained scan of each architecture, on jets whose observables are their own."""
    folder = tmp_path_factory.mktemp("observables")
    path = write_jets(folder / "toy.h5")
    names = tagfile.describe(path).observables
    with h5py.File(path, "r+") as file:
        for split in JETS:
            group = file[f"{split}/eflow"]
            charge = group["features"][..., tagfile.describe(path).features.index("charge")]
            for name in ("eventropy", "multiplicity"):
                found = value(name, group["p4"][:].astype(float), charge)
                group["observables"][:, names.index(name)] = found
    usual = {"target": ["eventropy", "multiplicity"], "trials": 2, "constituents": [8]}
    usual["training"] = {"epochs": 3}
    for name, one in {
        "pfn": scan("pfn", options=OPTIONS | {"latent": [1, 2]}, features=[["charge"]], **usual),
        "efn": scan("efn", options=OPTIONS | {"latent": [3]}, **usual),
    }.items():
        train_job(one, path, folder / name / "0000")
    return StudyInputs.from_files([folder / "pfn", folder / "efn"], [path], {})


def test_tables_of_a_trained_scan(study):
    tables = observables.measure(study)
    runs, points, pairs = (tables[name] for name in ("", "points", "pairs"))
    assert len(runs) == 12 and len(points) == 6
    assert dict(zip(runs["target"], runs["talk"], strict=True)) == {
        "eventropy": 2,
        "multiplicity": 1,
    }
    for _, run in study.runs.iterrows():
        truth, _, found = taggers.scores(run)
        mine = runs[runs["run"] == run["run"]].iloc[0]
        expected = 1 - np.mean((found - truth) ** 2) / np.var(truth)
        assert mine["r2"] == pytest.approx(expected, abs=1e-5)
    by = ["target", "architecture", "latent"]
    mean = runs.groupby(by)["r2"].mean()
    for _, point in points.iterrows():
        assert point["trials"] == 2 and point["r2"] == pytest.approx(mean[*point[by]])
        assert point["r2_low"] < point["r2"] < point["r2_high"]
    assert len(pairs) == 4
    for _, pair in pairs.iterrows():
        talk = sums.PAIRS[pair["target"]].size
        apart = mean[*pair[by]] - mean[pair["target"], "pfn", talk]
        assert pair["difference"] == pytest.approx(apart)
        assert (pair["architecture"], pair["latent"]) != ("pfn", talk)
        assert pair["difference_low"] < apart < pair["difference_high"]


def test_a_closed_form_explains_all(study):
    tables = observables.measure(study)
    forms = tables["forms"]
    assert sorted(forms["target"]) == ["eventropy", "multiplicity"] and (forms["jets"] == 48).all()
    np.testing.assert_allclose(forms["r2"], 1, atol=1e-6)
    shown = tables["predictions"].groupby(["target", "architecture", "latent"]).size()
    assert set(shown.index) == {
        *((name, "efn", 3) for name in ("eventropy", "multiplicity")),
        *(
            (name, by, talk)
            for name, talk in (("eventropy", 2), ("multiplicity", 1))
            for by in ("pfn", "form")
        ),
    }
    assert (shown == 48).all()


def test_a_diverged_network_is_counted_and_has_no_number(study, tmp_path):
    lost = (study.runs["target"] == "eventropy") & (study.runs["trial"] == 1)
    folder = tmp_path / "copy"
    folder.mkdir()
    runs = study.runs.copy()
    for place, run in runs[lost].iterrows():
        truth, weight, found = taggers.scores(run)
        name = folder / str(place)
        name.mkdir()
        scores = {f"score/{run['run']}": np.full_like(found, np.nan)}
        np.savez(name / "scores.npz", label=truth, weight=weight, **scores)
        runs.loc[place, ["status", "folder"]] = "diverged", str(name)
    tables = observables.measure(StudyInputs(runs, study.datasets))
    assert tables[""]["r2"].isna().sum() == 3
    points = tables["points"].set_index("target")
    assert (points.loc["eventropy", "diverged"] == 1).all()
    assert (points.loc["eventropy", "trials"] == 1).all()
    assert (points.loc["multiplicity", "diverged"] == 0).all()
    assert isinstance(tables["pairs"], pd.DataFrame) and len(tables["pairs"]) == 4
