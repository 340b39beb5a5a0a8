"""min over m of w_jm d²_jm, of every pair of a jet's vectors: the costly row of LoLa.

The pairs of 56 vectors are 3136 numbers a jet, and a chain of tensor operations writes and reads
them several times. On a CPU a compiled loop keeps one row of them in the cache; backwards only
the pair of each minimum counts. Elsewhere plain tensor operations do the same.
"""

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from relearn.jets.kernels import compiled


def weighted_minima(k: Tensor, metric: Tensor, weight: Tensor) -> Tensor:
    """Return min_m w_cjm d²_jm with d²_jm = (k_j − k_m)·g·(k_j − k_m).

    Parameters
    ----------
    k
        (B, 4, V): E, px, py, pz of V vectors.
    metric
        (4,): the diagonal of g.
    weight
        (C, V, V): w of C minima.

    Returns
    -------
    Tensor
        (B, C, V), with gradients for all three.
    """
    if k.device.type == "cpu":
        return _minima(k, metric, weight)[0]
    return minima_of_tensors(k, metric, weight)


def minima_of_tensors(k: Tensor, metric: Tensor, weight: Tensor) -> Tensor:
    """Return what `weighted_minima` does, by tensor operations that all devices have."""
    lowered = k * metric[:, None]
    square = (lowered * k).sum(dim=1)
    product = torch.bmm(lowered.mT, k)  # k_j·g·k_m
    distance = square[:, :, None] + square[:, None] - 2 * product
    return torch.stack([(w * distance).amin(dim=2) for w in weight], dim=1)


# As operators of PyTorch, so that `torch.compile` takes each for one node of its graph.
@torch.library.custom_op("relearn::weighted_minima", mutates_args=(), device_types="cpu")
def _minima(k: Tensor, metric: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the minima (B, C, V), and the m of each (B, C, V) int32."""
    jets, _, vectors = k.shape
    least = k.new_empty(jets, len(weight), vectors)
    nearest = torch.empty(least.shape, dtype=torch.int32)
    # the loop runs along j for each m, so that j has to be last
    _forward(*_arrays(k, metric, weight.mT, least, nearest))
    return least, nearest


@torch.library.custom_op("relearn::weighted_minima_backward", mutates_args=(), device_types="cpu")
def _gradients(
    upstream: Tensor, k: Tensor, metric: Tensor, weight: Tensor, nearest: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients for k, metric and weight."""
    found = tuple(torch.zeros(x.shape, dtype=x.dtype) for x in (k, metric, weight))
    _backward(*_arrays(upstream, k, metric, weight, nearest), *(x.numpy() for x in found))
    return found


@_minima.register_fake
def _(k, metric, weight):
    least = k.new_empty(len(k), len(weight), k.shape[2])
    return least, torch.empty_like(least, dtype=torch.int32)


@_gradients.register_fake
def _(upstream, k, metric, weight, nearest):
    return tuple(torch.empty(x.shape, dtype=x.dtype) for x in (k, metric, weight))


@register_flop_formula(torch.ops.relearn.weighted_minima)
def _operations(k, metric, weight, **_):
    """Return the operations of shapes: d² as a product of matrices, then w d² and a comparison."""
    jets, components, vectors = k
    return jets * vectors**2 * (2 * components + 2 * weight[0])


def _remember(ctx, inputs, output):
    ctx.save_for_backward(*inputs, output[1])


def _chain(ctx, upstream, _):
    return _gradients(upstream, *ctx.saved_tensors)


_minima.register_autograd(_chain, setup_context=_remember)


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


@compiled
def _forward(k, metric, weight, least, nearest):
    jets, _, vectors = k.shape
    distance = np.empty(vectors, k.dtype)
    g0, g1, g2, g3 = metric
    for b in range(jets):
        # not by unpacking k[b]: numba would lose that these are contiguous
        e, x, y, z = k[b, 0], k[b, 1], k[b, 2], k[b, 3]
        least[b] = np.inf
        nearest[b] = 0
        for m in range(vectors):
            em, xm, ym, zm = e[m], x[m], y[m], z[m]
            for j in range(vectors):
                de, dx, dy, dz = em - e[j], xm - x[j], ym - y[j], zm - z[j]
                distance[j] = g0 * de * de + g1 * dx * dx + g2 * dy * dy + g3 * dz * dz
            for c in range(len(weight)):
                w, lowest, where = weight[c, m], least[b, c], nearest[b, c]
                # no branch: every j is a lane of the processor's vectors
                for j in range(vectors):
                    value = w[j] * distance[j]
                    # of a vector that is NaN nothing is less: infinity stays, and shows
                    less = value < lowest[j]
                    lowest[j] = value if less else lowest[j]
                    where[j] = np.int32(m) if less else where[j]


@compiled
def _backward(upstream, k, metric, weight, nearest, to_k, to_metric, to_weight):
    for b in range(len(k)):
        for c in range(len(weight)):
            for j in range(k.shape[2]):
                m, up = nearest[b, c, j], upstream[b, c, j]
                share = up * weight[c, j, m]
                distance = k.dtype.type(0)
                for i in range(4):
                    d = k[b, i, j] - k[b, i, m]
                    change = 2 * share * metric[i] * d
                    to_k[b, i, j] += change
                    to_k[b, i, m] -= change
                    to_metric[i] += share * d * d
                    distance += metric[i] * d * d
                to_weight[c, j, m] += up * distance
