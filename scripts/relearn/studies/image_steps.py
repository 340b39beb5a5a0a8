"""One jet image of each class through the steps of 1701.08784: centre, rotate, flip, crop."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.jets.images import STEPS, jet_image
from relearn.studies.inputs import StudyInputs
from relearn.studies.shown import angles, choose, follow, three_maxima

KIND = "tower"  # the talk's images are of the calorimeter


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return numbers of each image, its lit `pixels`, and where its `maxima` come to be.

    Of each class a jet that shows the steps best (`relearn.studies.shown`). Options: ``kind``
    (tower), and ``jet``: 1 for the next best, and so on (0).

    All have dataset, class and step: ``raw``, or what was done last. The main table has the
    number of lit pixels, their sum and the brightest (ET, GeV). Pixels: row, column, η and φ
    (from the middle of the image) and ET. Maxima: rank 1, 2, 3, with η and φ.
    """
    kind = inputs.options.get("kind", KIND)
    rows, pixels, maxima = [], [], []
    for dataset, path in inputs.datasets.items():
        for side, p4 in choose(path, kind, inputs.options.get("jet", 0)).items():
            places = three_maxima(jet_image(p4[None], ())[0])
            for n, step in enumerate(("raw", *STEPS)):
                image = jet_image(p4[None], STEPS[:n])[0]
                place = {"dataset": dataset, "class": side, "step": step}
                lit = image[image > 0]
                numbers = {"lit": len(lit), "et": float(lit.sum()), "brightest": float(lit.max())}
                rows.append(place | numbers)
                pixels.append(pd.DataFrame(place | _pixels(image)))
                eta, phi = follow(places, STEPS[:n]).T
                rank = np.arange(1, len(eta) + 1)
                maxima.append(pd.DataFrame(place | {"rank": rank, "eta": eta, "phi": phi}))
    return {
        "": pd.DataFrame(rows),
        "pixels": pd.concat(pixels, ignore_index=True),
        "maxima": pd.concat(maxima, ignore_index=True),
    }


def _pixels(image: NDArray) -> Mapping[str, NDArray]:
    row, column = np.nonzero(image)
    eta, phi = angles(row, column, len(image)).T
    et = image[row, column].astype(np.float64)
    return {"row": row, "column": column, "eta": eta, "phi": phi, "et": et}
