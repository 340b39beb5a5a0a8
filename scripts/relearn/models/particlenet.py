"""ParticleNet: convolutions on the graph of nearest neighbours (Qu and Gouskos, 1902.08570).

An EdgeConv block gives each constituent i

    x_i ← ReLU(shortcut(x_i) + mean over its k nearest neighbours j of H(x_i, x_j − x_i)),

H three linear layers, each with batch normalisation and ReLU. Near is meant in (Δη, Δφ) for the
first block and in the features x for all others. Then the mean over constituents, a dense layer
with dropout, the outputs.

``paper``: k = 16, channels (64, 64, 64), (128, 128, 128), (256, 256, 256), dense 256, dropout .1:
366,160 parameters with 7 features and 2 outputs. ``medium`` is ParticleNet-Lite, also called
``lite``: k = 7, (32, 32, 32), (64, 64, 64), dense 128: 26,416. On the public top tagging set the
paper has AUC .9858, Lite .9844.

Padding: only real constituents and pairs of them are computed at all, so neither neighbours, nor
the statistics of batch normalisation, nor any mean knows of it, in training as well. The authors'
code lets the normalisation see padding. A constituent with less than k others has those as its
neighbours, and one alone none: its mean is 0.

The first layer of H acts on (x_i, x_j − x_i); as it is linear, it is taken of the constituents and
then gathered: (W_1 − W_2) x_i + W_2 x_j, k times less work.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from relearn.models import edges
from relearn.models.blocks import exactly, full_precision
from relearn.models.constituents import NAMES, relative
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_options, options_of

_LITE = {"neighbours": 7, "channels": ((32,) * 3, (64,) * 3), "dense": 128}
SIZES: dict[str, dict[str, Any]] = {
    "small": {"neighbours": 7, "channels": ((16,) * 2, (32,) * 2), "dense": 32},
    "medium": _LITE,
    "lite": _LITE,
    "paper": {"neighbours": 16, "channels": ((64,) * 3, (128,) * 3, (256,) * 3), "dense": 256},
}
# The paper: AdamW, 3e-4 up to 3e-3 and down to 5e-7 in one cycle of 20 epochs; Lite batch 1024.
DEFAULTS: dict[str, Any] = {
    "optimiser": "adamw",
    "learning_rate": 3e-3,
    "schedule": "one_cycle",
    "weight_decay": 1e-4,
    "batch_size": 384,
    "epochs": 20,
}
OPTIONS = ("neighbours", "channels", "dense", "dropout", "constituents", "features", "outputs")


class ParticleNet(Tagger):
    """ParticleNet.

    Parameters
    ----------
    neighbours
        k.
    channels
        Of each EdgeConv block, the widths of its layers.
    dense
        Units of the dense layer.
    dropout
        Its rate there.
    constituents
        Only so many of the first are taken; all for None.
    features
        Number of extra columns.
    outputs
        Number of outputs.
    """

    compilable = False  # there are as many rows as constituents in the batch

    def __init__(
        self,
        neighbours: int,
        channels: Sequence[Sequence[int]],
        dense: int,
        dropout: float = 0.1,
        constituents: int | None = None,
        features: int = 0,
        outputs: int = 2,
    ):
        super().__init__()
        self.neighbours, self.constituents, self.features = neighbours, constituents, features
        widths = [len(NAMES) + features, *(block[-1] for block in channels)]
        self.norm = Norm(widths[0])
        self.blocks = nn.ModuleList(
            EdgeConv(before, block) for before, block in zip(widths, channels, strict=False)
        )
        self.dense = nn.Sequential(
            nn.Linear(widths[-1], dense), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dense, outputs)
        )

    def prepare(self, jets: Jets) -> tuple[Tensor, Tensor, Tensor]:
        """Return features (B, N, 7 + F), mask (B, N), neighbours (B, N, k) in (Δη, Δφ), int16.

        A neighbour that is not there is −1. If N − 1 < k there are N − 1 columns.
        """
        jets = exactly("particlenet", jets, self.constituents or jets.p4.shape[1], self.features)
        values, mask = relative(jets), jets.mask
        # no two constituents of a jet are more than half a turn apart
        near = nearest(torch.cdist(values[..., :2], values[..., :2]), mask, self.neighbours)
        return values, mask, near.short()

    def forward(self, values: Tensor, mask: Tensor, near: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        jets, length = mask.shape
        real = mask.flatten().nonzero()[:, 0]
        # place of a constituent among the real ones, from its place among all
        place = torch.zeros(jets * length, dtype=torch.int64, device=mask.device)
        place[real] = torch.arange(len(real), device=mask.device)
        first = (torch.arange(jets, device=mask.device) * length)[:, None, None]
        x = self.norm(values.flatten(0, 1).index_select(0, real))
        near = near.long()
        for k, block in enumerate(self.blocks):
            if k:
                near = self._near(x, mask, real)
            there = near >= 0
            flat = place[(first + near.clamp_min(0)).flatten()].view(jets * length, -1)
            x = block(x, flat.index_select(0, real), there.flatten(0, 1).index_select(0, real))
        x = edges.summable(x)
        owner, counts = real // length, mask.sum(dim=1, keepdim=True)
        total = x.new_zeros(jets, x.shape[1]).index_add(0, owner, x)
        return self.dense(total / counts.clamp_min(1))

    @torch.no_grad()
    def _near(self, x: Tensor, mask: Tensor, real: Tensor) -> Tensor:
        padded = x.new_zeros(mask.numel(), x.shape[1]).index_copy(0, real, x)
        padded = padded.view(*mask.shape, -1).float()
        square = padded.square().sum(dim=-1)
        # |a − b|² without |a|², which is the same for all neighbours b of a
        with full_precision(x.device):
            apart = torch.baddbmm(square[:, None], padded, padded.transpose(1, 2), alpha=-2)
        return nearest(apart, mask, self.neighbours)


def nearest(apart: Tensor, mask: Tensor, count: int) -> Tensor:
    """Return the nearest others of each constituent.

    Parameters
    ----------
    apart
        Distances (B, N, N), or what rises with them along the last axis; changed in place.
    mask
        (B, N): which there are.
    count
        How many, k.

    Returns
    -------
    Tensor
        (B, N, min(k, N − 1)) int64: places in the jet, never itself nor padding; −1 where there
        are no more, and for padding.
    """
    apart.masked_fill_(~mask[:, None], torch.inf)
    apart.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    count = max(min(count, mask.shape[1] - 1), 0)
    distance, found = apart.topk(count, dim=-1, largest=False, sorted=False)
    return found.masked_fill((distance == torch.inf) | ~mask[..., None], -1)


class Norm(nn.BatchNorm2d):
    """Batch normalisation of rows (n, columns).

    As rows of pixels of one picture, channels last: of torch's kernels for the CPU the fastest.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Return normalised rows (n, columns)."""
        picture = rows.view(1, len(rows), 1, -1).permute(0, 3, 1, 2)
        return super().forward(picture).permute(0, 2, 3, 1).reshape(rows.shape)


class EdgeConv(nn.Module):
    """One block: `before` columns in, the last of `channels` out."""

    def __init__(self, before: int, channels: Sequence[int]):
        super().__init__()
        widths = (2 * before, *channels)
        self.layers = nn.ModuleList(
            nn.Linear(a, b, bias=False) for a, b in zip(widths, channels, strict=False)
        )
        self.norms = nn.ModuleList(map(Norm, channels))
        self.shortcut = nn.Sequential(
            nn.Linear(before, channels[-1], bias=False), Norm(channels[-1])
        )

    def forward(self, x: Tensor, near: Tensor, there: Tensor) -> Tensor:
        """Return the new features (n, channels).

        Parameters
        ----------
        x
            (n, before), all constituents of all jets.
        near
            (n, k) int64: the rows of their neighbours.
        there
            (n, k) bool: which of those there are.
        """
        weight, gradient = self.layers[0].weight.chunk(2, dim=1)
        own, other = (x @ torch.cat([weight - gradient, gradient]).T).chunk(2, dim=1)
        ends = torch.stack(
            [
                torch.arange(len(near), device=x.device).repeat_interleave(near.shape[1]),
                near.flatten(),
            ]
        )
        if not there.all():
            ends = ends[:, there.flatten()]
        if ends.shape[1] == 0:  # each alone in its jet
            mean = 0.0
        else:
            weights = [layer.weight for layer in self.layers[1:]]
            mean = self._way(x)(own, other, ends, self.norms, weights)
        return torch.relu(self.shortcut(x) + mean)

    def _way(self, x: Tensor) -> Callable:
        if x.device.type != "cpu":
            return edges.plain
        if self.training:
            return edges.fused
        return edges.plain if torch.is_grad_enabled() else edges.inferred


def build(size: str = "paper", **options: Any) -> ParticleNet:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    check_options("particlenet", options, OPTIONS)
    return ParticleNet(**options_of("particlenet", SIZES, size, options))
