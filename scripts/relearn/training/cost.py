"""What a tagger costs: numbers learnt, and floating point operations for a jet."""

import copy
import warnings

import torch
from torch.utils.flop_counter import FlopCounterMode

from relearn.models.classic import Classic
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger

JETS = 16  # that operations are counted for


def parameters(model: Tagger | Classic) -> int:
    """Return how many numbers are learnt."""
    if isinstance(model, Classic):
        return model.parameters
    return sum(one.numel() for one in model.parameters() if one.requires_grad)


@torch.no_grad()
def flops(model: Tagger | Classic, jets: Jets) -> float:
    """Return the operations for a jet: matrix products, convolutions, LoLa's minima.

    A multiplication and an addition are two. What is computed once for each jet, before the
    network, does not count, and neither do activations, norms and plain sums. NaN for a tagger that
    is no network. They are counted on the CPU wherever the tagger is: of a recurrent net on a GPU
    PyTorch counts nothing.

    Parameters
    ----------
    model
        The tagger, on any device.
    jets
        Some jets, for their shape.
    """
    if isinstance(model, Classic):
        return float("nan")
    model = copy.deepcopy(model).cpu().eval()
    inputs = model.prepare(jets.to("cpu"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other devices, when the next flag is set
        # oneDNN's fused LSTM is one operation, of which the counter knows nothing
        with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as count:
            model(*inputs)
    return count.get_total_flops() / len(jets)
