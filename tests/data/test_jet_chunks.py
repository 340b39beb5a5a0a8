"""The jets of an event file do not depend on how many events are read at once; nor does memory."""

import tracemalloc
from contextlib import contextmanager

import awkward as ak
import numpy as np
import pytest
import uproot
from helpers_workflow import ROOT

from relearn.configdata import Jets, Sample
from relearn.configobservables import Observables
from relearn.data import impact, jettruth
from relearn.data.impact import CONSTITUENT
from relearn.data.jets import find
from relearn.errors import UserError
from relearn.generate import constituents, events, rootfile

pytestmark = pytest.mark.xdist_group("chunks")  # all use the same event files
ATLAS = ROOT / "config/detector/ATLAS.yaml"
TTBAR = ROOT / "config/pythia/ttbar_hadronic_low.cmnd"
BASKET, FEW, MANY = 25, 50, 200  # events
SETTINGS = Jets(pt=(300, 1000)).model_dump() | {"observables": Observables().model_dump()}


@contextmanager
def memory():
    """The most memory that is used in this block, bytes, in a list when it ends."""
    found = []
    tracemalloc.start()
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def generate(tmp_path_factory):
    """Makes an event file of so many events, so many at once."""
    folder = tmp_path_factory.mktemp("chunks")
    card = folder / "hard.cmnd"  # many jets in the window
    card.write_text(f"{TTBAR.read_text()}\nPhaseSpace:pTHatMin = 250\n")
    sample = Sample(card=str(card), detector_card="ATLAS", keep="jets", jets=Jets(pt=(1, 2)))

    def make(number, at_once=BASKET):
        path = folder / f"{number}-{at_once}.root"
        made = events.Settings(**(sample.generation() | {"events_per_part": number}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(events.CHUNK, "jets", at_once)
            events.generate(made, "tops", "train-0000", path, card, ATLAS)
        return path

    return make


@pytest.fixture(scope="module")
def files(generate):
    """Number of events → file."""
    return {number: generate(number) for number in (FEW, MANY)}


def jets_of(files, at_once, number=MANY, **changes):
    return find(files[number], SETTINGS | changes, ATLAS, seed=5, at_once=at_once)


def test_chunks_of_any_size_give_the_same_jets(files):
    small, large = (jets_of(files, at_once) for at_once in (7, 1000))
    assert len(large.jets) > 50 and small.events == large.events == MANY
    assert ak.max(large.jets.event) > 150, "counted from the file's first event"
    assert str(small.jets.type) == str(large.jets.type)
    assert ak.array_equal(small.jets, large.jets)
    np.testing.assert_array_equal(small.spectrum, large.spectrum)
    np.testing.assert_array_equal(small.hat_spectrum, large.hat_spectrum)


def test_chunks_have_random_numbers_of_their_own(files):
    members = ak.flatten(jets_of(files, BASKET).jets.eflow.constituents)
    track = ak.to_numpy(members.kind) == constituents.TRACK
    moved = [ak.to_numpy(members[f"{n}_smeared"] - members[n])[track] for n in ("d0", "z0")]
    assert track.sum() > 1000 and len(np.unique(moved[0])) > 0.9 * track.sum()
    # by rank: a linear correlation of n pairs has the error 1/√n
    ranks = [np.argsort(np.argsort(one)) for one in moved]
    assert abs(np.corrcoef(*ranks)[0, 1]) < 5 / np.sqrt(track.sum())


def peak(files, number, at_once):
    """Return the most memory that finding some jets takes, bytes; they themselves are kept."""
    with memory() as most:
        jets_of(files, at_once, number, pt=(400, 450))
    return most[0]


def test_memory_of_events_does_not_grow_with_them(generate, files):
    peaks = []
    for how in ((20, 10), (80, 10), (80, 80)):
        with memory() as most:
            generate(*how)
        peaks += most
    few, many, at_once = peaks
    assert many < 1.5 * few, "four times the events"
    assert at_once > 2 * few, "what is measured does see the events"


def test_memory_of_jets_does_not_grow_with_the_events(files):
    jets_of(files, BASKET, FEW)  # what is compiled stays
    few, many, at_once = (
        peak(files, *how) for how in ((FEW, BASKET), (MANY, BASKET), (MANY, MANY))
    )
    assert many < 2 * few, "four times the events"
    assert at_once > 3 * few, "what is measured does see the events"


def test_what_delphes_has_smeared_is_taken_as_it_is(files):
    before = constituents.read(files[FEW], "eflow")
    smear = impact.Smearing(ATLAS, "eflow", seed=5)
    once, again = smear(before), smear(before, measured=True)
    assert once.fields == list(CONSTITUENT)
    assert not ak.array_equal(once.d0_smeared, once.d0)
    for name in ("d0", "z0"):
        assert ak.array_equal(again[f"{name}_smeared"], again[name])
    error = ak.zeros_like(before.pt[before.kind == constituents.TRACK])
    assert not impact.is_measured({impact.MEASURED: error}) and not impact.is_measured({})
    assert impact.is_measured({impact.MEASURED: error + 0.01})


def test_files_that_cannot_be_used_are_named(files, tmp_path):
    path = tmp_path / "train-0007.root"
    with uproot.recreate(path) as file:
        file["Events"] = {"pt": np.ones(3)}
    with pytest.raises(UserError, match="train-0007.root .* no event file.*Delete it") as caught:
        find(path, SETTINGS, ATLAS, seed=5)
    assert "Delphes" in str(caught.value), "what it should have"

    # a number that is none, beyond the first events
    columns = rootfile.read(files[FEW], [*constituents.branches("tower"), "Event.Weight"])
    columns |= rootfile.read(files[FEW], constituents.branches("eflow"))
    columns |= rootfile.read(files[FEW], jettruth.branches(files[FEW]))
    objects = {}
    for name, column in columns.items():
        owner, quantity = name.split(".")
        objects.setdefault(owner, {})[quantity] = column
    late = ak.local_index(columns["Tower.ET"], axis=0) == FEW - 1
    objects["Tower"]["ET"] = ak.where(late, np.nan, columns["Tower.ET"])
    rootfile.write(path, [{name: ak.zip(one) for name, one in objects.items()}], {})
    with pytest.raises(UserError, match=r"0007.root: Tower\.ET has values.*not finite.*Delete it"):
        find(path, SETTINGS, ATLAS, seed=5, at_once=BASKET)
