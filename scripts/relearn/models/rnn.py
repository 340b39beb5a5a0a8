"""Recurrent networks: LSTM and GRU on the four-vectors of a jet, one after the other.

The talk: they take an arbitrary number of four-vectors and depend on their ordering. The size
``paper`` is that of the LSTM top tagger of Egan et al. (1711.09059): 128 units, then a dense layer
of 64. It read its constituents along the clustering; here the ordering is an option, so that it
can be compared. The inputs are a four-vector in the coordinates of a collider, Δη, Δφ, log pT and
log E, standardised.

Padding stands behind the last constituent, and the state that is read is the one after the last
constituent, so that it never sees padding.
"""

from typing import Any

import torch
from torch import Tensor, nn

from relearn.models.blocks import digits, exactly
from relearn.models.constituents import TYPICAL_MEAN, TYPICAL_STD, Standardise, relative
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_choices, check_options, options_of

SIZES: dict[str, dict[str, Any]] = {
    "small": {"hidden": 32, "dense": 32},
    "medium": {"hidden": 64, "dense": 64},
    "paper": {"hidden": 128, "dense": 64},
}
DEFAULTS: dict[str, Any] = {}
CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}
ORDERS = ("pt", "random", "clustering")
# Names of their own, so that a scan can list both.
ALIASES = {"lstm": {"cell": "lstm"}, "gru": {"cell": "gru"}}
OPTIONS = (
    *("cell", "order", "seed", "layers", "hidden", "dense"),
    *("constituents", "features", "outputs"),
)
VECTOR = 4  # the first columns of `relative`: Δη, Δφ, log pT, log E


class Recurrent(Tagger):
    """A recurrent net on ordered constituents, then a dense layer.

    Parameters
    ----------
    cell
        ``lstm`` or ``gru``.
    order
        ``pt``, the hardest first; ``random``, in an order that the constituents' own digits
        decide, so that a jet always has the same; ``clustering``, the Cambridge/Aachen tree read
        depth first, the branch of higher pT first.
    seed
        Of the random order.
    hidden, layers
        Units of the cell, and how many cells are stacked.
    dense
        Units of the dense layer.
    constituents
        Only so many of the first are read; all for None.
    features
        Number of extra columns.
    outputs
        Number of outputs.
    """

    def __init__(
        self,
        hidden: int,
        dense: int,
        cell: str = "lstm",
        order: str = "pt",
        seed: int = 0,
        layers: int = 1,
        constituents: int | None = None,
        features: int = 0,
        outputs: int = 2,
    ):
        super().__init__()
        check_choices("rnn", cell=(cell, CELLS), order=(order, ORDERS))
        self.order, self.seed = order, seed
        self.constituents, self.features = constituents, features
        columns = VECTOR + features
        self.scale = Standardise(columns, TYPICAL_MEAN[:VECTOR], TYPICAL_STD[:VECTOR])
        self.cell = CELLS[cell](columns, hidden, num_layers=layers, batch_first=True)
        self.dense = nn.Sequential(nn.Linear(hidden, dense), nn.ReLU(), nn.Linear(dense, outputs))

    def prepare(self, jets: Jets) -> tuple[Tensor, Tensor]:
        """Return ordered inputs (B, N, 4 + F) and the number of constituents (B,) int64."""
        jets = exactly("rnn", jets, self.constituents or jets.p4.shape[1], self.features)
        values = relative(jets)
        values = torch.cat([values[..., :VECTOR], values[..., 7:]], dim=-1)
        place = _places(jets, self.order, self.seed).masked_fill(~jets.mask, torch.inf)
        order = place.argsort(dim=1, stable=True)
        values = values.gather(1, order[..., None].expand_as(values))
        return values, jets.mask.sum(dim=1)

    def fit_scaling(self, values: Tensor, counts: Tensor) -> None:
        """Standardise by the training jets."""
        self.scale.fit(values, _mask(values, counts))

    def forward(self, values: Tensor, counts: Tensor) -> Tensor:
        """Return logits (B, outputs)."""
        states, _ = self.cell(self.scale(values))
        last = (counts - 1).clamp_min(0)[:, None, None].expand(-1, 1, states.shape[2])
        state = states.gather(1, last)[:, 0]
        return self.dense(state * (counts > 0)[:, None])


def _mask(values: Tensor, counts: Tensor) -> Tensor:
    return torch.arange(values.shape[1], device=values.device) < counts[:, None]


def _places(jets: Jets, order: str, seed: int) -> Tensor:
    """Return numbers (B, N) by which the constituents are to be sorted."""
    if order == "pt":
        return -torch.hypot(jets.p4[..., 1], jets.p4[..., 2]).double()
    if order == "clustering":
        from relearn.models.trees import depth_first

        return depth_first(jets, "ca").double()
    return digits(jets.p4, seed)


def build(size: str = "paper", **options: Any) -> Recurrent:
    """Return an untrained network of a named size.

    Raises
    ------
    UserError
        If there is no such size, option or value of an option.
    """
    check_options("rnn", options, OPTIONS)
    return Recurrent(**options_of("rnn", SIZES, size, options))
