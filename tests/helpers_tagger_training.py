"""A small real tagger, and jets that it can tell apart."""

from dataclasses import replace

import torch
from helpers_sets import made_up
from torch import nn

from relearn.models.tagger import Tagger
from relearn.training.tagger import fit
from relearn.training.tagger_settings import TaggerTraining

CONSTITUENTS = 6


class Flat(Tagger):
    """Dense layers on all components of all constituents, in units of their spread."""

    def __init__(
        self, constituents=CONSTITUENTS, hidden=16, outputs=2, dropout=0.0, needs=(), scaled=True
    ):
        super().__init__()
        self.needs, self.scaled = needs, scaled
        self.register_buffer("scale", torch.ones(4 * constituents))
        self.layers = nn.Sequential(
            nn.Linear(4 * constituents, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, outputs),
        )

    def prepare(self, jets):
        return (jets.p4.flatten(1),)

    def fit_scaling(self, flat):
        if self.scaled:
            self.scale.copy_(flat.square().mean(dim=0).sqrt().clamp_min(1e-6))

    def forward(self, flat):
        return self.layers(flat / self.scale)


def flat(seed=0, **options):
    """A tagger with its initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Flat(**options)


def jets(count, seed=0, constituents=CONSTITUENTS):
    """Jets, every other one signal: its constituents have half the momentum."""
    drawn = made_up(count, constituents, seed=seed)
    energy = drawn.p4.sum(dim=1)[:, :1]
    drawn = replace(drawn, observables=energy, observable_names=("energy",))
    factor = 1 - drawn.label / 2
    return replace(drawn, p4=drawn.p4 * factor[:, None, None])


def settings(**changes):
    """Settings of a short training."""
    return TaggerTraining(**({"epochs": 4, "batch_size": 32, "learning_rate": 0.01} | changes))


def fitted(training=None, seed=3, model=None, train=None, validation=None, **options):
    """Train the small tagger on a few jets; return it and what came of it."""
    model = flat() if model is None else model
    train = jets(128) if train is None else train
    validation = jets(64, seed=1) if validation is None else validation
    found = fit(model, train, validation, training or settings(), seed, "cpu", **options)
    return model, found


def same(one, other):
    """Whether two `Fitted` are equal bit for bit, but for the time they took."""
    rows = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in x.history]
        for x in (one, other)
    ]
    states = [x.state for x in (one, other)]
    return (
        rows[0] == rows[1]
        and states[0].keys() == states[1].keys()
        and all(torch.equal(x, states[1][name]) for name, x in states[0].items())
        and (one.status, one.best_epoch) == (other.status, other.best_epoch)
    )
