"""One tagger: how it is trained, its training, and one look at the test jets."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from relearn import models
from relearn.data import tagfile
from relearn.data.hdf5 import SPLITS
from relearn.errors import UserError
from relearn.models import taggerfile
from relearn.models.classic import Classic
from relearn.models.tagger import Tagger
from relearn.taggerruns import TaggerRun
from relearn.training import calibration, cost, quality, tagger, tagger_settings, warmup
from relearn.training.checkpoint import Checkpoints
from relearn.training.sources import Source
from relearn.training.tagger_settings import TaggerTraining

OK = "ok"
NAN = float("nan")
Read = Callable[..., Source]  # of path, split, kind, constituents, features, observables, memory


@dataclass(frozen=True)
class Trained:
    """One tagger after its training.

    Attributes
    ----------
    state
        Name → tensor: what has been learnt.
    history
        A row for each epoch; none of a tagger that has no epochs.
    row
        What ``runs.csv`` says of it besides its point.
    scores, truth, weight
        (n,) float32 of the test jets; scores are NaN where it diverged.
    roc
        Points of its ROC curve.
    record
        For ``spec.json``: how it was trained, and what a regression's outputs mean.
    """

    state: dict[str, Tensor]
    history: tuple[Mapping[str, float], ...]
    row: dict[str, Any]
    scores: NDArray[np.float32]
    truth: NDArray[np.float32]
    weight: NDArray[np.float32]
    roc: pd.DataFrame
    record: dict[str, Any]


def settings_of(run: TaggerRun, spec: Mapping[str, Any]) -> TaggerTraining:
    """Return how a run is trained: as the config says, else as its architecture, else as usual.

    An architecture's own batches are no larger than there are training jets.
    """
    own, given = getattr(models.family(run.architecture), "DEFAULTS", {}), spec["training"]
    settings, jets = tagger_settings.training(own, given), spec["jets"][run.dataset]
    if jets and settings.batch_size > jets and "batch_size" not in given:
        split = max(jets // settings.devices, 1) * settings.devices
        return replace(settings, batch_size=split)
    return settings


def train(
    run: TaggerRun,
    settings: TaggerTraining,
    dataset: Path,
    read: Read,
    device: torch.device,
    kept: Checkpoints,
    number: int,
) -> Trained:
    """Train one tagger, and look at the test jets once.

    Parameters
    ----------
    run
        Which.
    settings
        Of its training.
    dataset
        The HDF5 file.
    read
        `relearn.training.jetdata.source`, which may keep what it has read.
    device
        Where to.
    kept
        Checkpoints of the job.
    number
        Of the tagger in the job.

    Raises
    ------
    UserError
        If dataset, architecture and options do not fit together.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(run.seed)  # initial weights
    model = taggerfile.untrained(run)
    columns = _observables(model, run, dataset)
    sort = (run.kind, run.constituents, run.features, columns, settings.memory_gb)
    # also the test jets, so that what is wrong with them is told before the training
    *both, test = (read(dataset, split, *sort) for split in SPLITS)
    if isinstance(model, Classic):
        status, history, row, record, ask = _fit_classic(model, run, *both)
    else:
        status, history, row, record, ask = _fit_network(
            model, run, settings, *both, device, kept, number
        )
    begin = time.perf_counter()
    scores = ask(test)
    speed = len(test) / (time.perf_counter() - begin)
    if status != OK:
        scores = np.full_like(scores, np.nan)
    truth = (test.label if run.target is None else test.observable(run.target)).numpy()
    weight = test.weight.numpy()
    balance = settings.class_weights and not isinstance(model, Classic)
    share = 0.5 if balance else _signal_share(both[0])
    found = _quality(run, test, truth, scores, record, share)
    row = {
        "parameters": cost.parameters(model),
        "flops": cost.flops(model, test.read(slice(0, cost.JETS))),
        "status": status,
        **row,
        **found.row,
        "inference_jets_per_second": speed,
        "device": device.type,
    }
    return Trained(
        taggerfile.state_of(model), history, row, scores, truth, weight, found.roc, record
    )


# What the training of a network and that of another tagger have in common: status, history,
# columns of runs.csv, the record, and how to ask for scores (n,) float32.
Fitted = tuple[
    str,
    tuple[Mapping[str, float], ...],
    dict[str, Any],
    dict[str, Any],
    Callable[[Source], NDArray[np.float32]],
]


def _fit_network(
    model: Tagger,
    run: TaggerRun,
    settings: TaggerTraining,
    train: Source,
    validation: Source,
    device: torch.device,
    kept: Checkpoints,
    number: int,
) -> Fitted:
    warmup.network(model, train, validation, settings, device, run.target)
    found = tagger.fit(
        *(model, train, validation, settings, run.seed, device, kept),
        number=number,
        target=run.target,
        name=run.name,
    )
    row = {
        "epochs": found.epochs,
        "best_epoch": found.best_epoch,
        "best_validation_loss": found.best_validation_loss,
        "train_seconds": found.seconds,
        "train_jets_per_second": found.jets_per_second,
    }
    record = {"training": asdict(settings), "goal": asdict(found.goal)}

    def ask(source: Source) -> NDArray[np.float32]:
        return tagger.predict(model, source, device, found.goal).numpy()

    return found.status, found.history, row, record, ask


def _fit_classic(model: Classic, run: TaggerRun, train: Source, validation: Source) -> Fitted:
    if run.target is not None:
        raise UserError(f"{run.name}: {run.architecture} learns the label alone: leave out target")

    def ask(source: Source) -> NDArray[np.float32]:
        return np.asarray(model.score(source.read(slice(None))), dtype=np.float32)

    warmup.classic(model, train, validation)
    begin = time.perf_counter()
    told = model.fit(train.read(slice(None)), validation.read(slice(None)), run.seed)
    seconds = time.perf_counter() - begin
    row = {"epochs": 0, "best_epoch": 0, "best_validation_loss": NAN, "train_seconds": seconds}
    row["train_jets_per_second"] = len(train) / seconds
    columns = (ask(validation), validation.label.numpy(), validation.weight.numpy())
    record = {"fit": told, "threshold": quality.best_threshold(*columns)}
    record["log_odds"] = model.log_odds
    return OK, (), row, record, ask


def _quality(
    run: TaggerRun,
    test: Source,
    truth: NDArray[np.float32],
    scores: NDArray[np.float32],
    record: Mapping[str, Any],
    share: float,
) -> quality.Quality:
    """Return how good the scores of the test jets are; `share` of signal in the training."""
    weight = test.weight.numpy()
    if run.target is not None:
        return quality.of_regression(scores, truth, weight)
    mixture = None
    if record.get("log_odds", True):  # of the mixture that it was trained on
        mixture = calibration.in_mixture(truth, weight, share)
    return quality.of_classifier(scores, truth, weight, record.get("threshold", 0.0), mixture)


def _signal_share(source: Source) -> float:
    weight = source.weight.double()
    return float(weight[source.label == 1].sum() / weight.sum())


def _observables(model: Tagger | Classic, run: TaggerRun, dataset: Path) -> tuple[str, ...]:
    """Return the observables to read: those that the tagger needs, and the target."""
    there = tagfile.describe(dataset)
    wanted = [name for name in model.needs if name not in run.features]
    for name in wanted:
        if name in there.features:
            raise UserError(
                f"{run.name}: {run.architecture} needs the extra column {name}: add it to "
                "`features` of the scan"
            )
    wanted += [run.target] if run.target and run.target not in wanted else []
    for name in wanted:
        if name not in there.observables:
            raise UserError(
                f"{run.name}: {dataset} has no {name}, only {', '.join(there.observables)}: "
                f"{tagfile.MORE['observables']}"
            )
    return tuple(wanted)
