"""ParticleNet: training and inference of ours against weaver-core's, its authors' code.

The paper's size in both, 366,160 parameters; jets of 100 constituents, all real, so that padding,
which ours leaves out, does not count. Rates are jets for each second of processor time, on one
thread; ours takes its nearest neighbours of the first block from ``prepare``, weaver-core's finds
them in each step, as it always does.
"""

import time
from collections.abc import Callable

from harness import Result, interleave

CONSTITUENTS, BATCH, REPEATS = 100, 32, 3


def batch():
    """Return jets of made-up constituents: what they are has no say in the time."""
    import torch

    from relearn.models.jetbatch import Jets

    draw = torch.Generator().manual_seed(0)
    pt = 50 * torch.rand(BATCH, CONSTITUENTS, generator=draw).pow(4) + 0.5
    pt = pt.sort(dim=1, descending=True).values
    eta, phi = 0.4 * torch.randn(2, BATCH, CONSTITUENTS, generator=draw)
    p4 = torch.stack([pt * eta.cosh(), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()], dim=-1)
    label = torch.arange(BATCH) % 2
    return Jets(p4, p4[..., :0], (), torch.zeros(BATCH, 0), (), 0.8, label, torch.ones(BATCH))


def rate(network, inputs: tuple, label, training: bool) -> Callable[[], float]:
    import torch

    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)

    def measure() -> float:
        network.train(training)
        begin = time.process_time()
        with torch.set_grad_enabled(training):
            loss = torch.nn.functional.cross_entropy(network(*inputs), label)
        if training:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return len(label) / (time.process_time() - begin)

    return measure


def benchmark(training: bool) -> list[Result]:
    import torch
    from peers import particlenet_weaver

    from relearn.models import particlenet

    torch.set_num_threads(1)
    torch.manual_seed(0)
    jets, ours, theirs = batch(), particlenet.build("paper"), particlenet_weaver.network()
    prepared, label = ours.prepare(jets), jets.label.long()
    measured = (
        rate(ours, prepared, label, training),
        rate(theirs, particlenet_weaver.inputs(*prepared), label, training),
    )
    for measure in measured:
        measure()
    name = f"particlenet/{'training' if training else 'inference'}"
    return [Result(name, "weaver-core", *interleave(REPEATS, *measured), "jets/s")]


BENCHMARKS = {
    "particlenet/training": lambda: benchmark(True),
    "particlenet/inference": lambda: benchmark(False),
}
