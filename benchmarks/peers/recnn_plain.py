"""The recursive net as its formula reads: one jet after the other, a function that calls itself."""

import torch
from torch import Tensor


def embed(network, values: Tensor, code: Tensor) -> Tensor:
    """Return the embeddings (jets, hidden) by going down each tree.

    Parameters
    ----------
    network
        A ``relearn.models.recnn.Recursive``: its weights are used.
    values, code
        As its ``prepare`` returns them; every jet has constituents.
    """
    from relearn.models.trees import children_of

    def node(jet: Tensor, children: list, place: int) -> Tensor:
        u = torch.relu(network.node(network.scale(jet[place])))
        left, right = children[place]
        if left < 0:
            return u
        pair = [node(jet, children, left), node(jet, children, right)]
        return network.combine(torch.cat(pair)[None], u[None])[0]

    trees = [children_of(codes).tolist() for codes in code.numpy()]
    return torch.stack([node(jet, tree, 0) for jet, tree in zip(values, trees, strict=True)])


def forward(network, values: Tensor, code: Tensor) -> Tensor:
    """Return the logits (jets, outputs)."""
    return network.dense(embed(network, values, code))
