"""The mean of a small net over the edges of a graph: what EdgeConv spends its time on.

Of the pairs (i, j) of a graph with E edges,

    y_i = mean over j of a_L,   z_1 = own_i + other_j,   a_l = ReLU(BN_l(z_l)),   z_{l+1} = W_l a_l.

`plain` is just that. `fused` is for training on a CPU, where memory and not arithmetic is the
limit: E is a million and more, and every step of `plain` goes once through all. It takes the edges
piece by piece, so that all steps of one layer happen in the cache, sums up the batch's statistics
on the way, and keeps only z_l; a_l is made again in the backward pass. `inferred` is the same for
a trained net.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

PIECE = 1 << 16  # numbers; what a core's cache holds a few times


def plain(
    own: Tensor,
    other: Tensor,
    ends: Tensor,
    norms: Sequence[nn.Module],
    weights: Sequence[Tensor],
) -> Tensor:
    """Return the mean over the edges of each node.

    Parameters
    ----------
    own, other
        (n, c): what a node gives to z_1 of its own edges, and of those that lead to it.
    ends
        (2, E) int64: i and j of each edge.
    norms
        L batch normalisations of rows.
    weights
        L − 1 matrices (c_out, c_in).

    Returns
    -------
    Tensor
        (n, c_L); 0 for a node without edges.
    """
    a = own.index_select(0, ends[0]) + other.index_select(0, ends[1])
    for k, norm in enumerate(norms):
        a = torch.relu(norm(a @ weights[k - 1].T if k else a))
    a = summable(a)
    total = a.new_zeros(len(own), a.shape[1]).index_add(0, ends[0], a)
    return total / _counts(ends, len(own))


def summable(x: Tensor) -> Tensor:
    """Return numbers that may be added one by one: those of half precision in float32.

    A hundred numbers added in bfloat16 are off by almost a hundredth.
    """
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def fused(
    own: Tensor,
    other: Tensor,
    ends: Tensor,
    norms: Sequence[nn.modules.batchnorm._BatchNorm],
    weights: Sequence[Tensor],
) -> Tensor:
    """Return the same with statistics of the batch, and let the norms keep their averages."""
    affine = [x for norm in norms for x in (norm.weight, norm.bias)]
    mean, *found = _Fused.apply(own, other, ends, norms[0].eps, *affine, *weights)
    with torch.no_grad():
        for norm, average, variance in zip(norms, found[::2], found[1::2], strict=True):
            unbiased = variance * (ends.shape[1] / max(ends.shape[1] - 1, 1))
            norm.running_mean.lerp_(average.to(norm.running_mean), norm.momentum)
            norm.running_var.lerp_(unbiased.to(norm.running_var), norm.momentum)
            norm.num_batches_tracked += 1
    return mean


@torch.no_grad()
def inferred(
    own: Tensor,
    other: Tensor,
    ends: Tensor,
    norms: Sequence[nn.modules.batchnorm._BatchNorm],
    weights: Sequence[Tensor],
) -> Tensor:
    """Return the same with the averages that the norms have kept, without gradients.

    Each piece of the edges goes through all layers at once.
    """
    scales = [n.weight * (n.running_var + n.eps).rsqrt() for n in norms]
    shifts = [n.bias - n.running_mean * x for n, x in zip(norms, scales, strict=True)]
    total = own.new_zeros(len(own), len(scales[-1]))
    for rows in _pieces(ends.shape[1], max(map(len, scales))):
        first, second = ends[:, rows]
        a = other.index_select(0, second).add_(own.index_select(0, first))
        for k, (scale, shift) in enumerate(zip(scales, shifts, strict=True)):
            a = torch.addcmul(shift, a @ weights[k - 1].T if k else a, scale).relu_()
        total.index_add_(0, first, a)
    return total / _counts(ends, len(own))


def _counts(ends: Tensor, nodes: int) -> Tensor:
    return torch.bincount(ends[0], minlength=nodes).clamp_min(1)[:, None]


def _pieces(edges: int, columns: int) -> Iterator[slice]:
    step = max(PIECE // columns, 1)
    return (slice(begin, begin + step) for begin in range(0, edges, step))


class _Sums:
    """Sums over rows of x and of x·y, in double precision."""

    def __init__(self, columns: int):
        self.first = torch.zeros(columns, dtype=torch.float64)
        self.second = torch.zeros(columns, dtype=torch.float64)

    def add(self, x: Tensor, y: Tensor) -> None:
        self.first += x.sum(dim=0)
        self.second += (x * y).sum(dim=0)


class _Layer:
    """The affine map z·scale + shift that the normalisation of one layer comes to."""

    def __init__(self, count: int, sums: _Sums, weight: Tensor, bias: Tensor, eps: float):
        self.count, self.mean = count, sums.first / count
        self.variance = (sums.second / count - self.mean**2).clamp_min(0)
        self.inverse = (self.variance + eps).rsqrt()
        self.scale = (weight * self.inverse).to(weight)
        self.shift = (bias - self.mean * self.inverse * weight).to(weight)

    def activated(self, z: Tensor) -> Tensor:
        return torch.addcmul(self.shift, z, self.scale).relu_()

    def through(self, z: Tensor, gradient: Tensor, g: Tensor, sums: _Sums) -> Tensor:
        """Take the gradient of a back through ReLU, into g; return a."""
        a = self.activated(z)
        torch.mul(gradient, a > 0, out=g)
        sums.add(g, z)
        return a

    def backward(self, sums: _Sums) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return the gradients of weight and bias, and how dz = u·g + v·z + w comes from g.

        `sums` are those of g and g·z, where g is the gradient of what is normalised.
        """
        bias = sums.first
        weight = (sums.second - self.mean * sums.first) * self.inverse
        scale = self.scale.double()
        slope = -scale * self.inverse * weight / self.count
        constant = -scale * bias / self.count - slope * self.mean
        found = (x.to(self.scale) for x in (weight, bias, slope, constant))
        weight, bias, slope, constant = found
        return weight, bias, (self.scale, slope, constant)


class _Fused(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, own, other, ends, eps, *parameters):
        depth = (len(parameters) + 1) // 3
        affine, weights = parameters[: 2 * depth], parameters[2 * depth :]
        zs: list[Tensor] = []
        layers: list[_Layer] = []
        for k in range(depth):
            columns = affine[2 * k].shape[0]
            z, sums = own.new_empty(ends.shape[1], columns), _Sums(columns)
            for rows in _pieces(*z.shape):
                piece = z[rows]
                if k == 0:
                    torch.index_select(other, 0, ends[1, rows], out=piece)
                    piece += own.index_select(0, ends[0, rows])
                else:
                    torch.mm(layers[-1].activated(zs[-1][rows]), weights[k - 1].T, out=piece)
                sums.add(piece, piece)
            zs.append(z)
            layers.append(_Layer(len(z), sums, affine[2 * k], affine[2 * k + 1], eps))
        total = own.new_zeros(len(own), zs[-1].shape[1])
        for rows in _pieces(*zs[-1].shape):
            total.index_add_(0, ends[0, rows], layers[-1].activated(zs[-1][rows]))
        ctx.layers, ctx.shapes = layers, (own.shape, other.shape)
        ctx.save_for_backward(ends, *weights, *zs)
        found = [x for layer in layers for x in (layer.mean, layer.variance)]
        ctx.mark_non_differentiable(*found)
        return total / _counts(ends, len(own)), *found

    @staticmethod
    @once_differentiable
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx, gradient, *_):
        ends, *saved = ctx.saved_tensors
        layers, depth = ctx.layers, len(ctx.layers)
        weights, zs = saved[: depth - 1], saved[depth - 1 :]
        d_own, d_other = (gradient.new_zeros(shape) for shape in ctx.shapes)
        d_affine, d_weights = [], [torch.zeros_like(weight) for weight in weights]
        gradient = gradient / _counts(ends, len(gradient))
        g, sums = torch.empty_like(zs[-1]), _Sums(gradient.shape[1])
        for rows in _pieces(*g.shape):
            taken = gradient.index_select(0, ends[0, rows])
            layers[-1].through(zs[-1][rows], taken, g[rows], sums)
        for k in reversed(range(depth)):
            weight, bias, (u, v, w) = layers[k].backward(sums)
            d_affine[:0] = [weight, bias]
            if k:
                below = zs[k - 1]
                new = g if below.shape == g.shape else torch.empty_like(below)
                sums = _Sums(below.shape[1])
            for rows in _pieces(*zs[k].shape):
                dz = torch.addcmul(w, g[rows], u).addcmul_(zs[k][rows], v)
                if k:
                    back = dz @ weights[k - 1]
                    a = layers[k - 1].through(below[rows], back, new[rows], sums)
                    d_weights[k - 1].addmm_(dz.T, a)
                else:
                    d_own.index_add_(0, ends[0, rows], dz)
                    d_other.index_add_(0, ends[1, rows], dz)
            g = new if k else g
        return d_own, d_other, None, None, *d_affine, *d_weights
