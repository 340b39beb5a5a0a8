"""What the layers of a trained image tagger make of test jets, some jets at a time.

The network is loaded and shown the test jets again, as they are: `scores.npz` has what it says of
them, and nothing of what is in between.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.models.images import ImageTagger
from relearn.models.jetbatch import Jets
from relearn.studies import tagging
from relearn.studies.inputs import StudyInputs

IMAGE = "image"  # what goes into the first layer: GeV, not scaled
AT_ONCE = 250  # jets whose feature maps are in memory
Array = NDArray[np.float32]


def good(inputs: StudyInputs) -> pd.DataFrame:
    """Return the runs of a study that did not diverge."""
    return inputs.runs[inputs.runs["status"] == tagging.OK]


def median(runs: pd.DataFrame) -> pd.Series:
    """Return the run with the median AUC; of an even number, the lower one."""
    return runs.sort_values("auc", kind="stable").iloc[(len(runs) - 1) // 2]


def network(inputs: StudyInputs, run: Mapping[str, Any]) -> ImageTagger:
    """Return the network of a run.

    Raises
    ------
    UserError
        If it has no feature maps.
    """
    found = inputs.network(run)
    if not isinstance(found, ImageTagger):
        raise UserError(
            f"{run['run']} is no network on images and has no feature maps: choose those that are "
            "with `where: {architecture: …}` of the study"
        )
    return found


def walk(network: ImageTagger, jets: Jets) -> Iterator[tuple[slice, dict[str, Array]]]:
    """Yield rows, and what each layer makes of these jets.

    Returns
    -------
    slice, dict
        Layer → (jets, maps, rows, columns), float32, the image first; the nodes of a dense layer
        are maps of one pixel.
    """
    for first in range(0, len(jets), AT_ONCE):
        rows = slice(first, min(first + AT_ONCE, len(jets)))
        yield rows, layers(network, jets.rows(rows))


def layers(network: ImageTagger, jets: Jets) -> dict[str, Array]:
    """Return what each layer makes of some jets, as `walk`."""
    with torch.inference_mode():
        (images,) = network.prepare(jets)
        found = {IMAGE: images} | network.feature_maps(images)
    return {
        name: values.reshape(*values.shape, *[1] * (4 - values.ndim)).numpy()
        for name, values in found.items()
    }


def places(shape: tuple[int, int, int]) -> dict[str, NDArray[np.int64]]:
    """Return map, row and column of all values of a layer (maps, rows, columns), in order."""
    return dict(zip(("map", "row", "column"), np.indices(shape).reshape(3, -1), strict=True))


def short(values: NDArray, digits: int = 4) -> NDArray[np.float64]:
    """Return values with a few digits: no eye sees more, and a table of pixels stays small."""
    return np.array([float(f"{value:.{digits}g}") for value in np.ravel(values)])
