"""A dense network on pixels, the step between Fisher's discriminant and convolutions in talk 001:
Playing Tag with ANN, Almeida, Backović, Cliche, Lee and Perelstein, 1501.05968.

The layers are those with which DeepTop's authors compared their own network: four of 64 nodes on
all 1600 pixels, ReLU. Nothing in it knows which pixels are neighbours.
"""

from collections.abc import Sequence
from typing import Any

from torch import nn

from relearn.models.images import FIT, ImageTagger, Pictures, add_dense, assemble, glorot

SIZES = {
    "small": {"dense": (32, 32)},
    "medium": {"dense": (64, 64)},
    "paper": {"dense": (64, 64, 64, 64)},
}
DEFAULTS: dict[str, Any] = {}
LAYOUT = ("dense", "dropout")


class ImageDense(ImageTagger):
    """Dense layers on all pixels, with ReLU.

    Parameters
    ----------
    pictures, scale
        As of `ImageTagger`.
    outputs
        Number of outputs.
    dense
        Nodes of each hidden layer.
    dropout
        Fraction dropped before each hidden layer, in training.
    """

    def __init__(
        self,
        pictures: Pictures,
        scale: str | float = FIT,
        outputs: int = 2,
        dense: Sequence[int] = (64, 64, 64, 64),
        dropout: float = 0.0,
    ):
        super().__init__(pictures, scale)
        channels, rows, columns = pictures.shape
        self.layers = nn.Sequential()
        self.layers.add_module("flatten", nn.Flatten())
        add_dense(self.layers, channels * rows * columns, dense, outputs, dropout)
        glorot(self)


def build(size: str = "paper", **options: Any) -> ImageTagger:
    """Return an untrained network; see `images.assemble`, and `ImageDense` for options."""
    return assemble("image_dense", ImageDense, LAYOUT, SIZES, size, options)
