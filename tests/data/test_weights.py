"""The generator's weights, from Pythia to the dataset: a biased sample is an unbiased one."""

import h5py
import numpy as np
import pytest
from helpers_tagging import settings
from helpers_workflow import ROOT

from relearn.configdata import Jets, Sample
from relearn.configobservables import Observables
from relearn.data import jetfile, tagfile, tagging
from relearn.data.hdf5 import SPLITS
from relearn.data.jets import SPECTRUM_EDGES, find
from relearn.generate import events, pythia, rootfile
from relearn.seeds import pythia_seed

pytestmark = pytest.mark.xdist_group("weights")  # all use the same events
CARD = ROOT / "config/pythia/qcd_low.cmnd"
DRELL_YAN = ROOT / "config/pythia/zmumu.cmnd"
POWER, REFERENCE = 4.0, 250.0  # events are (pT-hat / reference)^power times as many
BIAS = (
    "PhaseSpace:bias2Selection = on\n"
    f"PhaseSpace:bias2SelectionPow = {POWER}\nPhaseSpace:bias2SelectionRef = {REFERENCE}\n"
)
EVENTS = {"biased": 400, "plain": 1500}
SIDES = {"biased": ("tops", "signal"), "plain": ("qcd", "background")}
JETS = {"train": 40, "validation": 40, "test": 40}
WINDOW = Jets(pt=(180, 2000)).model_dump() | {"observables": Observables().model_dump()}
Z_MAX = 4.0


def card_of(path, text, more):
    path.write_text(f"{text}\n{more}")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Name → event file and its jets: with a bias, and without."""
    folder, found = tmp_path_factory.mktemp("weights"), {}
    for name, more in (("biased", BIAS), ("plain", "")):
        card = card_of(folder / f"{name}.cmnd", CARD.read_text(), more)
        sample = Sample(card=str(card), detector="none", keep="jets", jets=Jets(pt=(1, 2)))
        settings_of = events.Settings(**(sample.generation() | {"events_per_part": EVENTS[name]}))
        path = folder / f"{name}.root"
        events.generate(settings_of, name, "train-0000", path, card, root_seed=4)
        found[name] = path, find(path, WINDOW, None, seed=1)
    return found


@pytest.fixture(scope="module")
def dataset(made, tmp_path_factory):
    folder, files = tmp_path_factory.mktemp("dataset"), []
    for name, (_, found) in made.items():
        sample, _ = SIDES[name]
        for first, split in enumerate(SPLITS):
            path = folder / sample / f"{split}-0000.parquet"
            path.parent.mkdir(exist_ok=True)
            about = {"settings": WINDOW, "events": found.events}
            about |= {"spectrum": found.spectrum.tolist()}
            about |= {"hat_spectrum": found.hat_spectrum.tolist()}
            jetfile.write(path, found.jets[first::3], about)
            files.append(path)
    tagging.build(folder / "toy.h5", "toy", settings(JETS), files)
    return folder / "toy.h5"


def test_weights_are_those_of_the_bias(made):
    columns = rootfile.read(made["biased"][0], ["Event.Weight", "Event.PTHat"])
    weight, hat = (np.asarray(columns[f"Event.{name}"][:, 0]) for name in ("Weight", "PTHat"))
    np.testing.assert_allclose(weight, (REFERENCE / hat) ** POWER, rtol=1e-2)
    assert weight.max() > 10 * weight.min()
    plain = rootfile.read(made["plain"][0], ["Event.Weight"])["Event.Weight"]
    assert set(np.asarray(plain[:, 0])) == {1.0}


def shares(values, weight, edges):
    """Share of each bin, and its error: bins of a sum of weights are not independent."""
    inside = [
        (values >= low) & (values < high) for low, high in zip(edges, edges[1:], strict=False)
    ]
    part = np.array([weight[mine].sum() for mine in inside]) / weight.sum()
    error = [
        np.sqrt(np.sum((weight * (mine - one)) ** 2)) / weight.sum()
        for mine, one in zip(inside, part, strict=True)
    ]
    return part, np.array(error)


def test_the_weighted_spectrum_is_the_unbiased_one(made):
    edges, found, raw = np.array([150, 170, 200, 250, 400, 2000.0]), {}, {}
    for name, (path, jets) in made.items():
        columns = rootfile.read(path, ["Event.Weight", "Event.PTHat"])
        weight, hat = (np.asarray(columns[f"Event.{n}"][:, 0]) for n in ("Weight", "PTHat"))
        found[name], raw[name] = shares(hat, weight, edges), shares(hat, np.ones(len(hat)), edges)
        kept = np.histogram(hat, SPECTRUM_EDGES, weights=weight)[0]
        np.testing.assert_allclose(jets.hat_spectrum, kept, rtol=1e-6)
    (biased, error), (plain, other) = found["biased"], found["plain"]
    assert np.all(np.abs(biased - plain) < Z_MAX * np.hypot(error, other))
    # the tail is what a bias is for
    assert raw["biased"][0][-1] > 10 * raw["plain"][0][-1]


def test_weights_reach_the_dataset_and_their_sums_are_kept(made, dataset):
    for name, (_, found) in made.items():
        side, weight = SIDES[name][1], np.asarray(found.jets.weight)
        for first, split in enumerate(SPLITS):
            block = tagfile.read(dataset, split, "eflow", ())
            mine = block.weight[block.label == tagfile.LABELS[side]]
            np.testing.assert_array_equal(mine, np.float32(weight[first::3][: JETS[split]]))
            with h5py.File(dataset) as file:
                assert file[split].attrs[f"sum_weight_{side}"] == pytest.approx(
                    mine.sum(), rel=1e-6
                )


def test_jets_agree_on_average_with_their_weights(dataset):
    means = {}
    for side, label in tagfile.LABELS.items():
        values, weight = [], []
        for split in SPLITS:
            block = tagfile.read(dataset, split, "eflow", (), observables=("pt",))
            values.append(block.observables["pt"][block.label == label].astype(float))
            weight.append(block.weight[block.label == label].astype(float))
        pt, w = np.concatenate(values), np.concatenate(weight)
        mean = np.average(pt, weights=w)
        means[side] = mean, np.sqrt(np.sum((w * (pt - mean)) ** 2)) / w.sum(), pt.mean()
    (biased, error, raw), (plain, other, _) = means["signal"], means["background"]
    assert abs(biased - plain) < Z_MAX * np.hypot(error, other)
    assert raw - plain > Z_MAX * np.hypot(error, other), "without weights it would be seen"


def test_muon_events_have_weights_too(tmp_path):
    process = "WeakBosonAndParton:qqbar2gmZg = on\nPhaseSpace:pTHatMin = 30.\n"
    text = DRELL_YAN.read_text().replace("WeakSingleBoson:ffbar2gmZ", "! ffbar2gmZ")
    card = card_of(tmp_path / "biased.cmnd", text, process + BIAS)
    path, number = tmp_path / "events.root", 20
    sample = Sample(card=str(card), detector="none")
    made = events.Settings(**(sample.generation() | {"events_per_part": number}))
    events.generate(made, "zmumu", "train-0000", path, card)
    weight = np.asarray(rootfile.read(path, ["Event.Weight"])["Event.Weight"][:, 0])
    again, expected = pythia.start(card, pythia_seed("zmumu", "train-0000")), []
    for _ in range(number):
        assert again.next()
        expected.append((REFERENCE / again.infoPython().pTHat()) ** POWER)
    np.testing.assert_allclose(weight, expected, rtol=0.05)
    assert weight.max() > 10 * weight.min()
