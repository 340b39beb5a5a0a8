"""Average jet images of each class, after each step of 1701.08784."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relearn.data import tagfile
from relearn.jets.images import HEIGHT, PIXELS, STEPS, WIDTH, jet_image
from relearn.studies.inputs import StudyInputs

JETS = 10_000  # of each class, as in the talk
KIND = "tower"  # the talk's images are of the calorimeter
AT_ONCE = 2000  # jets whose images are in memory
CROP = STEPS[-1]
STAGES = {"raw": ()} | {step: STEPS[: n + 1] for n, step in enumerate(STEPS[:-1])}
Array = NDArray[np.float64]


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return numbers of the average images, and their `pixels`.

    Options: ``jets``, how many of each class at most (10 000), and ``kind`` (tower). All images
    are cropped to 40 × 40 pixels; steps are ``raw``, ``centre``, ``rotate`` and ``flip``, each
    with those before it.

    Means are weighted with the generator's weights. The main table has a row per dataset, class
    and step: jets; ``et``, mean sum of all pixels, GeV; ``outside``, the share that the crop cuts
    off; ``lit``, mean number of lit pixels; ``middle``, share of ET in the middle pixel;
    ``distance``, mean ΔR from it, weighted with ET. Pixels: row, column, η, φ from the middle, and
    ``et``, the mean, GeV.
    """
    limit, kind = inputs.options.get("jets", JETS), inputs.options.get("kind", KIND)
    rows, pixels = [], []
    for dataset, path in inputs.datasets.items():
        for side, (jets, weight) in _jets(path, kind, limit).items():
            for step, steps in STAGES.items():
                image, numbers = average(jets, weight, steps)
                place = {"dataset": dataset, "class": side, "step": step}
                rows.append(place | {"jets": len(jets)} | numbers)
                pixels.append(pd.DataFrame(place | _pixels(image)))
    return {"": pd.DataFrame(rows), "pixels": pd.concat(pixels, ignore_index=True)}


def _jets(path: str | Path, kind: str, limit: int) -> dict[str, tuple[NDArray, NDArray]]:
    """Return constituents and weights of the first test jets of each class that are there."""
    block = tagfile.read(path, "test", kind, quality=("found",), rows=slice(2 * limit))
    there = block.quality["found"] > 0
    chosen = {side: there & (block.label == label) for side, label in tagfile.LABELS.items()}
    return {side: (block.p4[mine], block.weight[mine]) for side, mine in chosen.items()}


def average(
    jets: NDArray, weight: NDArray, steps: tuple[str, ...]
) -> tuple[Array, dict[str, float]]:
    """Return the mean image (40, 40) of jets (n, constituents, 4), GeV, and numbers of it.

    Each jet counts with its weight (n,).
    """
    total, whole, lit = np.zeros((PIXELS, PIXELS)), 0.0, 0.0
    for first in range(0, len(jets), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        images, by = jet_image(jets[some], (*steps, CROP)), weight[some].astype(np.float64)
        total += np.einsum("n,nij->ij", by, images)
        lit += by @ np.count_nonzero(images, axis=(1, 2))
        whole += by @ jet_image(jets[some], steps).sum(axis=(1, 2), dtype=np.float64)
    number, inside = weight.sum(dtype=np.float64), total.sum()
    mean = total / number
    eta, phi = axes()
    return mean, {
        "et": whole / number,
        "outside": 1 - inside / whole,
        "lit": lit / number,
        "middle": total[PIXELS // 2, PIXELS // 2] / inside,
        "distance": float((total * np.hypot(eta[None], phi[:, None])).sum() / inside),
    }


def axes() -> tuple[Array, Array]:
    """Return η of the columns and φ of the rows, from the middle pixel."""
    steps = np.arange(PIXELS) - PIXELS // 2
    return steps * WIDTH, steps * HEIGHT


def _pixels(image: Array) -> dict[str, NDArray]:
    row, column = np.nonzero(image)
    eta, phi = axes()
    # five digits: no eye sees more, and the table stays small
    et = [float(f"{value:.5g}") for value in image[row, column]]
    return {"row": row, "column": column, "eta": eta[column], "phi": phi[row], "et": et}
