"""Every network of a stack against `torch.nn.Sequential` with `torch.optim.Adam`, alone.

In float64 the two agree to rounding: that shows that they are the same algorithm. In float32,
in which the engine works, rounding differs with the shapes of the products, and training
amplifies it.
"""

import shutil

import numpy as np
import pytest
import torch
from helpers_training import (
    ACTIVATIONS,
    events,
    initial,
    network,
    settings,
    train_plainly,
    trained,
)
from helpers_workflow import ROOT
from torch._dynamo.utils import counters

EXACT, SINGLE = 1e-10, 1e-4  # relative; measured: 1e-12 and 1e-5
PADDED = ((1,), (4,), (7,), (5,))


@pytest.fixture(params=[torch.float64, torch.float32], ids=["float64", "float32"])
def tolerance(request):
    """Work in this precision; returns the tolerance that goes with it."""
    torch.set_default_dtype(request.param)
    yield EXACT if request.param == torch.float64 else SINGLE
    torch.set_default_dtype(torch.float32)


def compare(rows, tables, training, tolerance, frozen=0, start=None):
    """Train `rows` as a stack, and every network of it alone."""
    start = start or {run.name: initial(run) for row in rows for run in row if run}
    together = trained(rows, tables, training, frozen=frozen, start=start)
    runs = [run for row in rows for run in row if run]
    assert set(together) == {run.name for run in runs}
    for run in runs:
        alone = train_plainly(run, tables, training, frozen=frozen, start=start[run.name])
        epochs, train, validation = np.array(together[run.name].curve).T
        assert epochs.tolist() == list(range(1, training["epochs"] + 1))
        np.testing.assert_allclose(train, alone.losses, rtol=tolerance, err_msg=run.name)
        np.testing.assert_allclose(validation, alone.validation, rtol=tolerance)
        assert np.ptp(train) > 100 * tolerance, f"{run.name} learnt nothing: nothing to compare"
        assert together[run.name].row["best_epoch"] == alone.best_epoch
        for ours, theirs in zip(together[run.name].layers, alone.layers, strict=True):
            for a, b in zip(ours, theirs, strict=True):
                torch.testing.assert_close(a, b, rtol=10 * tolerance, atol=tolerance)
        for (before, _), (after, _) in list(
            zip(start[run.name], together[run.name].layers, strict=True)
        )[:frozen]:
            assert torch.equal(before, after)
    return together


def rows_of(hidden, trials=2, **options):
    return [[network(h, trial=trial, **options) for h in hidden] for trial in range(trials)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_in_padded_stacks(activation, tolerance):
    compare(rows_of(PADDED, activation=activation), events("pt"), settings(), tolerance)


@pytest.mark.parametrize(
    "hidden",
    [
        [()],
        [(3, 2), (6, 1), (4, 5)],
        [(3, 2, 4), (2, 6, 1)],
        [(1, 1, 1)],
    ],
    ids=["no hidden layer", "two", "three", "one node each"],
)
def test_depths(hidden, tolerance):
    compare(rows_of(hidden, activation="tanh"), events("pt"), settings(), tolerance)


@pytest.mark.parametrize("activation", ["softplus", "sigmoid"])
def test_padding_of_nodes_that_are_not_zero_at_zero(activation, tolerance):
    hidden = [(2, 7), (7, 2), (1, 1)]
    compare(rows_of(hidden, activation=activation), events("pt"), settings(), tolerance)


def test_another_activation_in_each_layer(tolerance):
    rows = rows_of([(4, 3), (6, 2)], activation="relu+linear")
    compare(rows, events("pt"), settings(), tolerance)


@pytest.mark.parametrize("hidden", [(100,), (500,), (100, 100)], ids=str)
def test_sizes_of_the_studies(hidden, tolerance):
    training = settings(batch_size=1000, learning_rate=0.01)
    compare(rows_of([hidden]), events("pt", train=2000), training, tolerance)


@pytest.mark.parametrize("dropout", [0.0, 0.2], ids=["plain", "dropout"])
def test_all_activations_in_one_stack(dropout, tolerance):
    # softplus needs its argument to go back, the others do not: alone, between and last
    names = ["softplus", *ACTIVATIONS, "relu+softplus", "softplus+tanh", "softplus"]
    rows = [
        [
            network((2 + place % 4, 3), name, trial=trial, dropout=dropout)
            for place, name in enumerate(names)
        ]
        for trial in (0, 1)
    ]
    compare(rows, events("pt"), settings(), tolerance)


@pytest.mark.parametrize("initialiser", ["glorot_normal", "he_uniform", "he_normal", "pytorch"])
def test_initialisers(initialiser, tolerance):
    rows = rows_of([(3,), (6,)], initialiser=initialiser)
    compare(rows, events("pt"), settings(), tolerance)


def test_conventions(tolerance):
    rows = rows_of([(3,), (6,)], convention="pytorch")
    ours = compare(rows, events("pt"), settings(), tolerance)
    # the slope of LeakyReLU and Adam's ε alone differ here, and they matter
    theirs = compare(rows_of([(3,), (6,)]), events("pt"), settings(), tolerance)
    for row in rows:
        for run in row:
            keras = run.name.replace("-pytorch", "")
            assert abs(ours[run.name].curve[-1][1] / theirs[keras].curve[-1][1] - 1) > 1e-3


@pytest.mark.parametrize("frozen", [0, 1, 2, 3])
def test_frozen_and_pretrained_starts(frozen, tolerance):
    rows = rows_of([(5, 3, 2), (5, 3, 4)], activation="tanh")
    runs = [run for row in rows for run in row]
    # the first layers of all are those of one network, as `pretrained` gives them
    first = initial(network((5, 3), activation="tanh", trial=9))[:2]
    start = {run.name: first + initial(run)[2:] for run in runs}
    compare(rows, events("pt"), settings(), tolerance, frozen=frozen, start=start)


@pytest.mark.parametrize("hidden", [[(8,)], [(8, 4), (3, 9)]], ids=["one layer", "two layers"])
def test_dropout(hidden, tolerance):
    rows = rows_of(hidden, activation="relu", dropout=0.3)
    compare(rows, events("pt"), settings(learning_rate=0.02), tolerance)


def test_several_outputs(tolerance):
    rows = rows_of(PADDED[1:], activation="relu", target="square")
    compare(rows, events("square"), settings(), tolerance)


def test_different_targets_in_a_stack(tolerance):
    names = ("pt", "mass", "rapidity")
    rows = [[network((4,), target=name, trial=trial) for name in names] for trial in (0, 1)]
    # columns that are not those of the table's beginning, and one that nobody learns
    compare(rows, events("gamma", *names), settings(), tolerance)


def test_different_targets_of_several_outputs(tolerance):
    rows = [[network((4,), target=name) for name in ("square", "identity")]]
    compare(rows, events("identity", "norm_squared", "square"), settings(), tolerance)


def test_places_that_nobody_fills(tolerance):
    rows = [[network((3,)), network((5,))], [network((3,), trial=1), None]]
    compare(rows, events("rapidity", "pt"), settings(), tolerance)


def test_what_is_left_of_the_last_batch_is_not_seen(tolerance):
    compare(rows_of([(4,)]), events("pt", train=200), settings(batch_size=96), tolerance)


@pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))),
    reason="torch.compile on a CPU needs a C++ compiler",
)
@pytest.mark.parametrize(
    ("hidden", "activation"),
    [([(4,), (6,)], "relu+softplus"), ([(3, 2, 4), (2, 6, 1)], "tanh")],
    ids=["one layer", "three layers"],
)
def test_compiled(hidden, activation, monkeypatch):
    # kept from one session to the next: the first compilation takes half a minute
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(ROOT / ".cache/inductor"))
    names = activation.split("+")
    rows = [
        [network(h, names[k % len(names)], trial=trial) for k, h in enumerate(hidden)]
        for trial in range(2)
    ]
    counters.clear()
    compare(rows, events("pt"), settings(compile="on"), SINGLE)
    assert counters["frames"]["ok"] > 0, "nothing was compiled"
