"""Losses of taggers against their formulas; what the progress bar says of a training."""

from dataclasses import replace

import pytest
import torch
from helpers_tagger_training import fitted, jets, settings

from relearn.training.objective import Goal, Objective
from relearn.training.sources import Memory

CPU = torch.device("cpu")


def unbalanced():
    """Six jets, two of them signal, with weights."""
    label = torch.tensor([1.0, 0, 0, 1, 0, 0])
    return Memory(replace(jets(6), label=label, weight=torch.tensor([1.0, 2, 1, 3, 4, 1])))


@pytest.mark.parametrize("balance", [False, True])
def test_classes_weigh_the_same_where_they_are_to(balance):
    source = unbalanced()
    weight = Objective(source, Goal(), settings(class_weights=balance), CPU).weight
    assert weight.mean().item() == pytest.approx(1)
    sums = [weight[source.label == side].sum().item() for side in (1, 0)]
    assert sums == pytest.approx([3, 3] if balance else [2, 4])
    for side in (1, 0):  # within a class as the generator has it
        mine = source.label == side
        ratio = weight[mine] / source.weight[mine]
        torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio))


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_a_loss_is_its_formula(loss):
    source, rows = unbalanced(), torch.tensor([3, 0, 2])
    outputs = torch.tensor([[0.2, -1.0], [1.5, 2.0], [0.0, 3.0]])
    objective = Objective(source, Goal(), settings(loss=loss), CPU)
    signal = 1 / (1 + torch.exp(outputs[:, 0] - outputs[:, 1]))
    label = source.label[rows]
    if loss == "mse":  # the mean over both outputs, as of Keras: they have the same error
        expected = ((signal - label) ** 2 + (1 - signal - (1 - label)) ** 2) / 2
    else:
        expected = -(label * signal.log() + (1 - label) * (1 - signal).log())
    torch.testing.assert_close(objective.losses(outputs, rows), expected * objective.weight[rows])


def test_a_classifier_learns_with_squares():
    found = fitted(settings(loss="mse", epochs=20))[1]
    losses = [row["train_loss"] for row in found.history]
    assert losses[-1] < 0.5 * losses[0] < 0.2  # a coin has 0.25


def test_the_bar_tells_loss_auc_and_jets(capsys):
    fitted(settings(epochs=2), name="toy")
    told = capsys.readouterr().err.split("\r")[-1]
    for words in ("toy: 100%", "256/256", "jets/s", "loss=", "auc="):
        assert words in told, told
