"""Toy momenta → dataset `momenta`, for functions of one three-vector."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relearn.data.hdf5 import SPLITS, Block, Description
from relearn.seeds import derive

Array = NDArray[np.float64]

FEATURES = ("px", "py", "pz")
WIDTH = 50.0  # GeV, standard deviation of each component
UNITS = {"identity": "GeV", "square": "GeV²", "norm_squared": "GeV²"}
LABELS = {"identity": r"$V_i$", "square": r"$V_i^2$", "norm_squared": r"$|V|^2$"}


def draw(count: int, seed: int) -> Array:
    """Draw momenta (count, 3), GeV: each component normal around 0, of standard deviation `WIDTH`.

    Isotropic, so that no component is easier to learn than another; of both signs, as the
    talk's question about units whose inputs are all negative needs; and without the long
    tails of a real spectrum, in which a few events would rule the squared error. A longer
    draw from the same seed begins with the shorter one.
    """
    return WIDTH * np.random.default_rng(seed).standard_normal((count, len(FEATURES)))


def targets(inputs: Array) -> dict[str, Array]:
    """Return V (n, 3), V² by component (n, 3) and |V|² (n, 1) of `inputs` (n, 3)."""
    square = inputs**2
    return {
        "identity": inputs,
        "square": square,
        "norm_squared": square.sum(axis=1, keepdims=True),
    }


def build(
    dataset: str, settings: Mapping[str, Any], root_seed: int = 0
) -> tuple[dict[str, Block], Description]:
    """Build a dataset of toy momenta.

    Parameters
    ----------
    dataset
        Its name: with the split it makes the seed.
    settings
        Of the dataset in the config (`relearn.config.Momenta`).
    root_seed
        The ``seed`` of the config.
    """
    blocks = {}
    for split in SPLITS:
        inputs = draw(settings["events"][split], derive("momenta", dataset, split, root=root_seed))
        blocks[split] = Block(inputs, targets(inputs))
    return blocks, Description(
        kind="momenta",
        dataset=dataset,
        settings=settings,
        features=FEATURES,
        units=("GeV",) * len(FEATURES),
        target_units=UNITS,
        labels=LABELS,
    )
