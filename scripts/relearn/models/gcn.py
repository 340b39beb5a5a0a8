"""Message passing on the graph of a jet's constituents (Henrion et al., DLPS at NIPS 2017).

A node is a constituent, an edge says how close two are, and the adjacency matrix A of a jet holds
the weights. In each of T iterations every node takes the messages of the others and is updated:

- ``update: gru``: h_i ← GRU(h_i, Σ_j A_ij ReLU(W h_j + b));
- ``update: simple``, the talk's h ← ρ(Σ_q A_q h θ_q) with the two matrices 1 and A:
  h_i ← ReLU(h_i θ_0 + Σ_j A_ij h_j θ_1 + b).

The adjacency is

- ``fixed``: A_ij = exp(−ΔR_ij²/σ²), each row divided by its sum;
- ``learned``, in each iteration anew from the nodes: A_ij = softmax_j(h_iᵀ B h_j/√H) with a trained
  matrix B; ``adjacency`` returns it to be drawn.

Then the nodes are summed and two dense layers follow. The paper's learned adjacency with two
iterations, T = 2, is above the recursive net on W against QCD; it does not print all sizes, and
``paper`` is ours: 64 numbers a node.

The order of the constituents has no say. Padding has weight 0 in every sum.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from relearn.errors import UserError
from relearn.models.blocks import exactly
from relearn.models.constituents import NAMES, TYPICAL_MEAN, TYPICAL_STD, Standardise, relative
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_choices, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"hidden": 16},
    "medium": {"hidden": 32},
    "paper": {"hidden": 64},
}
DEFAULTS: dict[str, Any] = {}
ADJACENCIES, UPDATES = ("fixed", "learned"), ("gru", "simple")
OPTIONS = (
    *("adjacency", "update", "iterations", "sigma", "hidden"),
    *("constituents", "features", "outputs"),
)
TYPICAL_COUNT = 32.0  # sums over constituents are divided by it, so that they are of order 1


class MessagePassing(Tagger):
    """A message passing net with a fixed or a learned adjacency.

    Parameters
    ----------
    hidden
        Numbers in the state of a node.
    adjacency
        ``fixed`` or ``learned``.
    update
        ``gru`` or ``simple``.
    iterations
        T.
    sigma
        Length of the fixed adjacency, in ΔR.
    constituents
        Only so many of the first are taken; all for None.
    features
        Number of extra columns.
    outputs
        Number of outputs.
    """

    def __init__(
        self,
        hidden: int,
        adjacency: str = "learned",
        update: str = "gru",
        iterations: int = 2,
        sigma: float = 0.3,
        constituents: int | None = None,
        features: int = 0,
        outputs: int = 2,
    ):
        super().__init__()
        check_choices("gcn", adjacency=(adjacency, ADJACENCIES), update=(update, UPDATES))
        if not sigma > 0:
            raise UserError(f"gcn: sigma {sigma} is not positive")
        self.learned, self.sigma = adjacency == "learned", sigma
        self.constituents, self.features = constituents, features
        columns = len(NAMES) + features
        self.scale = Standardise(columns, TYPICAL_MEAN, TYPICAL_STD)
        self.embedding = nn.Linear(columns, hidden)
        layer = Gru if update == "gru" else Simple
        self.updates = nn.ModuleList(layer(hidden) for _ in range(iterations))
        self.forms = nn.ModuleList(
            nn.Linear(hidden, hidden, bias=False) for _ in range(iterations * self.learned)
        )
        self.readout = nn.Linear(hidden, hidden)
        self.dense = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))

    def prepare(self, jets: Jets) -> tuple[Tensor, Tensor]:
        """Return the features (B, N, 7 + F) and the mask (B, N) bool."""
        jets = exactly("gcn", jets, self.constituents or jets.p4.shape[1], self.features)
        return relative(jets), jets.mask

    def fit_scaling(self, values: Tensor, mask: Tensor) -> None:
        """Standardise by the training jets."""
        self.scale.fit(values, mask)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        nodes, _ = self._pass(values, mask)
        nodes = torch.relu(self.readout(nodes)) * mask[..., None]
        return self.dense(nodes.sum(dim=1) / TYPICAL_COUNT)

    def adjacency(self, values: Tensor, mask: Tensor) -> list[Tensor]:
        """Return A (B, N, N) of each iteration; row i is what node i takes from all j.

        Rows add up to 1; those and the columns of padding are 0.
        """
        return [a * mask[..., None] for a in self._pass(values, mask)[1]]

    def _pass(self, values: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
        nodes = torch.relu(self.embedding(self.scale(values)))
        matrices = [] if self.learned else [_closeness(values, mask, self.sigma)]
        for k, update in enumerate(self.updates):
            if self.learned:
                scores = self.forms[k](nodes) @ nodes.transpose(1, 2)
                matrices.append(_rows(scores / math.sqrt(nodes.shape[-1]), mask))
            nodes = update(nodes, matrices[-1])
        return nodes, matrices if self.learned else matrices * len(self.updates)


class Gru(nn.Module):
    """Messages through a dense layer, nodes as the states of a GRU."""

    def __init__(self, hidden: int):
        super().__init__()
        self.message = nn.Linear(hidden, hidden)
        self.cell = nn.GRUCell(hidden, hidden)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        """Return nodes (B, N, hidden) from nodes and adjacency (B, N, N)."""
        taken = adjacency @ torch.relu(self.message(nodes))
        return self.cell(taken.flatten(0, 1), nodes.flatten(0, 1)).view_as(nodes)


class Simple(nn.Module):
    """ReLU(h θ_0 + A h θ_1 + b)."""

    def __init__(self, hidden: int):
        super().__init__()
        self.linear = nn.Linear(2 * hidden, hidden)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        """Return nodes (B, N, hidden) from nodes and adjacency (B, N, N)."""
        return torch.relu(self.linear(torch.cat([nodes, adjacency @ nodes], dim=-1)))


def _closeness(values: Tensor, mask: Tensor, sigma: float) -> Tensor:
    """Return the fixed adjacency; ΔR² from Δη and Δφ, the first two features."""
    # no two constituents of a jet are more than half a turn apart
    apart = values[:, :, None, :2] - values[:, None, :, :2]
    return _rows(-apart.square().sum(dim=-1) / sigma**2, mask)


def _rows(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the softmax over j of scores (B, N, N), without padding."""
    # finite, so that the row of a jet without constituents is no NaN
    return scores.masked_fill(~mask[:, None], -1e30).softmax(dim=-1) * mask[:, None]


def build(size: str = "paper", **options: Any) -> MessagePassing:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size, option or value of an option.
    """
    check_options("gcn", options, OPTIONS)
    return MessagePassing(**options_of("gcn", SIZES, size, options))
