"""Made-up jets for the taggers on four-vectors and sets."""

import math

import torch
from torch.nn import functional

from relearn.models.jetbatch import Jets

RADIUS = 1.5


def made_up(jets, constituents, features=0, seed=0, least=1, massive=False):
    """Jets of at least `least` constituents around a random axis, zeros behind the last."""
    draw = torch.Generator().manual_seed(seed)
    shape = (jets, constituents)
    normal = torch.randn(*shape, 2, generator=draw, dtype=torch.float64)
    axis = torch.rand(jets, 1, 2, generator=draw, dtype=torch.float64) * 2 - 1
    axis[..., 1] *= math.pi
    pt = 400 * torch.rand(shape, generator=draw, dtype=torch.float64).pow(4) + 0.5
    pt = pt.sort(dim=1, descending=True).values
    eta, phi = (0.4 * normal + axis).unbind(dim=2)
    p = torch.stack([pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()], dim=2)
    mass = 0.1396 if massive else 0.0
    p4 = torch.cat([(p.square().sum(dim=2, keepdim=True) + mass**2).sqrt(), p], dim=2)
    counts = torch.randint(least, constituents + 1, (jets, 1), generator=draw)
    there = (torch.arange(constituents) < counts)[..., None]
    extra = torch.randn(*shape, features, generator=draw) * there
    return of(p4 * there, extra, label=torch.arange(jets) % 2)


def of(p4, extra=None, label=None):
    """Jets of these four-vectors (B, N, 4) and extra columns."""
    p4 = p4.float()
    count = len(p4)
    return Jets(
        p4=p4,
        extra=p4.new_zeros(*p4.shape[:2], 0) if extra is None else extra,
        extra_names=tuple(f"x{i}" for i in range(0 if extra is None else extra.shape[2])),
        observables=p4.new_zeros(count, 0),
        observable_names=(),
        radius=RADIUS,
        label=(torch.zeros(count) if label is None else label).float(),
        weight=torch.ones(count),
    )


def padded(jets, more):
    """The same jets with `more` empty places."""
    p4, extra = (functional.pad(x, (0, 0, 0, more)) for x in (jets.p4, jets.extra))
    return of(p4, extra, jets.label)


def parameters(network):
    """Number of trained numbers."""
    return sum(p.numel() for p in network.parameters())


def after_a_step(network, prepared):
    """What padding may not change: outputs, gradients of their squares, running statistics."""
    outputs = network(*prepared)
    outputs.square().sum().backward()
    gradients = [p.grad for p in network.parameters()]
    return [outputs.detach(), *gradients, *network.buffers()]


def overfitted(network, jets, steps=200, rate=3e-3):
    """The loss on a few jets after some steps of training on them."""
    prepared = network.prepare(jets)
    network.fit_scaling(*prepared)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(*prepared), jets.label.long())
        loss.backward()
        optimiser.step()
    return loss.item()
