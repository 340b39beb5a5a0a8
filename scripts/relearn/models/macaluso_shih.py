"""Pulling Out All the Tops with Computer Vision and Deep Learning, Macaluso and Shih, 1803.00107;
the improved CNN of talk 001, and the CNN of the public comparison, 1902.09914.

DeepTop with more maps and nodes: convolutions of 128, 64 | 64, 64 maps, 4 × 4 pixels each, the
maximum of 2 × 2 pixels behind either block, dense layers of 64, 256 and 256 nodes; ReLU. Trained
with AdaDelta, batches of 128 and cross entropy on 1.2 + 1.2 million jets. With one row of zeros on
each side, so that each convolution takes off a pixel, there are 609,666 parameters: the 610
thousand that the public comparison prints. (`padding: same` gives 757,122.)

The paper's other improvements are options of any image tagger: the steps taken on constituents
(``subpixel``, here the default of all sizes), pictures divided by their sum (``normalise: sum``),
colours (``channels: colours``; the paper's four are pT of neutral, pT of tracks, number of tracks
and of muons).
"""

from typing import Any

from relearn.models.cnn import LAYOUT, ImageCNN
from relearn.models.images import ImageTagger, assemble

SIZES = {
    "small": {
        "filters": ((8,), (16,), (16,)),
        "kernels": (4, 4, 4),
        "pools": (2, 2, 2),
        "dense": (64, 64),
    },
    "medium": {
        "filters": ((32, 16), (16, 16)),
        "kernels": (4, 4),
        "pools": (2, 2),
        "dense": (64, 64, 64),
    },
    "paper": {
        "filters": ((128, 64), (64, 64)),
        "kernels": (4, 4),
        "pools": (2, 2),
        "dense": (64, 256, 256),
    },
}
for _options in SIZES.values():
    _options |= {"padding": "one", "subpixel": True}
DEFAULTS = {"optimiser": "adadelta", "learning_rate": 0.3, "batch_size": 128}


def build(size: str = "paper", **options: Any) -> ImageTagger:
    """Return an untrained network; see `images.assemble`, and `ImageCNN` for options."""
    return assemble("macaluso_shih", ImageCNN, LAYOUT, SIZES, size, options)
