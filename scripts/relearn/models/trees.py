"""Jets as binary trees of clustering, in arrays that a whole batch can go through at once.

A node of a tree is a constituent (leaf) or the sum of two nodes. The nodes of a jet stand in
the order of their depth: the root, its two children, theirs, and so on; of two children the one
of higher pT first. So the i-th merged node of a depth has its children at the places 2i and
2i + 1 of the next depth, and this holds for a batch of jets one after the other too: the
structure needs no more than each node's depth and whether it is a leaf.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relearn.jets.clustering import POWERS
from relearn.jets.jagged import flatten
from relearn.jets.kernels import compiled
from relearn.jets.kernels.sequential import ALL_JETS, E_SCHEME, ONE_JET, recombine
from relearn.jets.kernels.trees import workspace
from relearn.models.jetbatch import Jets

ALGORITHMS = {"kt": "kt", "ca": "cambridge", "antikt": "antikt"}
NO_NODE = np.iinfo(np.int16).max


def grow(p4: Tensor, extra: Tensor, algorithm: str) -> tuple[Tensor, Tensor, Tensor]:
    """Cluster the constituents of each jet until one node is left.

    Parameters
    ----------
    p4
        (B, N, 4), GeV; zero vectors are none.
    extra
        (B, N, F).
    algorithm
        ``kt``, ``ca`` or ``antikt``; their radius has no say, as all is merged.

    Returns
    -------
    p4 : Tensor
        (B, 2N − 1, 4) float32, GeV: the nodes.
    extra : Tensor
        (B, 2N − 1, F) float32: of a merged node, the mean of its leaves weighted by pT.
    code : Tensor
        (B, 2N − 1) int16: twice the depth, and one more for a leaf; `NO_NODE` behind the last.
    """
    flat = flatten(p4.detach().cpu().double().numpy())
    jets, length = p4.shape[:2]
    given = extra.detach().cpu().double().numpy()[flat.owner, flat.position]
    nodes = max(2 * length - 1, 0)
    out = np.zeros((jets, nodes, 4), np.float32)
    out_extra = np.zeros((jets, nodes, extra.shape[2]), np.float32)
    code = np.full((jets, nodes), NO_NODE, np.int16)
    given, power = np.ascontiguousarray(given), np.int64(POWERS[ALGORITHMS[algorithm]])
    _grow(flat.p4, flat.offsets, given, power, out, out_extra, code)
    return tuple(torch.from_numpy(x).to(p4.device) for x in (out, out_extra, code))


def depth_first(jets: Jets, algorithm: str) -> Tensor:
    """Return the place of each constituent when the tree is read depth first.

    Parameters
    ----------
    jets
        (B, N) constituents.
    algorithm
        As in `grow`.

    Returns
    -------
    Tensor
        (B, N) int64, counted from 0, the branch of higher pT first; N where there is none.
    """
    flat = flatten(jets.p4.detach().cpu().double().numpy())
    rank = np.full(jets.p4.shape[:2], jets.p4.shape[1], np.int64)
    found = np.empty(len(flat.p4), np.int64)
    _depth_first(flat.p4, flat.offsets, np.int64(POWERS[ALGORITHMS[algorithm]]), found)
    rank[flat.owner, flat.position] = found
    return torch.from_numpy(rank).to(jets.device)


def children_of(code: NDArray[np.int16]) -> NDArray[np.int64]:
    """Return the places (nodes, 2) of the children of each node of one jet, −1 for a leaf's.

    Parameters
    ----------
    code
        (nodes,) of `grow`.
    """
    found = np.full((len(code), 2), -1)
    inner = np.flatnonzero((code != NO_NODE) & (code % 2 == 0))
    # the root is no one's child; all others stand in the order of their parents
    found[inner] = 1 + np.arange(2 * len(inner)).reshape(-1, 2)
    return found


@compiled
def _grow(p4, offsets, extra, power, out, out_extra, code):
    columns = extra.shape[1]
    for jet in range(len(offsets) - 1):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        if n == 0:
            continue
        nodes, children, distances = workspace(n)
        total = recombine(
            p4[first : first + n], power, ONE_JET, E_SCHEME, ALL_JETS, nodes, children, distances
        )
        weight, more = np.empty(total), np.empty((total, columns))
        for node in range(total):
            if node < n:
                weight[node] = nodes[node, 4]
                for k in range(columns):
                    more[node, k] = extra[first + node, k]
                continue
            a, b = children[node, 0], children[node, 1]
            weight[node] = weight[a] + weight[b]
            for k in range(columns):
                weighted = weight[a] * more[a, k] + weight[b] * more[b, k]
                more[node, k] = weighted / weight[node] if weight[node] > 0.0 else 0.0
        order, depth = np.empty(total, np.int64), np.empty(total, np.int64)
        order[0], depth[0], end = total - 1, 0, 1
        for place in range(total):
            node = order[place]
            for k in range(4):
                out[jet, place, k] = nodes[node, k]
            for k in range(columns):
                out_extra[jet, place, k] = more[node, k]
            code[jet, place] = 2 * depth[place] + (1 if node < n else 0)
            if node >= n:
                order[end], order[end + 1] = _harder_first(node, nodes, children)
                depth[end] = depth[end + 1] = depth[place] + 1
                end += 2


@compiled
def _depth_first(p4, offsets, power, rank):
    for jet in range(len(offsets) - 1):
        first, n = offsets[jet], offsets[jet + 1] - offsets[jet]
        if n == 0:
            continue
        nodes, children, distances = workspace(n)
        total = recombine(
            p4[first : first + n], power, ONE_JET, E_SCHEME, ALL_JETS, nodes, children, distances
        )
        stack = np.empty(total, np.int64)
        stack[0], size, count = total - 1, 1, 0
        while size > 0:
            size -= 1
            node = stack[size]
            if node < n:
                rank[first + node] = count
                count += 1
            else:
                stack[size + 1], stack[size] = _harder_first(node, nodes, children)
                size += 2


@compiled
def _harder_first(node, nodes, children):
    a, b = children[node, 0], children[node, 1]
    if nodes[a, 4] >= nodes[b, 4]:
        return a, b
    return b, a
