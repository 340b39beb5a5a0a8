"""Who is trained together, and that networks of different activations do not notice."""

import itertools

import numpy as np
import pytest
import torch
from helpers_training import ACTIVATIONS, events, network, settings, train_plainly, trained

from relearn import costs
from relearn.training import arrange
from relearn.training.stack import Stack


def points(hidden=((4,),), activations=("relu",), trials=3, **options):
    return [
        network(h, name, trial=trial, **options)
        for h, name, trial in itertools.product(hidden, activations, range(trials))
    ]


def placed(stack):
    return [run for row in stack for run in row]


RUNS = [
    *points(hidden=[(n,) for n in range(1, 30)], activations=("relu", "tanh"), trials=5),
    *points(hidden=[(10, 2), (10, 3), (50, 50)], activations=ACTIVATIONS, trials=4),
    *points(hidden=[(200,), (500,), (2000,)], trials=5),
    *points(hidden=[(5,)], trials=2, convention="pytorch"),
    *points(hidden=[(5,)], trials=2, dropout=0.1),
]


@pytest.fixture(scope="module", params=["cpu", "cuda", "mps"])
def stacks(request):
    return request.param, RUNS, arrange.stacks(RUNS, 1000, request.param)


def test_every_network_has_one_place(stacks):
    _, runs, found = stacks
    names = [run.name for stack in found for run in placed(stack)]
    assert sorted(names) == sorted(run.name for run in runs)


def test_rows_are_trials_and_columns_differ_in_the_trial_alone(stacks):
    _, _, found = stacks
    for stack in found:
        assert len({arrange.key(run) for run in placed(stack)}) == 1
        for row in stack:
            assert len({run.trial for run in row}) == 1
        for column in zip(*stack, strict=True):
            assert len({run.name.rpartition("-t")[0] for run in column}) == 1


def test_a_stack_fits_the_cache_or_is_one_network(stacks):
    device, _, found = stacks
    for stack in found:
        widest = map(max, zip(*(run.sizes[1:] for run in placed(stack)), strict=True))
        layers = 4 * len(placed(stack)) * sum(widest) * 1000
        limit = arrange.CPU_BYTES if device == "cpu" else arrange.GPU_BYTES
        assert layers <= limit or len(placed(stack)) == 1


def test_activations_are_stacked_together_but_on_mps(stacks):
    device, _, found = stacks
    mixed = [len({run.activation for run in placed(stack)}) > 1 for stack in found]
    assert any(mixed) == (device != "mps")


def test_trials_that_are_too_large_together_are_shared_out():
    runs = points(hidden=[(300,)], trials=5)
    assert 2 * 4 * 301 * 1000 <= arrange.CPU_BYTES < 3 * 4 * 301 * 1000
    assert [len(stack) for stack in arrange.stacks(runs, 1000)] == [2, 2, 1]


def test_a_point_without_some_trials_goes_apart():
    runs = points(hidden=[(4,), (5,)])[:-1]
    assert sorted(len(placed(stack)) for stack in arrange.stacks(runs, 1000)) == [2, 3]


def test_no_stack_pads_more_than_a_stack_of_its_own_costs():
    runs = points(hidden=[(2,), (120,)], trials=1)
    padding = costs.step_seconds((8, 120, 1), ("relu",), 1000)
    assert padding > costs.CALL_SECONDS / 10
    apart = arrange.stacks(runs, 4000)
    assert [[run.hidden for run in placed(stack)] for stack in apart] == [[(2,)], [(120,)]]
    assert len(arrange.stacks(points(hidden=[(2,), (4,)]), 1000)) == 1


@pytest.mark.parametrize(
    ("hidden", "activations"),
    [
        ([(3,), (5,)], ACTIVATIONS),
        ([(4, 3), (6, 2)], ("linear+softplus", "softplus+linear", "relu+tanh")),
    ],
    ids=["one layer", "two layers"],
)
def test_a_mixed_stack_equals_each_network_alone(hidden, activations):
    runs = points(hidden, activations, trials=2)
    tables, training = events("pt"), settings()
    (rows,) = arrange.stacks(runs, training["batch_size"])
    assert len({run.activation for run in rows[0]}) == len(activations)
    together = trained(rows, tables, training)
    for run in runs:
        alone = train_plainly(run, tables, training)
        _, losses, validation = np.array(together[run.name].curve).T
        np.testing.assert_allclose(losses, alone.losses, rtol=1e-4, err_msg=run.name)
        np.testing.assert_allclose(validation, alone.validation, rtol=1e-4)


def test_misplaced_activations_are_refused():
    rows = [[network((3,), "relu", trial=0)], [network((3,), "tanh", trial=1)]]
    layers = [(torch.zeros(3, 8), torch.zeros(3)), (torch.zeros(1, 3), torch.zeros(1))]
    start = {row[0].name: layers for row in rows}
    with pytest.raises(ValueError, match="differ in activation"):
        Stack(rows, start, {"pt": 0}, 8, 0.01, torch.device("cpu"))
