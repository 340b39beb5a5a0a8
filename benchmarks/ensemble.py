"""The ensemble engine against other ways to train the same networks, on one core.

Rates are network steps for each second of processor time: everything here runs on one thread,
and the time of the other programs of a busy machine does not count. A network step of ours has
all that an epoch has: drawing the batches, forward, backward, Adam and the judging at its end;
the epoch of a peer draws its batches too. Compilation, where there is any, happens before.
"""

import time
from collections.abc import Callable

import peers
from harness import Result, interleave
from peers import Epoch, Task

REPEATS = 7
BASE, ALL = ("PyTorch loop", "PyTorch loop, fused Adam"), tuple(peers.PEERS)
CEILING = "sgemm 1024³"

# Name → the networks, and whom they are compared with.
CASES: dict[str, tuple[Task, tuple[str, ...]]] = {
    # sixty networks of at most 16 nodes, as of the study pt_nodes
    "h10": (Task(tuple((n,) for n in range(5, 17))), ALL),
    "h100": (Task(((100,),)), ALL),
    "h500": (Task(((500,),)), ALL),
    "2x100": (Task(((100, 100),)), ALL),
    # the corners of the config, where stacking has least to give
    "h3": (Task(((3,),), steps=10), BASE),
    "h10-alone": (Task(((10,),), trials=1), BASE),
    "h10-dropout": (Task(((10, 5),), steps=10, dropout=0.1), BASE),
    "h503": (Task(((503,),), steps=10), BASE),
    "251x252": (Task(((251, 252),), trials=1, steps=10), BASE),
    "2x200": (Task(((200, 200),), trials=1, steps=10), BASE),
    "3x20": (Task(((20, 20, 20),), steps=10), BASE),
    "3x200": (Task(((200, 200, 200),), trials=1, steps=10), BASE),
}


def ours(task: Task) -> Epoch:
    """Train with `relearn.training`, in the stacks that a job would use."""
    import torch

    from relearn.models import mlp
    from relearn.scans import Run
    from relearn.training import arrange
    from relearn.training.fit import Fit
    from relearn.training.stack import Stack
    from relearn.training.tables import Tables

    runs = [
        Run(
            name=f"mlp-h{'x'.join(map(str, hidden))}-t{trial}",
            scan="benchmark",
            architecture="mlp",
            dataset="benchmark",
            target="pt",
            hidden=hidden,
            activation=("leaky_relu",) * len(hidden),
            convention="keras",
            initialiser="glorot_uniform",
            dropout=task.dropout,
            start="scratch",
            trial=trial,
            seed=trial,
        )
        for hidden in task.hidden
        for trial in range(task.trials)
    ]
    initial = {
        run.name: mlp.initial_layers(
            run.sizes, run.initialiser, torch.Generator().manual_seed(run.seed)
        )
        for run in runs
    }
    inputs = torch.cat([torch.randn(task.events, task.inputs), torch.ones(task.events, 1)], dim=1)
    targets = torch.randn(task.events, 1)
    seen = inputs[: task.batch_size].T.contiguous()
    tables = Tables(inputs, targets, seen, targets[: task.batch_size], {"pt": 0}, {})
    never = 10**9
    training = {
        "epochs": never,
        "validate_every": never,
        "batch_size": task.batch_size,
        "patience": None,
        "compile": "auto",
    }
    fits = [
        Fit(
            Stack(
                rows,
                initial,
                tables.columns,
                task.batch_size,
                task.learning_rate,
                torch.device("cpu"),
            ),
            tables,
            training,
            root_seed=0,
        )
        for rows in arrange.stacks(runs, task.batch_size)
    ]

    def epoch() -> int:
        for fit in fits:
            fit.run_epoch()
        return task.networks * task.steps

    return epoch


def sgemm() -> Callable[[], float]:
    """Return a measurement of what a core's matrix product reaches, GFLOP/s."""
    import torch

    size, products = 1024, 8
    a, b, out = (torch.randn(size, size) for _ in range(3))

    def measure() -> float:
        begin = time.process_time()
        for _ in range(products):
            torch.mm(a, b, out=out)
        return 2e-9 * products * size**3 / (time.process_time() - begin)

    return measure


def rate(epoch: Epoch) -> Callable[[], float]:
    """Return a measurement: network steps for each second of the processor."""

    def measure() -> float:
        begin = time.process_time()
        return epoch() / (time.process_time() - begin)

    return measure


def benchmark(name: str) -> list[Result]:
    """Measure one case: a row for each peer, one for the ceiling of the matrix product."""
    import torch

    task, against = CASES[name]
    made = [peers.load(peer) for peer in against]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    epochs = [make(task) for make in (ours, *made)]
    for epoch in epochs:  # compiles, and fills caches
        epoch()
    ours_rate, *rates, ceiling = interleave(REPEATS, *map(rate, epochs), sgemm())
    name, gigaflops = f"ensemble/{name}", 1e-9 * task.flops * ours_rate
    results = [
        Result(name, peer, ours_rate, theirs, "network steps/s")
        for peer, theirs in zip(against, rates, strict=True)
    ]
    return [*results, Result(name, CEILING, gigaflops, ceiling, "GFLOP/s")]


BENCHMARKS = {f"ensemble/{name}": lambda name=name: benchmark(name) for name in CASES}
