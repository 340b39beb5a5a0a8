"""Taggers against plain versions of the same networks: jets a second, on one core.

Rates are jets for each second of processor time, with batches of 256: in training all that a step
has (forward, loss, backward, Adam), in inference the forward pass alone.
"""

import time
from collections.abc import Callable

from harness import Result, interleave

REPEATS, STEPS, BATCH = 7, 10, 256


def training(network, inputs: tuple) -> Callable[[], float]:
    """Return a measurement: jets trained on for each second of the processor."""
    import torch
    from torch.nn import functional

    label = torch.randint(0, 2, (BATCH,))
    optimiser = torch.optim.Adam(network.parameters())

    def measure() -> float:
        begin = time.process_time()
        for _ in range(STEPS):
            optimiser.zero_grad()
            functional.cross_entropy(network(*inputs), label).backward()
            optimiser.step()
        return STEPS * BATCH / (time.process_time() - begin)

    return measure


def inference(network, inputs: tuple) -> Callable[[], float]:
    """Return a measurement: jets scored for each second of the processor."""
    import torch

    def measure() -> float:
        begin = time.process_time()
        with torch.inference_mode():
            for _ in range(STEPS):
                network(*inputs)
        return STEPS * BATCH / (time.process_time() - begin)

    return measure


def lola(constituents: int, task: Callable) -> list[Result]:
    """CoLa + LoLa of the paper's size, against all pairs in tensor operations."""
    import torch
    from peers.lola_plain import Plain

    from relearn.models import lola

    torch.set_num_threads(1)
    torch.manual_seed(0)
    momentum = 0.1 * torch.randn(BATCH, constituents, 3)
    p4 = torch.cat([momentum.norm(dim=2, keepdim=True), momentum], dim=2)
    rates = [
        task(lola.build("paper", constituents=constituents), (p4.mT.contiguous(),)),
        task(Plain(constituents), (p4,)),
    ]
    for measure in rates:  # compiles, and fills caches
        measure()
    ours, theirs = interleave(REPEATS, *rates)
    name = f"lola/n{constituents}{'-inference' if task is inference else ''}"
    return [Result(name, "plain LoLa", ours, theirs, "jets/s")]


BENCHMARKS = {
    f"lola/n{n}{suffix}": lambda n=n, task=task: lola(n, task)
    for n in (20, 40)
    for suffix, task in (("", training), ("-inference", inference))
}
