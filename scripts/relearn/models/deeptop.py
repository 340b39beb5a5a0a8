"""DeepTop: Deep-learning Top Taggers or The End of QCD?, Kasieczka, Plehn, Russell and Schell,
1701.08784; the network of talk 003, whose image taggers the later ones improve.

Two blocks of two convolutions, 8 maps of 4 × 4 pixels each, the maximum of 2 × 2 pixels between the
blocks and none behind the last, three dense layers of 64 nodes; ReLU. With zeros around (`same`)
20 × 20 × 8 numbers reach the dense layers: 216,546 parameters, of which 204,864 in the first of
them; the paper has about 216.5 thousand. Zeros of one pixel on each side would leave 159,714, a
pooling behind both blocks 62,946.

Pixels are GeV/600 and not normalised. Gradient descent with a step of 0.003, batches of 1000 and
the mean squared error of the softmax are the authors' own; hundreds of epochs are needed then, so
that small samples are better trained with Adam. The smaller sizes fit their scale to the training
jets.
"""

from typing import Any

from relearn.models.cnn import LAYOUT, ImageCNN
from relearn.models.images import ImageTagger, assemble

SIZES = {
    "small": {"filters": ((8,), (8,), (8,)), "kernels": (4, 4, 4), "pools": (2, 2, 1)},
    "medium": {"filters": ((8,), (8, 8)), "kernels": (4, 4), "pools": (2, 1)},
    "paper": {"filters": ((8, 8), (8, 8)), "kernels": (4, 4), "pools": (2, 1), "scale": 600.0},
}
DEFAULTS = {"optimiser": "sgd", "learning_rate": 0.003, "batch_size": 1000, "loss": "mse"}


def build(size: str = "paper", **options: Any) -> ImageTagger:
    """Return an untrained network; see `images.assemble`, and `ImageCNN` for options."""
    return assemble("deeptop", ImageCNN, LAYOUT, SIZES, size, options)
