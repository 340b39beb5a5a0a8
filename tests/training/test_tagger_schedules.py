"""Step sizes against their closed forms."""

import numpy as np
import pytest
import torch
from helpers_tagger_training import settings

from relearn.training.schedules import PLATEAU, Schedule, optimiser

RATE, EPOCHS, STEPS = 0.02, 10, 30


def rates(losses=None, **changes):
    """Step size of every step (epochs, steps), if no step is taken with it."""
    training = settings(epochs=EPOCHS, learning_rate=RATE, **changes)
    of = optimiser([torch.zeros(1, requires_grad=True)], training)
    schedule, found = Schedule(of, training, STEPS), []
    for epoch in range(EPOCHS):
        for _ in range(STEPS):
            found.append(schedule.rate)
            of.step()
            schedule.after_step()
        schedule.after_epoch(losses[epoch] if losses else 1.0)
    return np.array(found).reshape(EPOCHS, STEPS)


def test_constant():
    assert (rates(schedule="constant") == RATE).all()


def test_cosine():
    step = np.arange(EPOCHS * STEPS)
    expected = RATE * (1 + np.cos(np.pi * step / len(step))) / 2
    np.testing.assert_allclose(rates(schedule="cosine").ravel(), expected, rtol=1e-9)


def test_one_cycle():
    """In 40 % of the steps up, in 40 % down, and to the end: three straight lines."""
    step, up = np.arange(EPOCHS * STEPS), 0.4 * EPOCHS * STEPS - 1
    at = [0, up, 2 * up, len(step) - 1]
    expected = np.interp(step, at, [RATE / 10, RATE, RATE / 10, RATE / 6000])
    np.testing.assert_allclose(rates(schedule="one_cycle").ravel(), expected, rtol=1e-9)


@pytest.mark.parametrize("decay, factor", [(None, 0.9), (0.7, 0.7)])
def test_exponential(decay, factor):
    expected = RATE * factor ** np.arange(EPOCHS)
    found = rates(schedule="exponential", decay=decay)
    np.testing.assert_allclose(found, np.repeat(expected[:, None], STEPS, axis=1), rtol=1e-9)


def test_plateau():
    """Better until epoch 2, then never: times 0.5 after every three epochs of waiting."""
    losses = [3.0, 2.0] + [2.0] * (EPOCHS - 2)
    waited = np.maximum(np.arange(EPOCHS) - 2, 0)  # before the epoch
    expected = RATE * 0.5 ** (waited // PLATEAU)
    found = rates(losses, schedule="plateau")
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9)
    assert (rates([1.0 / (1 + n) for n in range(EPOCHS)], schedule="plateau") == RATE).all()
