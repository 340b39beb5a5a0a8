"""What is done before the clock of a training starts: with all code, and without a trace."""

import pytest
import torch
from helpers_taggers import scan, task, write_jets

from relearn.models import taggerfile
from relearn.taggerruns import expand
from relearn.training import jetdata, onetagger, taggerjob, warmup
from relearn.training.tagger_epochs import Training

CPU = torch.device("cpu")
NETWORKS = ("lola", "pfn", "efn", "topodnn", "particlenet", "recnn", "deeptop", "gcn", "rnn")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("data") / "toy.h5")


def sources(data, run):
    columns = (run.kind, run.constituents, run.features, (), 1.0)
    return [jetdata.source(data, split, *columns) for split in ("train", "validation")]


@pytest.mark.parametrize("architecture", NETWORKS)
def test_a_network_is_stepped_once_and_stays_as_it_is(architecture, data, monkeypatch):
    spec, steps, validate = scan(architecture), [], Training._validate
    (run,) = expand(spec)
    model = taggerfile.untrained(run)
    before = {name: x.clone() for name, x in model.state_dict().items()}
    random = torch.get_rng_state()
    both = sources(data, run)
    optimised = lambda self: steps.append(self.steps) or validate(self)  # noqa: E731
    monkeypatch.setattr(Training, "_validate", optimised)
    warmup.network(model, *both, onetagger.settings_of(run, spec), CPU)
    assert steps == [1]
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(x, before[name]) for name, x in model.state_dict().items())


def test_no_result_depends_on_it(data, monkeypatch):
    spec = scan("lola", training={"epochs": 2})
    with_it = taggerjob.run(task(spec, data))
    monkeypatch.setattr(warmup, "network", lambda *_: None)
    without = taggerjob.run(task(spec, data))
    for name, one in with_it.trained.items():
        other = without.trained[name]
        assert all(torch.equal(x, other.state[key]) for key, x in one.state.items())
        assert one.scores.tobytes() == other.scores.tobytes()


def test_a_fitted_tagger_is_not_fitted_by_it(data):
    (run,) = expand(scan("fisher"))
    model = taggerfile.untrained(run)
    warmup.classic(model, *sources(data, run))
    assert not model.direction.any()


def test_it_comes_before_the_clock(data, monkeypatch):
    calls, clock = [], onetagger.time.perf_counter
    monkeypatch.setattr(warmup, "classic", lambda *_: calls.append("warm"))
    ticking = lambda: calls.append("clock") or clock()  # noqa: E731
    monkeypatch.setattr(onetagger.time, "perf_counter", ticking)
    taggerjob.run(task(scan("fisher"), data))
    assert calls[:2] == ["warm", "clock"]


def test_few_jets_of_one_class_are_left_to_the_training(data, tmp_path):
    few = write_jets(tmp_path / "few.h5", {"train": 2, "validation": 1, "test": 1})
    for architecture in ("lola", "fisher"):
        (run,) = expand(scan(architecture))
        model, both = taggerfile.untrained(run), sources(few, run)
        if architecture == "lola":
            warmup.network(model, *both, onetagger.settings_of(run, scan("lola")), CPU)
        else:
            both[0].jets.label.zero_()
            warmup.classic(model, *both)


def test_few_jets_of_no_weight_are_left_to_the_training(data):
    spec = scan("lola")
    (run,) = expand(spec)
    train, validation = sources(data, run)
    of_background = validation.jets.label[: warmup.STEP] == 0
    validation.jets.weight[: warmup.STEP][of_background] = 0
    model, settings = taggerfile.untrained(run), onetagger.settings_of(run, spec)
    warmup.network(model, train, validation, settings, CPU)
