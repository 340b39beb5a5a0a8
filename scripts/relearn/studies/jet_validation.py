"""The jets of taggers: are they what was asked for, and what was lost on the way?

Signal and background, energy flow and towers, each dataset. All splits are taken together. The
same jets of other detectors and selections are compared in `relearn.studies.jet_variants`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from relearn.data import tagfile
from relearn.studies import jet_variants
from relearn.studies.inputs import StudyInputs
from relearn.studies.jet_quantities import Array, describe, quantities, read

# what nobody knows of jets made elsewhere: their events, true particles, reclustering
OF_OURS = ("passes", "response", "loses", "lost", "lost_share")
HISTOGRAMS = ("pt", "eta", "mass", "sd_mass", "tau32", "tau21", "multiplicity", "response")
NEAR = 1.1  # of the generator's cut: a spectrum that is cut has many events there
HIGH, WIDER = 1000, 2  # windows above it, GeV, have fewer jets: bins of the spectra together


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return moments and quantiles of each quantity, `histograms`, `spectra`, and `tests`.

    The main table has a row per dataset, class, kind (``truth`` for what no detector sees) and
    quantity: jets, mean and its error, sd, quantiles q01 … q99, smallest and largest. Of what
    can be yes or no (found, passes, merged, loses, cut, near_hat_cut) the mean is a share of jets.

    - ``response``: pT over that of the jet of stable particles;
    - ``found``: there is such a jet at all; only those are in the other rows;
    - ``passes``: the jet is the leading one of its kind and would be selected itself;
    - ``shared``, kind ``both``: the same of all jets that either selection takes
      (`relearn.studies.jet_variants.shared`);
    - ``loses``, ``lost``, ``lost_share``: whether the reclustering leaves constituents out, how
      many, and their share of pT;
    - ``cut``, ``cut_number``, ``cut_share``: whether the dataset stores fewer constituents than
      there are, how many it lacks, and their share of pT;
    - ``tau21``, ``tau32``: where the dataset has τ_N with β = 1;
    - ``merged``: b and both quarks are within R; signal only;
    - ``near_hat_cut``: the hard process is less than 10 % above the generator's cut.

    Jets made elsewhere have none of `OF_OURS`, no truth and no spectra.

    The histograms have, per dataset, class, kind and quantity, low, high, jets, and density,
    the share of all jets per unit of the quantity. The spectra are the same of ``leading``, the
    pT of the leading jets before the window (``selected`` marks the bins inside it; from
    ``parton_low`` to ``parton_high`` GeV the parton filter lets events go on, if any), ``hat``,
    that of all events' hard process, and ``hat_selected``, that of the jets inside. The tests
    compare variants with the first dataset of the same jets: see `relearn.studies.jet_variants`.
    """
    rows, histograms, spectra = [], [], []
    there = {name: tagfile.describe(path) for name, path in inputs.datasets.items()}
    for dataset, path in inputs.datasets.items():
        described = there[dataset]
        for side in tagfile.CLASSES:
            for kind in described.kinds:
                block = read(path, kind, side, described.observables)
                edges = _edges(block, described.selection.get(side, {}))
                place = {"dataset": dataset, "class": side, "kind": kind}
                found = {
                    name: values
                    for name, values in quantities(block).items()
                    if described.spectra or name not in OF_OURS
                }
                for name, (values, weight) in found.items():
                    rows.append(place | {"quantity": name} | describe(values, weight))
                for name in [name for name in HISTOGRAMS if name in found]:
                    histograms.append(_histogram(place, name, *found[name], edges[name]))
            place |= {"kind": "truth"}
            known = described.spectra.get(side)
            for name, values in _truth(block, side, known).items():
                rows.append(place | {"quantity": name} | describe(values, block["weight"]))
            if known:
                chosen = described.selection[side]
                spectra.append(_spectra(dataset, side, block, known, chosen))
    table = pd.DataFrame(rows)
    groups = jet_variants.groups(there)
    shared = [row for group in groups for row in jet_variants.shared(table, there, *group)]
    return {
        "": pd.concat([table, pd.DataFrame(shared)], ignore_index=True) if shared else table,
        "histograms": pd.concat(histograms, ignore_index=True),
        "spectra": pd.concat(spectra, ignore_index=True) if spectra else pd.DataFrame(),
        "tests": jet_variants.compare(inputs.datasets, there, groups),
    }


def _truth(
    block: Mapping[str, Array], side: str, spectra: tagfile.Spectra | None
) -> dict[str, Array]:
    if not spectra:
        return {}
    found = {"hat_pt": block["hat_pt"]}
    if side == "signal":
        found["merged"] = block["merged"]
    found["near_hat_cut"] = (block["hat_pt"] < NEAR * hat_cut(spectra)).astype(np.float64)
    return found


def hat_cut(spectra: tagfile.Spectra) -> float:
    """Return where the spectrum of the hard process begins: the generator's cut, GeV."""
    return float(spectra.edges[:-1][spectra.hat > 0].min())


def _edges(block: Mapping[str, Array], selection: Mapping) -> dict[str, Array]:
    """Return the bins of each quantity: wider at high pT, where masses are larger."""
    low, high = selection.get("pt", (block["pt"].min(), block["pt"].max()))
    eta = selection.get("abs_eta_max", float(np.abs(block["eta"]).max()))
    margin = 0.1 * (high - low)
    mass = np.linspace(0, max(400, low / 2), 41)
    return {
        "pt": np.linspace(low - margin, high + margin, 25),
        "eta": np.linspace(-1.1 * eta, 1.1 * eta, 23),
        "mass": mass,
        "sd_mass": mass,
        "tau32": np.linspace(0, 1.1, 34),
        "tau21": np.linspace(0, 1.1, 34),
        "multiplicity": np.linspace(0, 200, 41),
        "response": np.linspace(0.7, 1.15, 46),
    }


def _histogram(
    place: Mapping[str, str], name: str, values: Array, weight: Array, edges: Array
) -> pd.DataFrame:
    counts, _ = np.histogram(values, edges)
    sums, _ = np.histogram(values, edges, weights=weight)
    return pd.DataFrame(
        dict(place)
        | {
            "quantity": name,
            "low": edges[:-1],
            "high": edges[1:],
            "jets": counts,
            "density": sums / np.diff(edges) / weight.sum() if len(values) else 0.0,
        }
    )


def _spectra(
    dataset: str,
    side: str,
    block: Mapping[str, Array],
    spectra: tagfile.Spectra,
    chosen: Mapping[str, Any],
) -> pd.DataFrame:
    """Return the spectra that a selection starts from, and that of the hard process after it."""
    window, filtered = chosen["pt"], (chosen.get("partons") or {}).get("pt", (np.nan, np.nan))
    edges, together = spectra.edges, WIDER if window[0] > HIGH else 1
    inside_hat, _ = np.histogram(block["hat_pt"], edges, weights=block["weight"])
    edges, tables = edges[::together], []
    for name, sums in (
        ("leading", spectra.leading),
        ("hat", spectra.hat),
        ("hat_selected", inside_hat),
    ):
        sums = sums.reshape(-1, together).sum(axis=1)
        filled = np.flatnonzero(sums)
        if not len(filled):
            continue
        some = slice(filled[0], filled[-1] + 1)
        low, high = edges[:-1][some], edges[1:][some]
        middle = (low + high) / 2
        inside = (middle > window[0]) & (middle < window[1])
        tables.append(
            pd.DataFrame(
                {
                    "dataset": dataset,
                    "class": side,
                    "spectrum": name,
                    "low": low,
                    "high": high,
                    "sum": sums[some],
                    "density": sums[some] / (high - low) / sums.sum(),
                    "selected": inside & (name == "leading"),
                    "parton_low": filtered[0],
                    "parton_high": filtered[1],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
