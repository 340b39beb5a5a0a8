"""One training on several devices: each process takes its share of every batch.

All of it is PyTorch's own: torchrun's launcher starts the processes, DistributedDataParallel adds
up their gradients, NCCL or (on CPUs) Gloo carries them. Every process has all jets and the same
weights; the first one alone writes files. Batch normalisation takes the means of a process's share.
With one process every function here leaves things as they are.
"""

import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn

from relearn.errors import UserError

HERE = "127.0.0.1"  # where processes of one machine meet; its own name need not be known


def launched() -> bool:
    """Return whether this process is one of those that `launch` (or torchrun) has started."""
    return distributed.is_torchelastic_launched()


def launch(command: Sequence[str], processes: int) -> None:
    """Run a Python script as so many processes, and wait for them.

    Parameters
    ----------
    command
        The script and its arguments, as in `sys.argv`.
    processes
        How many; when one of them fails, the others are stopped.

    Raises
    ------
    SystemExit
        If one fails; it has said why.
    """
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint=f"{HERE}:0",  # any free port
        local_addr=HERE,
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)(*command)
    except ChildFailedError as error:
        _, first = error.get_first_failure()
        sys.exit(first.exitcode if first.exitcode > 0 else 1)


@contextmanager
def group() -> Iterator[None]:
    """Join the processes that have been launched together, for the length of this block.

    After an error the process ends at once, and the launcher stops the others: to take leave of
    them would be to wait for them.
    """
    if not launched():
        yield
        return
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    yield
    distributed.destroy_process_group()


def rank() -> int:
    """Return the number of this process."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def count() -> int:
    """Return how many processes share a training."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def share() -> slice:
    """Return which jets of a batch this process takes: every `count`-th."""
    return slice(rank(), None, count())


def check(devices: int, device: torch.device) -> None:
    """Stop where there are not as many processes as a training wants, or they cannot share it.

    Raises
    ------
    UserError
        Naming the setting.
    """
    if devices > 1 and device.type == "mps":
        raise UserError(
            f"training.devices: {devices}, but Apple's GPU cannot share a training: leave it out, "
            "or set device: cpu"
        )
    if devices != count():
        raise UserError(
            f"training.devices: {devices}, but there are {count()} processes: start "
            "scripts/train_taggers.py, which starts them, or torchrun"
        )


def spread(model: nn.Module) -> nn.Module:
    """Return what takes the forward pass of a training: the network, its gradients shared."""
    return nn.parallel.DistributedDataParallel(model) if count() > 1 else model


def summed(numbers: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes, the same bits in each."""
    if count() > 1:
        distributed.all_reduce(numbers)
    return numbers


def everywhere(flags: Tensor) -> Tensor:
    """Return which flags are set in all processes."""
    if count() == 1:
        return flags
    numbers = flags.int()
    distributed.all_reduce(numbers, distributed.ReduceOp.MIN)
    return numbers.bool()


def first_ones(tensors: Iterable[Tensor]) -> None:
    """Give tensors the values that they have in the first process."""
    if count() > 1:
        for one in tensors:
            distributed.broadcast(one, src=0)


def joined(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with those of all processes one after the other, on the CPU."""
    mine = {name: one.detach().cpu() for name, one in tensors.items()}
    parts: list[Any] = [mine]
    if count() > 1:
        parts = [None] * count()
        distributed.all_gather_object(parts, mine)
    return {name: torch.cat([part[name] for part in parts]) for name in mine}
