"""Jet files and datasets of made-up jets, quick to make and known to the last digit."""

import awkward as ak
import numpy as np

from relearn import kinematics as kin
from relearn import observablenames
from relearn.configobservables import Observables
from relearn.data import jetfile, tagging
from relearn.data.impact import CONSTITUENT
from relearn.data.jets import SPECTRUM_EDGES

OBSERVABLES = Observables().model_dump()
NAMES = observablenames.names(OBSERVABLES)
WINDOW = {"pt": [350.0, 450.0], "abs_eta_max": 1.0, "radius": 1.5}
ORIGIN = {"detector": "embedded", "detector_card": "ATLAS", "multiple_interactions": False}
SAMPLES = {"signal": "tops", "background": "qcd"}
SMALL = {"train": 6, "validation": 4, "test": 5}


def settings(jets=SMALL, constituents=5):
    """A dataset of kind tagging, as in the config."""
    return {"kind": "tagging", **SAMPLES, "jets": dict(jets), "constituents": constituents}


def make_jets(n, seed=0, kinds=("eflow", "tower"), counts=None, **columns):
    """`n` jets with random columns; `columns` are name → values, or ``<kind>__name``.

    Names of the truth are looked up there, all others in each kind.
    """
    rng = np.random.default_rng(seed)
    truth = {name: rng.uniform(0, 500, n) for name in tagging.TRUTH} | {
        "merged": rng.random(n) < 0.5
    }
    truth |= {name: values for name, values in columns.items() if name in truth}
    made = {"event": np.arange(n), "weight": columns.pop("weight", np.ones(n))}
    for kind in kinds:
        jet = {name: rng.uniform(1, 100, n) for name in NAMES}
        jet |= {"found": np.ones(n, dtype=bool), "lost": np.zeros(n), "lost_pt": np.zeros(n)}
        jet["passes"] = np.ones(n, dtype=bool) if kind == "eflow" else rng.random(n) < 0.5
        jet |= {"cut": np.zeros(n, dtype=int), "cut_pt": np.zeros(n)}
        jet |= {name: values for name, values in columns.items() if name in jet}
        own = {name.removeprefix(f"{kind}__"): values for name, values in columns.items()}
        jet |= {name: values for name, values in own.items() if name in jet}
        many = rng.integers(1, 9, n) if counts is None else np.broadcast_to(counts, n)
        jet["constituents"] = _constituents(rng, many)
        jet["p4"] = ak.Array(np.zeros((n, 4)))
        made[kind] = ak.zip(jet, depth_limit=1)
    made["truth"] = ak.zip(truth, depth_limit=1)
    return ak.zip(made, depth_limit=1)


def _constituents(rng, counts):
    total = int(counts.sum())
    flat = {name: rng.normal(size=total).astype(np.float32) for name in CONSTITUENT}
    flat["pt"] = rng.uniform(1, 100, total).astype(np.float32)
    flat["mass"] = rng.uniform(0, 1, total).astype(np.float32)
    for name in ("kind", "charge"):
        flat[name] = rng.integers(-1, 2, total).astype(np.int8)
    order = np.lexsort([-flat["pt"], np.repeat(np.arange(len(counts)), counts)])
    return ak.unflatten(ak.zip({name: one[order] for name, one in flat.items()}), counts)


def write_jets(folder, side, part, jets, events=100, how=OBSERVABLES, **about):
    """Write a jet file as `find_jets.py` does, its observables computed so; return its path.

    `about` is what differs from `ORIGIN` or, as ``window``, from `WINDOW`.
    """
    path = folder / SAMPLES[side] / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    spectrum = np.zeros(len(SPECTRUM_EDGES) - 1)
    spectrum[30:50], hat = 2.0, np.roll(spectrum, -5)
    hat[20:60] = 1.0
    window = WINDOW | about.pop("window", {})
    origin = {"process": SAMPLES[side]} | ORIGIN | about
    about = {"sample": SAMPLES[side], "part": part, "events": events, "origin": origin}
    about["settings"] = window if how is None else window | {"observables": how}
    about |= {"spectrum": spectrum.tolist(), "hat_spectrum": hat.tolist()}
    jetfile.write(path, jets, about)
    return path


def write_parts(folder, jets=SMALL, parts=1, about=None, seed=0, **columns):
    """Write `parts` files of each class and split with just enough jets.

    `about` as in `write_jets`; `columns` as in `make_jets`, or side → values. Returns
    (side, split) → jets.
    """
    made = {}
    for k, side in enumerate(SAMPLES):
        mine = {n: one[side] if isinstance(one, dict) else one for n, one in columns.items()}
        for i, (split, count) in enumerate(jets.items()):
            one = make_jets(count, seed=100 * seed + 10 * i + k, **mine)
            for part, rows in enumerate(np.array_split(np.arange(count), parts)):
                write_jets(folder, side, f"{split}-{part:04d}", one[rows], **(about or {}))
            made[side, split] = one
    return made


def files(folder):
    """All jet files below a folder, in an order of their own."""
    return sorted(folder.rglob("*.parquet"), reverse=True)


def write_tagging(path, jets=SMALL, constituents=5, **columns):
    """Write a dataset of made-up jets, with `columns` as in `write_parts`; return its path."""
    folder = path.parent / f"{path.stem}_jets"
    write_parts(folder, jets, **columns)
    tagging.build(path, path.stem, settings(jets, constituents), files(folder))
    return path


def four_vectors(jets, kind):
    """jets × constituents × 4 of made-up jets."""
    flat = ak.flatten(jets[kind].constituents)
    columns = (ak.to_numpy(flat[name]) for name in ("pt", "eta", "phi", "mass"))
    return ak.unflatten(
        ak.Array(kin.from_pt_eta_phi_mass(*columns)), ak.num(jets[kind].constituents)
    )
