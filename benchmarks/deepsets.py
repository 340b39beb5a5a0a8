"""PFN and EFN: ours against EnergyFlow's, their authors' code, in an environment of its own.

The paper's size (Φ 100-100-128 and 100-100-256, F 100-100-100), batches of 500 jets of 40 to 100
constituents, padded to 100 for both. Both have the same weights, and the same outputs to begin
with, which is asserted. Rates are jets for each second of processor time, on one thread: an epoch
of shuffled batches with Adam, or all outputs. The second row of each is how much of what a matrix
product reaches ours does, counting the products with real constituents alone: nothing that has
them all can be faster than one over that.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ensemble import CEILING, sgemm
from harness import Result, interleave
from peers.apart import Program

LEAST, MOST, BATCH, BATCHES, REPEATS, SHOWN = 40, 100, 500, 12, 5, 100
ENVIRONMENT = (".venv-energyflow", "bench-energyflow", "energyflow_keras.py")


def data(jets: int):
    """Return made-up z, y and φ (jets, MOST, 3) and labels (jets,)."""
    import torch

    draw = torch.Generator().manual_seed(0)
    count = torch.randint(LEAST, MOST + 1, (jets, 1), generator=draw)
    z = torch.rand(jets, MOST, 1, generator=draw).pow(4) + 1e-3
    values = torch.cat([z, 0.4 * torch.randn(jets, MOST, 2, generator=draw)], dim=2)
    values[torch.arange(MOST) >= count] = 0
    values[..., 0] /= values[..., 0].sum(dim=1, keepdim=True)
    return values, torch.randint(0, 2, (jets,), generator=draw)


def flops(network, values, training: bool) -> float:
    """Return the operations of the matrix products that a jet needs."""
    constituents = float((values[..., 0] > 0).sum()) / len(values)
    first, *phi = (layer.weight.numel() for layer in network.phi[::2])
    rest = constituents * sum(phi) + sum(layer.weight.numel() for layer in network.f[::2])
    if training:  # forward, and the gradients of weights and inputs, which the first has none of
        return 4 * constituents * first + 6 * rest
    return 2 * (constituents * first + rest)


def rate(network, values, label, training: bool) -> Callable[[], float]:
    """Return a measurement: jets for each second of the processor."""
    import torch

    optimiser = torch.optim.Adam(network.parameters(), fused=True)  # as the trainer

    def measure() -> float:
        begin = time.process_time()
        if training:
            for index in torch.randperm(len(values)).split(BATCH):
                optimiser.zero_grad()
                loss = torch.nn.functional.cross_entropy(network(values[index]), label[index])
                loss.backward()
                optimiser.step()
        else:
            with torch.inference_mode():
                torch.cat([network(some).softmax(dim=1) for some in values.split(BATCH)])
        return len(values) / (time.process_time() - begin)

    return measure


def same(network, values, hello: dict) -> None:
    """Stop if a peer is another network than ours."""
    import torch

    assert hello["parameters"] == sum(p.numel() for p in network.parameters())
    with torch.inference_mode():
        ours = network(values).softmax(dim=1)
    torch.testing.assert_close(torch.tensor(hello["outputs"]), ours, rtol=1e-3, atol=1e-4)


def benchmark(name: str, kind: str, latent: int, task: str) -> list[Result]:
    import numpy as np
    import torch

    from relearn.models import deepsets

    torch.set_num_threads(1)
    torch.manual_seed(0)
    training = task == "training"
    values, label = data(BATCH * BATCHES)
    network = deepsets.build("paper", kind=kind, latent=latent)
    weights = {f"weight{i}": p.detach().numpy() for i, p in enumerate(network.parameters())}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        arrays = {"values": values.numpy(), "label": label.numpy(), **weights}
        np.savez(path, batch=BATCH, shown=SHOWN, **arrays)
        theirs = Program(*ENVIRONMENT, str(path), kind, task)
    try:
        same(network, values[:SHOWN], theirs.hello)
        ours = rate(network, values, label, training)
        ours()
        found = interleave(REPEATS, ours, theirs.rate, sgemm())
    finally:
        theirs.close()
    reached = 1e-9 * flops(network, values, training) * found[0]
    return [
        Result(name, "EnergyFlow", *found[:2], "jets/s"),
        Result(name, CEILING, reached, found[2], "GFLOP/s"),
    ]


CASES = {
    f"deepsets/{kind}-{latent}-{task}": (kind, latent, task)
    for kind in ("pfn", "efn")
    for latent in (128, 256)
    for task in ("training", "inference")
}
BENCHMARKS = {name: lambda name=name: benchmark(name, *CASES[name]) for name in CASES}
