"""EFN and PFN: AUC against the size of the latent space, and filters of the EFN (1810.05165)."""

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from relearn.models.deepsets import DeepSet
from relearn.studies import along, tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

BY = (*AXES, "latent")
SHOWN = (32, 128)  # latent spaces whose filters the paper and the talk show
POINTS = 51  # of the grid along either axis
HALF = 0.5  # of a filter's maximum: inside is what it sees
DIGITS = 3
Array = NDArray[np.float64]


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points`, `roc`, `pairs`, and the filters of two EFNs with their `sizes`.

    `pairs` holds AUC differences: of each EFN to the PFN of the same latent space (``versus`` is
    ``architecture``), and of each point to the latent space of 128 of its architecture or, where
    there is none, the largest (``latent``).

    `filters` has a row for each place ``y``, ``phi`` within R of the jet's axis, and for each
    EFN shown: the trial with the lowest validation loss, ``latent`` as in `SHOWN` or, where there
    is none, the largest; ``filter_0`` … are Φ there, over its maximum. `sizes` has a row for each
    filter: its ``maximum``; ``distance`` of the place where it is from the axis; ``area`` of where
    Φ is above half of it; ``inside``, whether that area ends before the edge. Nodes that are 0
    everywhere are ``dead``.
    """
    there = set(inputs.runs["latent"])
    reference = SHOWN[-1] if SHOWN[-1] in there else int(max(there))
    compared = {"architecture": {"architecture": "pfn"}, "latent": {"latent": reference}}
    pairs = [
        along.compare(inputs, reference, BY).assign(versus=versus)
        for versus, reference in compared.items()
    ]
    filters, sizes = _filters(inputs)
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "roc": tagging.roc_table(inputs, BY),
        "pairs": pd.concat(pairs, ignore_index=True),
        "filters": filters,
        "sizes": sizes,
    }


def grid(radius: float) -> tuple[Array, float]:
    """Return y and φ (n, 2) of places in a circle around the axis, and the step between them."""
    line, step = np.linspace(-radius, radius, POINTS, retstep=True)
    places = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return places[np.hypot(*places.T) < radius + step / 2], step


def sizes_of(filters: Array, places: Array, step: float) -> pd.DataFrame:
    """Return what filters (n, latent) at the places (n, 2) of a grid see; see `measure`."""
    apart = np.hypot(*places.T)
    rows = []
    for number, one in enumerate(filters.T):
        top = one.max()
        row = {"filter": number, "dead": top <= 0, "maximum": top, "distance": np.nan, "area": 0.0}
        row["inside"] = False
        if top > 0:
            lit = one > HALF * top
            row |= {"distance": apart[one.argmax()], "area": lit.sum() * step**2}
            row["inside"] = not (apart[lit] > apart.max() - step).any()
        rows.append(row)
    return pd.DataFrame(rows)


def _filters(inputs: StudyInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables, sizes = [], []
    runs = inputs.runs[inputs.runs["status"] == tagging.OK]
    runs = runs[runs["architecture"] == "efn"]
    there = [size for size in SHOWN if (runs["latent"] == size).any()]
    for latent in there or sorted(set(runs["latent"]))[-1:]:
        mine = runs[runs["latent"] == latent]
        run = mine.sort_values("best_validation_loss", kind="stable").iloc[0]
        network: DeepSet = inputs.network(run)
        places, step = grid(testjets.read(inputs, run, 1).radius)
        with torch.inference_mode():
            found = network.filters(torch.from_numpy(places).float()).double().numpy()
        point = {name: run[name] for name in ("run", *BY)}
        size = sizes_of(found, places, step)
        sizes.append(size.assign(**point)[[*point, *size]])
        relative = (found / np.where(size["dead"], 1.0, size["maximum"])).round(DIGITS)
        columns = {f"filter_{n}": column for n, column in enumerate(relative.T)}
        y, phi = places.T.round(DIGITS)
        tables.append(pd.DataFrame(point | {"y": y, "phi": phi} | columns))
    if not tables:
        return (pd.DataFrame(columns=[*BY, name]) for name in ("y", "filter"))
    return pd.concat(tables, ignore_index=True), pd.concat(sizes, ignore_index=True)
