"""Jets of either class to be shown: usual ones, on which the steps of an image can be seen."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relearn.data import tagfile
from relearn.errors import UserError
from relearn.jets.images import HEIGHT, WIDTH, jet_image

LOOKED_AT = 4000  # jets, among which those shown are chosen
TOP_MASS, NEAR_TOP = 172.5, 20.0  # GeV
USUAL = 0.2  # how far a QCD jet's mass may be from the median
# what is to be seen: maxima this far apart, turned by this much, the third this far left
APART, TILT, ASIDE = 0.25, np.pi / 4, 0.2
ALIGNED = 1e-9  # a third maximum in line with the others is not to the left, as in the images
Array = NDArray[np.float64]


def choose(path: str | Path, kind: str, number: int) -> dict[str, Array]:
    """Return the constituents (n, 4) of a jet of each class that shows the steps, as `find`."""
    found = {}
    for side, row in find(path, kind, number).items():
        block = tagfile.read(path, "test", kind, rows=slice(row, row + 1))
        found[side] = block.p4[0].astype(np.float64)
    return found


def find(path: str | Path, kind: str, number: int) -> dict[str, int]:
    """Return the row among the test jets of a jet of each class that shows the steps.

    The jets of which most is true come first, in the order of the dataset: it is a usual one,
    which counts three times (a merged top with a soft-drop mass near the top's, a QCD jet with a
    mass near the median); it has three maxima; they are far apart; it has to be turned; and
    flipped.

    Raises
    ------
    UserError
        If there are not as many jets: names the option.
    """
    block = tagfile.read(
        path,
        "test",
        kind,
        observables=("mass", "sd_mass"),
        quality=("found",),
        truth=("merged",),
        rows=slice(LOOKED_AT),
    )
    mass, chosen = block.observables["mass"], {}
    for side, label in tagfile.LABELS.items():
        rows = np.flatnonzero((block.label == label) & (block.quality["found"] > 0))
        if not 0 <= number < len(rows):
            raise UserError(
                f"{path}: no test jet {number} of the {side}, only {len(rows)} "
                "(options.jet of the study counts from 0)"
            )
        usual = np.abs(mass[rows] / np.median(mass[rows]) - 1) < USUAL
        if side == "signal":
            usual = np.abs(block.observables["sd_mass"][rows] - TOP_MASS) < NEAR_TOP
            usual &= block.truth["merged"][rows] > 0
        places = [three_maxima(image) for image in jet_image(block.p4[rows], ())]
        score = 3 * usual + [shows(one) for one in places]
        chosen[side] = int(rows[np.argsort(-score, kind="stable")[number]])
    return chosen


def shows(places: Array) -> int:
    """Return how much of the steps is to be seen with these maxima: 0 … 4."""
    if len(places) < 3:
        return 0
    places = follow(places, ("centre",))
    tilt = np.arctan2(abs(places[1, 0]), places[1, 1])
    aside = follow(places, ("rotate",))[2, 0]
    apart = np.linalg.norm(places[1:], axis=1).min() > APART
    return 1 + int(apart) + int(tilt > TILT) + int(aside < -ASIDE)


def three_maxima(image: NDArray) -> Array:
    """Return η and φ (n ≤ 3, 2) of the brightest pixels that outshine their eight neighbours.

    Measured from the middle of the image, the brightest first.
    """
    dark = np.pad(image, 1)
    around = [np.roll(dark, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    peak = (image > 0) & (image >= np.max(around, axis=0)[1:-1, 1:-1])
    row, column = np.nonzero(peak)
    order = np.argsort(-image[row, column], kind="stable")[:3]
    return angles(row[order], column[order], len(image))


def follow(places: Array, steps: tuple[str, ...]) -> Array:
    """Return where up to three maxima (n, 2), η and φ, are after some of the steps."""
    if "centre" in steps and len(places) > 0:
        places = places - places[0]
    if "rotate" in steps and len(places) > 1:
        x, y = places[1]
        places = places @ np.array([[y, x], [-x, y]]) / np.hypot(x, y)
    if "flip" in steps and len(places) > 2 and places[2, 0] < -ALIGNED:
        places = places * [-1, 1]
    return places


def angles(row: NDArray, column: NDArray, size: int) -> Array:
    """Return η and φ (n, 2) of pixels from the middle of an image of `size` × `size`."""
    return np.stack([(column - size // 2) * WIDTH, (row - size // 2) * HEIGHT], axis=1)
