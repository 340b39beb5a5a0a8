"""Trains one tagger to its end, and asks a trained one: checkpoints, progress, a broken batch."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from relearn.errors import UserError
from relearn.files import atomic
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger
from relearn.training import modes, parallel
from relearn.training.checkpoint import Checkpoints
from relearn.training.curves import Curves
from relearn.training.feed import Feed
from relearn.training.objective import Goal
from relearn.training.sources import Memory, Source
from relearn.training.tagger_epochs import Fitted, Training, outputs_of
from relearn.training.tagger_settings import TaggerTraining

DIVERGED_BATCH = "diverged-batch.safetensors"


def fit(
    model: Tagger,
    train: Jets | Source,
    validation: Jets | Source,
    settings: TaggerTraining,
    seed: int,
    device: torch.device | str,
    checkpoints: Checkpoints | None = None,
    *,
    number: int = 0,
    target: str | None = None,
    name: str = "",
) -> Fitted:
    """Train a tagger to its end; it has the weights of its best epoch then.

    Parameters
    ----------
    model
        With its initial weights.
    train, validation
        Jets, in memory or in a file (`relearn.training.jetdata.source`).
    settings
        Of the training.
    seed
        Of the order of the jets, dropout and changes of the jets.
    device
        Where to.
    checkpoints
        Of the job: read at the start, written after each epoch. Beside their folder lie the
        batch of a diverged training, ``<folder>-<number>-diverged-batch.safetensors``, and the
        curves for TensorBoard, ``<folder>-<number>-tensorboard``; both stay.
    number
        Of the tagger in the job.
    target
        Observable that is learnt; None: the label.
    name
        Of the tagger, for the progress bar.

    Raises
    ------
    UserError
        If there are fewer jets than in a batch, the target is not there, the network has another
        number of outputs, or curves are wanted that have no place or package.
    """
    device = torch.device(device)
    torch.set_num_threads(settings.threads)
    sources = [x if isinstance(x, Source) else Memory(x) for x in (train, validation)]
    beside, first = checkpoints.folder if checkpoints else None, parallel.rank() == 0
    drawn = _beside(beside, number, "tensorboard") if settings.tensorboard and first else None
    with modes.deterministic(device):
        training = Training(model, *sources, settings, seed, device, target)
        if checkpoints and (state := checkpoints.read(number)):
            training.restore(state)
            print(f"{name}: goes on after epoch {training.epoch}", flush=True)
        elif beside and first:  # of an earlier training
            _beside(beside, number, DIVERGED_BATCH).unlink(missing_ok=True)
        curves = Curves(drawn, training.history)
        of_epoch = training.steps * settings.batch_size
        total, done = settings.epochs * of_epoch, training.epoch * of_epoch
        options = {"unit": " jets", "unit_scale": True, "mininterval": 5, "disable": not first}
        with tqdm(total=total, initial=done, desc=name or None, **options) as bar:
            while not training.done:
                training.run_epoch(bar.update)
                row = training.history[-1]
                auc = {} if target else {"auc": f"{row['validation_auc']:.4f}"}
                bar.set_postfix(loss=f"{row['train_loss']:.3g}", **auc, refresh=False)
                curves.add(row)
                if checkpoints and first and training.broken is None:
                    checkpoints.offer(number, training.state, force=True)
    curves.close()
    saved = None
    if training.broken is not None and first:
        saved = _save(training.broken, beside, number)
        print(f"{name} diverged in epoch {training.epoch}; its jets: {saved}", flush=True)
    return training.result(saved)


@torch.inference_mode()
def predict(
    model: Tagger,
    jets: Jets | Source,
    device: torch.device | str = "cpu",
    goal: Goal | None = None,
    batch_size: int = 512,
) -> Tensor:
    """Return what a trained tagger says of jets, (n,) float32 on the CPU.

    Parameters
    ----------
    model
        With its trained weights.
    jets
        Any.
    device
        Where to.
    goal
        Of its training; None: the label.
    batch_size
        Jets at a time.

    Returns
    -------
    Tensor
        Log-odds of the signal, the logarithm of its probability over that of the background; for
        a regression the value in its own unit.
    """
    device, goal = torch.device(device), goal or Goal()
    source = jets if isinstance(jets, Source) else Memory(jets)
    feed = Feed(source, model.to(device), device, memory_gb=0)
    found = [goal.answers(outputs_of(model, x)).cpu() for x in feed.in_order(batch_size)]
    return torch.cat(found)


def _beside(folder: Path | None, number: int, what: str) -> Path:
    if folder is None:
        raise UserError("training.tensorboard: true needs a folder of checkpoints")
    return folder.with_name(f"{folder.name}-{number:04d}-{what}")


def _save(batch: Mapping[str, Tensor], folder: Path | None, number: int) -> Path | None:
    if folder is None:
        return None
    path = _beside(folder, number, DIVERGED_BATCH)
    with atomic(path) as temporary:
        save_file({name: x.cpu().contiguous() for name, x in batch.items()}, temporary)
    return path
