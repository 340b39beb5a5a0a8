"""Event files → dataset `dimuon`: the leading muon of each charge, and invariants of the pair."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.data.hdf5 import SPLITS, Block, Description
from relearn.errors import UserError
from relearn.generate import rootfile

Array = NDArray[np.float64]

FEATURES = tuple(f"{part}_{side}" for side in ("minus", "plus") for part in ("E", "px", "py", "pz"))
MUON = 13


@dataclass(frozen=True)
class Target:
    """What a network learns: a function of μ− and μ+ (n, 4), its unit and its axis label."""

    function: Callable[[Array, Array], Array]
    unit: str
    label: str


TARGETS = {
    "pt": Target(lambda a, b: kin.pt(a + b), "GeV", r"$p_T(\mu\mu)$"),
    "mass": Target(lambda a, b: kin.mass(a + b), "GeV", r"$m(\mu\mu)$"),
    "rapidity": Target(lambda a, b: kin.rapidity(a + b), "", r"$y(\mu\mu)$"),
    "cos_theta_cs": Target(kin.cos_theta_cs, "", r"$\cos\theta^*_\mathrm{CS}$"),
    "abs_cos_theta_cs": Target(
        lambda a, b: np.abs(kin.cos_theta_cs(a, b)), "", r"$|\cos\theta^*_\mathrm{CS}|$"
    ),
    "abs_delta_eta": Target(lambda a, b: np.abs(kin.delta_eta(a, b)), "", r"$|\Delta\eta|$"),
    "abs_delta_phi": Target(lambda a, b: np.abs(kin.delta_phi(a, b)), "rad", r"$|\Delta\phi|$"),
    "delta_r": Target(kin.delta_r, "", r"$\Delta R$"),
    "gamma": Target(lambda a, b: kin.gamma(a + b), "", r"$\gamma(\mu\mu)$"),
}


def pairs(path: str | Path, pt_min: float, abs_eta_max: float) -> tuple[Array, int]:
    """Return the selected muon pairs of an event file.

    Parameters
    ----------
    path
        An event file. Where it has reconstructed muons these are taken, else the muons at
        particle level.
    pt_min, abs_eta_max
        Cuts on both muons, pT in GeV.

    Returns
    -------
    ndarray
        (pairs, 8): E, px, py, pz of μ−, then of μ+, GeV. Energies follow from pT, η, φ and
        the muon's mass, so that every four-vector is on the mass shell.
    int
        Number of events in the file.

    Raises
    ------
    UserError
        If the file cannot be used.
    """
    muons = _prompt_muons(path)
    sides = []
    for charge in (-1, 1):
        one = muons[muons.charge == charge]
        sides.append(ak.firsts(one[ak.argmax(one.pt, axis=1, keepdims=True)]))
    minus, plus = sides
    keep = ak.to_numpy(~ak.is_none(minus) & ~ak.is_none(plus))
    columns = []
    for side in (minus[keep], plus[keep]):
        pt, eta, phi = (ak.to_numpy(side[name]) for name in ("pt", "eta", "phi"))
        columns.append((pt, eta, phi))
    inside = np.ones(int(keep.sum()), dtype=bool)
    for pt, eta, _ in columns:
        inside &= (pt >= pt_min) & (np.abs(eta) <= abs_eta_max)
    vectors = [kin.from_pt_eta_phi_mass(*column, kin.MUON_MASS) for column in columns]
    return np.concatenate(vectors, axis=1)[inside], len(muons)


def _prompt_muons(path: str | Path) -> ak.Array:
    """Reconstructed muons, or where there are none true ones; prompt, with charge, pT, η, φ."""
    reconstructed = "Muon.PT" in rootfile.branches(path)
    name = "Muon" if reconstructed else "Particle"
    wanted = [f"{name}.{quantity}" for quantity in ("PT", "Eta", "Phi", "Charge")]
    wanted += ["Particle.IsPrompt", "Muon.ParticleIndex" if reconstructed else "Particle.PID"]
    columns = rootfile.read(path, wanted)
    prompt = columns["Particle.IsPrompt"] == 1
    if reconstructed:
        prompt = prompt[columns["Muon.ParticleIndex"]]
    else:
        prompt = prompt & (abs(columns["Particle.PID"]) == MUON)
    fields = {"pt": "PT", "eta": "Eta", "phi": "Phi", "charge": "Charge"}
    return ak.zip({field: columns[f"{name}.{branch}"] for field, branch in fields.items()})[prompt]


def targets(inputs: Array) -> dict[str, Array]:
    """Return all targets (n, 1) of `inputs` (n, 8), float64."""
    minus, plus = inputs[:, :4], inputs[:, 4:]
    return {name: target.function(minus, plus)[:, None] for name, target in TARGETS.items()}


def select(
    files: Sequence[str | Path], count: int, pt_min: float, abs_eta_max: float, what: str
) -> Array:
    """Return the first `count` selected pairs of some event files, (count, 8).

    Parameters
    ----------
    files
        Parts of one split, in order; those that are not needed are not read.
    what
        The key of `count` in the config, for the message.

    Raises
    ------
    UserError
        If a file cannot be used, or there are too few pairs: says the yield, and the line of
        ``config/yields.yaml`` to change.
    """
    found, events, total = [], 0, 0
    for path in files:
        if total >= count:
            break
        selected, generated = pairs(path, pt_min, abs_eta_max)
        found.append(selected)
        events += generated
        total += len(selected)
    if not total:
        raise UserError(
            f"{what} asks for {count} events, but none of the {events} generated events in "
            f"{len(found)} files has a pair of prompt muons inside the selection (pT ≥ {pt_min:g} "
            f"GeV, |η| ≤ {abs_eta_max:g}): widen the dataset's `selection`, or look at its "
            "sample's card and detector"
        )
    if total < count:
        rate = f"{total / events:.4g}"
        raise UserError(
            f"{what} asks for {count} events, but {len(found)} files with {events} generated "
            f"events give {total} ({rate} for each). Write `selected_per_event: {rate}` "
            "into this dataset's entry of config/yields.yaml (or delete the entry and run "
            "`make yields`), or ask for fewer events."
        )
    return np.concatenate(found)[:count]


def build(
    dataset: str, settings: Mapping[str, Any], files: Sequence[str | Path]
) -> tuple[dict[str, Block], Description]:
    """Build a dataset from event files.

    Parameters
    ----------
    dataset
        Its name.
    settings
        Of the dataset in the config (`relearn.config.Dimuon`).
    files
        Event files; the split is in the file's name: ``train-0000.root``.

    Raises
    ------
    UserError
        As `select`.
    """
    cuts = settings["selection"]
    blocks = {}
    for split in SPLITS:
        mine = sorted(str(path) for path in files if Path(path).name.startswith(f"{split}-"))
        what = f"datasets.{dataset}.events.{split}"
        inputs = select(mine, settings["events"][split], what=what, **cuts)
        blocks[split] = Block(inputs, targets(inputs))
    return blocks, Description(
        kind="dimuon",
        dataset=dataset,
        settings=settings,
        features=FEATURES,
        units=("GeV",) * len(FEATURES),
        target_units={name: target.unit for name, target in TARGETS.items()},
        labels={name: target.label for name, target in TARGETS.items()},
    )
