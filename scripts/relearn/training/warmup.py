"""What a process does once, before a clock starts: imports, compiled loops, threads.

Without it the first tagger of a job would seem to train more slowly than the others, a cheap one
by far.
"""

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace

import torch

from relearn.errors import UserError
from relearn.models.classic import Classic
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger
from relearn.training import modes
from relearn.training.sources import Memory, Source
from relearn.training.tagger_epochs import Training
from relearn.training.tagger_settings import TaggerTraining

STEP = 8  # jets of the only step of a network, for each process
ITS_OWN = (UserError, ValueError)  # errors of few jets, say those of one class
FIT = 256  # jets of a fit: enough for both classes


def network(
    model: Tagger,
    train: Source,
    validation: Source,
    settings: TaggerTraining,
    device: torch.device,
    target: str | None = None,
) -> None:
    """Take one step with a copy of a network, and look at some validation jets.

    Neither the network nor PyTorch's random numbers change. What is wrong with the jets is left to
    the training, which says it of all of them.
    """
    each = min(STEP, max(len(train) // settings.devices, 1))
    few = replace(settings, batch_size=each * settings.devices, compile="off")
    sources = (Memory(_first(one, few.batch_size)) for one in (train, validation))
    with suppress(*ITS_OWN), modes.random_numbers(0, device), modes.deterministic(device):
        Training(deepcopy(model), *sources, few, 0, device, target).run_epoch()


def classic(model: Classic, train: Source, validation: Source) -> None:
    """Fit a copy of a tagger to some jets, and ask it for their scores."""
    few, held, copy = _first(train, FIT), _first(validation, FIT), deepcopy(model)
    with suppress(*ITS_OWN):
        copy.fit(few, held, 0)
        copy.score(held)


def _first(source: Source, count: int) -> Jets:
    return source.read(slice(0, min(count, len(source))))
