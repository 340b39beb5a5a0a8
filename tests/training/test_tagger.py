"""What a training of a tagger does: steps, seeds, best epoch, patience, and what it refuses."""

from dataclasses import replace

import pytest
import torch
from helpers_tagger_training import fitted, flat, jets, same, settings
from torch.nn import functional

from relearn.errors import UserError
from relearn.training import metrics, tagger_settings
from relearn.training.tagger import predict


def test_few_jets_are_learnt_by_heart():
    train = jets(64)
    _, found = fitted(settings(epochs=100), model=flat(hidden=64), train=train, validation=train)
    assert found.status == "ok" and found.best_validation_loss < 0.05
    assert found.history[-1]["validation_auc"] == 1


def test_the_same_seed_is_the_same_bit_for_bit_and_another_is_not():
    training = settings(augment={"jes_smear": 0.1, "drop": 0.2})
    once, again, other = (
        fitted(training, seed=seed, model=flat(dropout=0.3))[1] for seed in (3, 3, 4)
    )
    assert same(once, again) and not same(once, other)


def test_random_numbers_elsewhere_are_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    fitted(model=flat(dropout=0.5))
    assert torch.equal(torch.rand(3), expected)


def test_one_step_is_that_of_plain_pytorch():
    train, plain = jets(32), flat()
    model, _ = fitted(settings(epochs=1, optimiser="sgd", momentum=0.0), train=train)
    plain.fit_scaling(*plain.prepare(train))
    optimiser = torch.optim.SGD(plain.parameters(), lr=0.01)
    functional.cross_entropy(plain(*plain.prepare(train)), train.label.long()).backward()
    optimiser.step()
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_best_epoch_is_kept():
    """So large a step that the loss rises again."""
    validation = jets(64, seed=1)
    model, found = fitted(settings(epochs=12, learning_rate=0.3), validation=validation)
    losses = [row["validation_loss"] for row in found.history]
    assert found.best_epoch == 1 + losses.index(min(losses)) < len(losses) == found.epochs
    score = predict(model, validation)
    loss = functional.binary_cross_entropy_with_logits(score, validation.label)
    assert float(loss) == pytest.approx(min(losses), rel=1e-5)
    auc = metrics.auc(score.numpy(), validation.label.numpy())
    assert auc == pytest.approx(found.history[found.best_epoch - 1]["validation_auc"], abs=1e-6)


@pytest.mark.parametrize("patience", [1, 3])
def test_patience(patience):
    """Without steps no epoch is better than the first."""
    _, found = fitted(settings(epochs=9, learning_rate=0.0, patience=patience))
    assert (found.epochs, found.best_epoch, found.status) == (1 + patience, 1, "ok")


def test_a_gradient_is_clipped():
    before = flat().state_dict()
    training = settings(epochs=1, optimiser="sgd", momentum=0.0, learning_rate=0.5, clip=1e-2)
    model, _ = fitted(training, train=jets(32))
    moved = [x - before[name] for name, x in model.named_parameters()]
    length = torch.cat([x.detach().flatten() for x in moved]).norm()
    assert float(length) == pytest.approx(0.5 * 1e-2, rel=1e-3)


@pytest.mark.parametrize("optimiser", tagger_settings.OPTIMISERS)
def test_every_optimiser_learns(optimiser):
    rate = {"adadelta": 10.0, "sgd": 0.05}.get(optimiser, 0.01)
    _, found = fitted(settings(epochs=8, optimiser=optimiser, learning_rate=rate))
    assert found.history[-1]["train_loss"] < 0.8 * found.history[0]["train_loss"]


def test_weight_decay_shrinks_weights_in_proportion():
    train = jets(32)
    plain, decayed = (
        fitted(settings(epochs=1, weight_decay=decay, optimiser="sgd"), train=train)[0]
        for decay in (0.0, 0.1)
    )
    before = flat().layers[0].weight
    shift = decayed.layers[0].weight - plain.layers[0].weight
    torch.testing.assert_close(shift, -0.01 * 0.1 * before, rtol=1e-3, atol=1e-7)


def test_an_observable_is_learnt_in_its_own_unit():
    train, validation = jets(512), jets(128, seed=1)
    model, found = fitted(
        settings(epochs=40, loss="mse"),
        model=flat(outputs=1, hidden=64),
        train=train,
        validation=validation,
        target="energy",
    )
    true = validation.column("energy")
    residual = predict(model, validation, goal=found.goal) - true
    assert residual.std() < 0.5 * true.std() and abs(residual.mean()) < 0.2 * true.std()
    assert found.best_validation_loss == pytest.approx(
        float(residual.square().mean()) / found.goal.std**2, rel=1e-4
    )
    assert found.history[0]["validation_auc"] != found.history[0]["validation_auc"]


def test_compiled_is_the_same_but_for_rounding():
    plain, compiled = (fitted(settings(epochs=2, compile=mode))[1] for mode in ("off", "on"))
    for one, other in zip(plain.history, compiled.history, strict=True):
        assert other["validation_loss"] == pytest.approx(one["validation_loss"], rel=1e-4)


@pytest.mark.parametrize(
    "what, words",
    [
        ({"train": jets(16)}, "batch_size 32 is more than the 16 training jets"),
        ({"model": flat(outputs=1)}, "has 2 outputs"),
        ({"target": "energy"}, "learns energy has 1 outputs"),
        ({"target": "tau3"}, "tau3 is no observable that was read, only energy"),
        ({"training": settings(tensorboard=True)}, "a folder of checkpoints"),
        (
            {"model": flat(needs=("energy",)), "training": settings(augment={"drop": 0.1})},
            "takes energy",
        ),
        ({"train": replace(jets(64), weight=torch.zeros(64))}, "add up to 0"),
    ],
)
def test_mistakes_are_named(what, words):
    with pytest.raises(UserError, match=words):
        fitted(**what)


def test_a_constant_target_is_named():
    train = jets(64)
    train = replace(train, observables=torch.full((64, 1), 7.0))
    with pytest.raises(UserError, match="energy is 7 for all"):
        fitted(model=flat(outputs=1), train=train, target="energy")


def test_settings_come_in_layers_and_are_checked():
    own, given = {"optimiser": "sgd", "batch_size": 64}, {"batch_size": 100, "clip": 1.0}
    training = tagger_settings.training(own, given)
    assert (training.optimiser, training.batch_size, training.clip) == ("sgd", 100, 1.0)
    for wrong, words in (
        ({"epoch": 3}, "no setting 'epoch'"),
        ({"optimiser": "lion"}, "'lion' is none of adam"),
        ({"augment": {"flip": 1}}, "'flip' is none of jes_shift"),
    ):
        with pytest.raises(UserError, match=words):
            tagger_settings.training(wrong)
