"""What several taggers share: constituents made ready, dense layers, full precision."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from relearn.errors import UserError
from relearn.models.jetbatch import Jets

ROUNDING = 8 * torch.finfo(torch.float32).eps  # of m², in units of E²
SMALLEST = 1e-8  # GeV


def exactly(family: str, jets: Jets, constituents: int, features: int = 0) -> Jets:
    """Return jets of a fixed number of constituents: the hardest, or zeros behind the last.

    Parameters
    ----------
    family
        Who asks, for the message.
    jets
        Any number of constituents.
    constituents
        How many there shall be.
    features
        How many extra columns the network was built for.

    Raises
    ------
    UserError
        If the jets have another number of extra columns.
    """
    check_features(family, jets, features)
    jets = jets.hardest(constituents)
    if missing := constituents - jets.p4.shape[1]:
        p4, extra = (functional.pad(x, (0, 0, 0, missing)) for x in (jets.p4, jets.extra))
        jets = replace(jets, p4=p4, extra=extra)
    return jets


def check_features(family: str, jets: Jets, features: int) -> None:
    """Stop at jets that have not the extra columns that a network was built for.

    Raises
    ------
    UserError
        If there is another number of them.
    """
    found = jets.extra.shape[2]
    if found != features:
        raise UserError(
            f"{family} was built for features={features} extra columns; these jets have {found}"
            f" ({', '.join(jets.extra_names) or 'none'}): give the scan the same `features`"
        )


def dense(
    sizes: Sequence[int], initialise: Callable[[Tensor], Tensor], last: bool = False
) -> nn.Sequential:
    """Return dense layers with ReLU between them and zero biases.

    Parameters
    ----------
    sizes
        Nodes of every layer, from the inputs to the outputs.
    initialise
        What sets the weights in place, such as ``nn.init.xavier_uniform_`` (Keras' default).
    last
        Whether there is a ReLU behind the last layer too.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layer = nn.Linear(before, after)
        initialise(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*(layers if last else layers[:-1]))


@contextmanager
def full_precision(device: torch.device):
    """Keep products in float32: d² of near vectors is a small difference of large numbers.

    Neither autocast nor the GPU's TensorFloat-32 (three digits) inside. `torch.compile` cannot
    switch the latter off in the middle of a graph: whoever compiles has to leave PyTorch's
    default, ``highest``.
    """
    with torch.autocast(device.type, enabled=False):
        before = None if torch.compiler.is_compiling() else torch.get_float32_matmul_precision()
        if before in (None, "highest"):
            yield
            return
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)


def massless_on_shell(p4: Tensor) -> Tensor:
    """Return (…, 4) with E = |p| where the mass is within float32's rounding of 0."""
    exact = p4.double()
    momentum = torch.linalg.vector_norm(exact[..., 1:], dim=-1)
    energy = exact[..., 0]
    massless = ((energy - momentum) * (energy + momentum)).abs() < ROUNDING * energy**2
    energy = torch.where(massless, momentum, energy).to(p4.dtype)
    return torch.cat([energy[..., None], p4[..., 1:]], dim=-1)


def digits(p4: Tensor, seed: int) -> Tensor:
    """Return numbers (B, N) in [0, 1) that look random: a hash of each momentum's bits."""
    bits = p4[..., 1:].contiguous().view(torch.int32).long()
    mixed = torch.full_like(bits[..., 0], seed)
    for k in range(3):
        mixed = ((mixed ^ bits[..., k]) & 0xFFFFFFFF) * 0x9E3779B1
        mixed = (mixed ^ (mixed >> 15)) & 0xFFFFFFFF
        mixed = mixed * 0x85EBCA77
        mixed = (mixed ^ (mixed >> 13)) & 0xFFFFFFFF
    return mixed.double() / 2**32


def rapidity(p4: Tensor) -> Tensor:
    """Return the rapidity (...) of (..., 4); 0 for a zero vector.

    Rounding in float32 may leave less transverse mass than pT, which a real vector cannot have:
    it is then taken as massless.
    """
    e, px, py, pz = p4.unbind(dim=-1)
    across = torch.maximum((e - pz) * (e + pz), px.square() + py.square()).sqrt()
    return torch.asinh(pz / across.clamp_min(SMALLEST))
