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


def build(
    size: str = "paper",
    outputs: int = 2,
    constituents: int | None = None,
    features: int = 0,
    **options: Any,
) -> ImageTagger:
    """Return an untrained network.

    Parameters
    ----------
    size
        ``small``, ``medium`` or ``paper``.
    outputs
        Number of outputs.
    constituents, features
        Of no matter: a picture is drawn from any number of constituents.
    options
        Of `Pictures` and `ImageDense`, in place of the size's.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    given = {"outputs": outputs, **options}
    return assemble("image_dense", ImageDense, ("dense", "dropout"), SIZES, size, given)
