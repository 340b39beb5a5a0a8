"""Seeds, snapshots, divergence, early stop: what each network of a stack goes through."""

import copy

import numpy as np
import pytest
import torch
from helpers_training import (
    ROOT_SEED,
    events,
    fit_of,
    initial,
    network,
    sequential,
    settings,
    stack_of,
    trained,
)

from relearn.errors import UserError
from relearn.training.fit import Fit, results, thinned, train

WIDTHS = ((3,), (6,), (4,))


def rows_of(hidden=WIDTHS, trials=2, **options):
    return [[network(h, trial=trial, **options) for h in hidden] for trial in range(trials)]


def same(one, other):
    """Whether two `Trained` are equal bit for bit, but for the time they took."""
    rows = [{k: v for k, v in t.row.items() if k != "train_seconds"} for t in (one, other)]
    curves = [np.array(t.curve) for t in (one, other)]
    layers = [torch.cat([x.flatten() for pair in t.layers for x in pair]) for t in (one, other)]
    return (
        rows[0] == rows[1]
        and np.array_equal(*curves, equal_nan=True)
        and torch.equal(layers[0], layers[1])
    )


def test_the_same_twice_bit_for_bit():
    once, again = (trained(rows_of(), events("pt"), settings()) for _ in range(2))
    assert all(same(once[name], again[name]) for name in once)


def test_another_root_seed_draws_other_batches():
    tables, training = events("pt"), settings(epochs=1)
    losses = []
    for seed in (ROOT_SEED, ROOT_SEED, ROOT_SEED + 1):
        fit = Fit(stack_of(rows_of(), tables, training), tables, training, seed)
        fit.run_epoch()
        losses.append(fit.history[0][1])
    assert torch.equal(losses[0], losses[1]) and not torch.equal(losses[0], losses[2])


def test_neighbours_change_nothing_but_rounding():
    """Products of other shapes are summed in another order: no more than that."""
    tables, training = events("pt"), settings(epochs=10)
    together = trained(rows_of(), tables, training)
    for row in rows_of():
        for run in row:
            alone = trained([[run]], tables, training)[run.name]
            ours, theirs = np.array(together[run.name].curve), np.array(alone.curve)
            np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    # Beside another network in a stack of the same shape: bit for bit.
    beside = trained(rows_of(((3,), (6,), (2,))), tables, training)
    for row in rows_of(((3,), (6,))):
        assert all(same(beside[run.name], together[run.name]) for run in row)


def test_networks_of_a_trial_see_the_same_batches_and_trials_others():
    # Twice the same weights in one trial, and once more in the next.
    twins = [
        [network((3,), trial=0), network((3,), trial=0, initialiser="he_normal")],
        [network((3,), trial=1), network((3,), trial=1, initialiser="he_normal")],
    ]
    layers = initial(twins[0][0])
    start = {run.name: layers for row in twins for run in row}
    found = trained(twins, events("pt"), settings(), start=start)
    first, second, third, _ = (np.array(found[run.name].curve) for row in twins for run in row)
    np.testing.assert_allclose(first, second, rtol=1e-6)
    assert np.abs(first[:, 1] / third[:, 1] - 1).max() > 1e-3


def test_snapshot_is_of_the_least_validation_loss():
    # A rate at which the loss goes up and down.
    tables, training = events("pt"), settings(epochs=30, learning_rate=0.3)
    found = trained(rows_of(), tables, training)
    best_epochs = set()
    for row in rows_of():
        for run in row:
            one = found[run.name]
            validation = np.array(one.curve)[:, 2]
            assert len(validation) == 30
            assert one.row["best_validation_loss"] == validation.min()
            assert one.row["best_epoch"] == 1 + validation.argmin()
            assert one.row["final_validation_loss"] == validation[-1]
            best_epochs.add(one.row["best_epoch"])
            # The weights that are kept have that loss.
            model = sequential(run, one.layers)
            with torch.no_grad():
                out = model(tables.validation_inputs[:-1].T)
            loss = torch.nn.functional.mse_loss(out, tables.validation_targets).item()
            assert loss == pytest.approx(validation.min(), rel=1e-5)
    assert len(best_epochs) > 1 and min(best_epochs) < 30, "nothing was tested"


class Spoilt(Fit):
    """A training in which the network at place 1 gets a NaN weight before some epoch."""

    spoil_before = 3

    def run_epoch(self):
        if self.epoch + 1 == self.spoil_before:
            weight, _ = self.stack.by_network(self.stack.parameters)[0]
            weight[0, 1, 0, 0] = torch.nan
        super().run_epoch()


@pytest.mark.parametrize("validate_every", [1, 4])
def test_diverged_network_is_recorded_and_harms_no_other(validate_every):
    tables, training = events("pt"), settings(epochs=8, validate_every=validate_every)
    healthy = trained(rows_of(), tables, training)
    fit = Spoilt(stack_of(rows_of(), tables, training), tables, training, ROOT_SEED)
    train(fit, lambda fit: None, lambda taken, loss: None)
    found = results(fit)
    bad = rows_of()[0][1].name
    for name in found:
        assert same(found[name], healthy[name]) == (name != bad)
    row = found[bad].row
    assert row["status"] == "diverged"
    assert row["epochs"] == 3 and np.isnan(found[bad].curve[-1][1])
    # What it was at its best before; where nobody had looked, what it began with.
    assert row["best_epoch"] in ((1, 2) if validate_every == 1 else (0,))
    assert all(x.isfinite().all() for pair in found[bad].layers for x in pair)
    assert fit.stack.parameters.isfinite().all(), "NaN goes on being multiplied"


def test_resumed_after_a_network_diverged():
    tables, training = events("pt"), settings(epochs=8)
    whole, first, second = (
        Spoilt(stack_of(rows_of(), tables, training), tables, training, ROOT_SEED) for _ in range(3)
    )
    train(whole, lambda fit: None, lambda taken, loss: None)
    for _ in range(5):
        first.run_epoch()
    second.restore(copy.deepcopy(first.state()))
    train(second, lambda fit: None, lambda taken, loss: None)
    expected, found = results(whole), results(second)
    assert [one.row["status"] for one in found.values()].count("diverged") == 1
    assert all(same(found[name], expected[name]) for name in found)


def test_rate_that_is_far_too_large_diverges():
    tables = events("pt")
    found = trained(rows_of(), tables, settings(learning_rate=1e30))
    assert {one.row["status"] for one in found.values()} == {"diverged"}
    assert {one.row["epochs"] for one in found.values()} == {1}, "it went on with nobody left"


def test_nan_target_diverges_and_the_other_target_does_not():
    tables = events("mass", "pt")
    tables.targets[17, 0] = torch.nan
    rows = [[network((4,), target=name) for name in ("mass", "pt")]]
    bad, good = (run.name for run in rows[0])
    found = trained(rows, tables, settings())
    assert [found[bad].row["status"], found[good].row["status"]] == ["diverged", "ok"]
    assert same(found[good], trained(rows, events("mass", "pt"), settings())[good])


@pytest.mark.parametrize("validate_every", [1, 3, 7])
def test_nan_in_the_validation_alone_is_found_where_somebody_looks(validate_every):
    tables = events("pt")
    tables.validation_targets[5] = torch.nan
    found = trained(rows_of(), tables, settings(epochs=5, validate_every=validate_every))
    for one in found.values():
        assert one.row["status"] == "diverged"
        assert one.row["epochs"] == min(validate_every, 5)


def test_early_stop_is_each_networks_own():
    tables, patience = events("pt"), 3
    free = settings(epochs=40, learning_rate=0.2)
    unstopped = trained(rows_of(), tables, free)
    stopped = trained(rows_of(), tables, free | {"patience": patience})
    lengths = set()
    for name, one in stopped.items():
        validation = np.array(unstopped[name].curve)[:, 2]
        best, end = 0, len(validation)
        for epoch, loss in enumerate(validation, start=1):
            if loss == validation[:epoch].min():
                best = epoch
            if epoch - best >= patience:
                end = epoch
                break
        assert one.row["epochs"] == end
        assert one.row["status"] == ("stopped" if end - best >= patience else "ok")
        assert one.row["best_epoch"] == best
        assert one.row["best_validation_loss"] == validation[:end].min()
        np.testing.assert_array_equal(one.curve, unstopped[name].curve[:end])
        lengths.add(end)
    assert len(lengths) > 1, "all stopped together: nothing was tested"


def test_patience_counts_only_where_somebody_looked():
    training = settings(epochs=9, patience=2, validate_every=5, learning_rate=0.001)
    found = trained(rows_of(), events("pt"), training)
    assert {one.row["epochs"] for one in found.values()} == {9}


def test_validation_is_looked_at_as_often_as_asked_and_at_the_end():
    found = trained(rows_of(), events("pt"), settings(epochs=8, validate_every=3))
    for one in found.values():
        looked = [epoch for epoch, _, loss in one.curve if np.isfinite(loss)]
        assert looked == [3, 6, 8]
        assert np.isfinite([loss for _, loss, _ in one.curve]).all()


def test_steps_are_reported_for_the_networks_that_go_on():
    tables, training = events("pt"), settings(epochs=8)
    fit = Spoilt(stack_of(rows_of(), tables, training), tables, training, ROOT_SEED)
    seen = []
    train(fit, lambda fit: None, lambda taken, loss: seen.append((taken, loss)))
    assert [taken for taken, _ in seen] == [6 * 4] * 3 + [5 * 4] * 5
    assert np.isfinite([loss for _, loss in seen]).all()


def test_batch_larger_than_the_sample_is_named():
    with pytest.raises(UserError, match="batch_size 512 is more than the 256 training events"):
        fit_of(rows_of(), events("pt"), settings(batch_size=512))


def test_history_is_thinned_and_keeps_the_last_epoch():
    curve = [(epoch, 1.0, 1.0) for epoch in range(1, 2008)]
    kept = [epoch for epoch, *_ in thinned(curve, 2007)]
    assert kept[:100] == list(range(1, 101))
    assert kept[-1] == 2007
    assert len(kept) < 500
    steps = np.diff(kept[100:-1])
    assert (steps <= np.ceil(np.array(kept[100:-2]) / 100)).all()
