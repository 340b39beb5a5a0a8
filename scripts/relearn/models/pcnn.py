"""P-CNN: a residual network of one-dimensional convolutions along the constituents.

The particle-level CNN of the public comparison (1902.08570, 1902.09914), kin to DeepAK8: the
constituents in falling pT are a line of pixels, their features its colours. 14 convolutions of
width 3 with 32 to 128 channels, two to a unit with a shortcut around it, batch normalisation and
ReLU; then the mean over the constituents, a dense layer of 512 nodes with dropout, the outputs.

The papers give no list of the channels. One unit of 32, four of 64 and two of 128 have 348,098
parameters with 7 features, and the comparison says 348k. Ours differs in the padding: it is set
to zero behind every layer, as if the line ended there, and normalisation and the mean are over the
real constituents.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from relearn.models.blocks import exactly
from relearn.models.constituents import (
    NAMES,
    TYPICAL_MEAN,
    TYPICAL_STD,
    Standardise,
    relative,
)
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"constituents": 40, "channels": (16, 32), "dense": 64},
    "medium": {"constituents": 60, "channels": (32, 32, 64, 64), "dense": 128},
    "paper": {"constituents": 100, "channels": (32, 64, 64, 64, 64, 128, 128), "dense": 512},
}
DEFAULTS: dict[str, Any] = {}
OPTIONS = ("channels", "dense", "dropout", "constituents", "features", "outputs")


class Norm(nn.BatchNorm1d):
    """Batch normalisation of lines (B, columns, N) by their real constituents."""

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Return normalised lines; `there` (B, 1, N) is 1 where there is a constituent, else 0."""
        if not self.training:
            return super().forward(x)
        n = there.sum().clamp_min(1)
        rows = x * there
        mean = rows.sum(dim=(0, 2)) / n
        square = torch.linalg.vector_norm(rows, dim=(0, 2)).square() / n
        variance = (square - mean.square()).clamp_min(0)  # in few passes over what is long
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * n / (n - 1).clamp_min(1), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul((self.bias - mean * scale)[:, None], x, scale[:, None])


class Convolution(nn.Module):
    """A normalised convolution that keeps the length; a bias would be lost in normalising."""

    def __init__(self, before: int, after: int, width: int):
        super().__init__()
        self.convolution = nn.Conv1d(before, after, width, padding=width // 2, bias=False)
        self.norm = Norm(after)
        nn.init.kaiming_normal_(self.convolution.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Return (B, after, N) for (B, before, N)."""
        return self.norm(self.convolution(x), there)


class Unit(nn.Module):
    """Two convolutions, and a shortcut around them.

    Parameters
    ----------
    before, after
        Channels that come in and go out.
    """

    def __init__(self, before: int, after: int):
        super().__init__()
        self.first = Convolution(before, after, 3)
        self.second = Convolution(after, after, 3)
        self.shortcut = Convolution(before, after, 1) if before != after else None

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Return (B, after, N) for (B, before, N); zero where `there` (B, 1, N) is."""
        inner = torch.relu(self.first(x, there)) * there
        past = x if self.shortcut is None else self.shortcut(x, there)
        return torch.relu(self.second(inner, there) + past) * there


class PCNN(Tagger):
    """Residual convolutions along the constituents.

    Parameters
    ----------
    channels
        Of each unit of two convolutions.
    dense, dropout
        Nodes of the dense layer, and the rate behind it.
    constituents, features
        How many of the hardest are read, and how many extra columns each has.
    outputs
        Number of outputs.
    """

    def __init__(
        self,
        channels: Sequence[int],
        dense: int,
        dropout: float = 0.5,
        constituents: int = 100,
        features: int = 0,
        outputs: int = 2,
    ):
        super().__init__()
        self.constituents, self.features = constituents, features
        columns = len(NAMES) + features
        self.scale = Standardise(columns, TYPICAL_MEAN, TYPICAL_STD)
        self.units = nn.ModuleList(Unit(*pair) for pair in pairwise((columns, *channels)))
        self.head = nn.Sequential(
            nn.Linear(channels[-1], dense),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(dense, outputs),
        )

    def prepare(self, jets: Jets) -> tuple[Tensor, Tensor]:
        """Return features (B, N, 7 + F), and where there are constituents (B, N), 0 or 1."""
        jets = exactly("pcnn", jets, self.constituents, self.features)
        return relative(jets), jets.mask.to(jets.p4.dtype)

    def fit_scaling(self, values: Tensor, there: Tensor) -> None:
        """Standardise by the training jets."""
        self.scale.fit(values, there > 0)

    def forward(self, values: Tensor, there: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        there = there[:, None]
        x = self.scale(values).mT * there
        for unit in self.units:
            x = unit(x, there)
        return self.head(x.sum(dim=2) / there.sum(dim=2).clamp_min(1))


def build(size: str = "paper", **options: Any) -> PCNN:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    check_options("pcnn", options, OPTIONS)
    return PCNN(**options_of("pcnn", SIZES, size, options))
