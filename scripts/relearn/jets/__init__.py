"""Jets: clustering, grooming, substructure and images, for many jets in one call.

Particles come and go as one kind of array, *constituents*: jets × constituents × 4 with
E, px, py, pz in GeV, either jagged (awkward) or padded with zero vectors (NumPy); see
`relearn.jets.jagged`. Nothing here reads a file or the config.

The names below are loaded when first used. Modules of this package and scripts import them
from where they are defined, so that a rule depends on no more than it runs.
"""

import importlib
from typing import Any

_HOME = {
    "cluster": "clustering",
    "hardest": "clustering",
    "recluster": "clustering",
    "take": "clustering",
    "match": "clustering",
    "in_window": "clustering",
    "soft_drop": "grooming",
    "n_subjettiness": "nsubjettiness",
    "energy_correlation": "correlators",
    "c2": "correlators",
    "d2": "correlators",
    "hep_top_tag": "toptagger",
    "jet_image": "images",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
