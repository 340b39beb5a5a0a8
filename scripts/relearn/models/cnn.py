"""Convolutional networks on jet images; by default the first: Jet-Images – Deep Learning Edition,
de Oliveira, Kagan, Mackey, Nachman and Schwartzman, 1511.05190.

Their network told W jets from QCD jets on 25 × 25 pixels: three convolutions of 32 maps, 11 × 11,
3 × 3 and 3 × 3, each followed by the maximum of 2 × 2, 3 × 3 and 3 × 3 pixels, then 64 nodes.
Ours differs: 40 × 40 pixels, dropout before the dense layers only, no local response
normalisation, no penalty on weights.

`relearn.models.deeptop` and `relearn.models.macaluso_shih` are the same class with other layers.
"""

from collections.abc import Sequence
from typing import Any

from torch import nn

from relearn.errors import UserError
from relearn.models.images import FIT, ImageTagger, Pictures, add_dense, assemble, glorot


def _size(maps: int, kernel: int, nodes: int, dropout: float) -> dict[str, Any]:
    return {
        "filters": ((maps,), (maps,), (maps,)),
        "kernels": (kernel, 3, 3),
        "pools": (2, 3, 3),
        "dense": (nodes,),
        "dropout": dropout,
    }


SIZES = {
    "small": _size(8, 5, 32, 0.0),
    "medium": _size(16, 11, 64, 0.0),
    "paper": _size(32, 11, 64, 0.2),
}
DEFAULTS: dict[str, Any] = {}
LAYOUT = ("filters", "kernels", "pools", "padding", "dense", "dropout")
PADDINGS = ("same", "one")


class ImageCNN(ImageTagger):
    """Blocks of convolutions with ReLU, each followed by a pooling, then dense layers.

    Parameters
    ----------
    pictures, scale
        As of `ImageTagger`.
    outputs
        Number of outputs.
    filters
        Maps of each convolution, block by block.
    kernels
        Side of the kernels of each block, pixels.
    pools
        Side of the squares whose maximum is taken after each block; 1 for none.
    padding
        ``same``: zeros around, so that a convolution keeps the number of pixels; where the
        kernel's side is even one more behind the last row and column, as in Keras; ``one``: one
        zero on each side, so that 4 × 4 kernels take off one pixel.
    dense
        Nodes of each dense layer.
    dropout
        Fraction dropped before each dense layer, in training.

    Raises
    ------
    UserError
        If nothing is left of a picture, or the blocks do not fit together.
    """

    def __init__(
        self,
        pictures: Pictures,
        scale: str | float = FIT,
        outputs: int = 2,
        filters: Sequence[Sequence[int]] = ((8, 8), (8, 8)),
        kernels: Sequence[int] = (4, 4),
        pools: Sequence[int] = (2, 1),
        padding: str = "same",
        dense: Sequence[int] = (64, 64, 64),
        dropout: float = 0.0,
    ):
        super().__init__(pictures, scale)
        if not len(filters) == len(kernels) == len(pools):
            raise UserError(
                f"CNN: {len(filters)} blocks of filters, {len(kernels)} kernels, {len(pools)} pools"
            )
        if padding not in PADDINGS:
            raise UserError(f"CNN: no padding {padding!r}; there are {', '.join(PADDINGS)}")
        network = nn.Sequential()
        channels, side, _ = pictures.shape
        depth = 0
        for block, (maps, kernel, pool) in enumerate(zip(filters, kernels, pools, strict=True)):
            before = (kernel - 1) // 2 if padding == "same" else 1
            after = kernel - 1 - before if padding == "same" else 1
            for count in maps:
                depth += 1
                layer = _convolution(channels, count, kernel, before, after)
                network.add_module(f"conv{depth}", layer)
                channels, side = count, side + before + after - kernel + 1
            if pool > 1:
                network.add_module(f"pool{block + 1}", nn.MaxPool2d(pool))
                side //= pool
            if side < 1:
                raise UserError(f"CNN: nothing is left of a picture after block {block + 1}")
        network.add_module("flatten", nn.Flatten())
        add_dense(network, channels * side**2, dense, outputs, dropout)
        self.layers = network
        glorot(self)


def _convolution(channels: int, count: int, kernel: int, before: int, after: int) -> nn.Sequential:
    # zeros of their own where the sides differ: torch's padding="same" copies the picture too,
    # and warns
    even = [nn.ZeroPad2d((before, after, before, after))] if before != after else []
    padding = 0 if even else before
    return nn.Sequential(
        *even, nn.Conv2d(channels, count, kernel, padding=padding), nn.ReLU(inplace=True)
    )


def build(size: str = "paper", **options: Any) -> ImageTagger:
    """Return an untrained network; see `images.assemble`, and `ImageCNN` for options."""
    return assemble("cnn", ImageCNN, LAYOUT, SIZES, size, options)
