"""Recursive nets: all jets of a batch level by level, against one jet after the other.

Both have the same weights, trees and batches, and give the same numbers (tested). Rates are jets
trained (forward, backward, Adam) for each second of processor time, on one thread; the trees are
made beforehand. The jets are those of hadronic tt̄ events of Pythia, their 40 hardest particles.
"""

import time
from collections.abc import Callable

from harness import Result, interleave

CONSTITUENTS, REPEATS = 40, 5
STEPS = 10  # of ours, for one of the peer
CASES = {"recnn/kt": {"gated": False}, "recnn/kt-gated": {"gated": True}}


def batch(size: int):
    """Return made-up labels and the jets of a batch."""
    import jets as made
    import numpy as np
    import torch

    from relearn.jets.jagged import flatten
    from relearn.models.jetbatch import Jets

    flat = flatten(made.fat_jets()[:size])
    order = np.lexsort([-np.hypot(flat.p4[:, 1], flat.p4[:, 2]), flat.owner])
    p4 = np.zeros((size, max(flat.counts.max(), CONSTITUENTS), 4), np.float32)
    p4[flat.owner, flat.position] = flat.p4[order]
    p4 = torch.from_numpy(p4[:, :CONSTITUENTS])
    empty, label = torch.zeros(size, 0), torch.arange(size) % 2
    return Jets(p4, p4[..., :0], (), empty, (), made.RADIUS, label, torch.ones(size))


def rate(network, forward: Callable, jets, steps: int) -> Callable[[], float]:
    """Return a measurement: jets trained for each second of the processor."""
    import torch

    prepared, label = network.prepare(jets), jets.label.long()
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-4)

    def measure() -> float:
        begin = time.process_time()
        for _ in range(steps):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(forward(*prepared), label).backward()
            optimiser.step()
        return steps * len(jets) / (time.process_time() - begin)

    return measure


def benchmark(name: str) -> list[Result]:
    import torch
    from peers import recnn_plain

    from relearn.models import recnn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = recnn.build("paper", **CASES[name])
    jets = batch(recnn.DEFAULTS["batch_size"])
    ours = rate(network, network, jets, STEPS)
    plain = rate(network, lambda *p: recnn_plain.forward(network, *p), jets, 1)
    ours()
    found = interleave(REPEATS, ours, plain)
    return [Result(name, "recursion jet by jet", *found, "jets/s")]


BENCHMARKS = {name: lambda name=name: benchmark(name) for name in CASES}
