"""Particles for the detector: made by hand, or those that Delphes has seen."""

import awkward as ak
import numpy as np
from helpers_workflow import ROOT

from relearn.generate import calorimetercards, cards, rootfile

FILES = ROOT / "tests/data_files"
MASS = {11: 0.00051, 13: 0.10566, 211: 0.13957, 130: 0.49761, 310: 0.49761, 2112: 0.93957}
CHARGE = {11: -1, 13: -1, 211: 1, 321: 1}


def stable(process):
    """The first 30 of the events of `config/detector/reference`, as Delphes has seen them."""
    with np.load(FILES / f"stable_{process}.npz") as file:
        columns = {name: file[name].astype(float) for name in ("px", "py", "pz", "x", "y", "z")}
        for name in ("pid", "charge", "mass"):
            columns[name] = file[name][file["kind"]]
        counts = file["counts"].astype(int)
    columns["e"] = np.sqrt(sum(columns[n] ** 2 for n in ("px", "py", "pz", "mass")))
    return ak.unflatten(ak.zip(columns), counts)


def particles(events):
    """Particles from lists of (pid, pT, η, φ) or (pid, pT, η, φ, x, y, z), one list an event."""
    rows = [(*row, 0.0, 0.0, 0.0)[:7] for event in events for row in event]
    pid, pt, eta, phi, x, y, z = np.array(rows, dtype=float).reshape(-1, 7).T
    kind = np.abs(pid).astype(int)
    mass = np.array([MASS.get(code, 0.0) for code in kind])
    charge = np.sign(pid) * np.array([CHARGE.get(code, 0) for code in kind])
    columns = {"pid": pid.astype(int), "charge": charge.astype(int), "mass": mass}
    columns |= {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta)}
    columns |= {"e": np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2), "x": x, "y": y, "z": z}
    return ak.unflatten(ak.zip(columns), [len(event) for event in events])


def exact_calorimeter(calorimeter):
    """The same cells without fluctuations or a threshold that matters."""
    exact = calorimetercards.EnergyResolution(eta_max=10, constant=0, stochastic=0)
    # an excess of a cell over its tracks may be a rounding error, which depends on the processor
    update = {"resolution": (exact.model_dump(),), "energy_min": 1e-9, "significance_min": 0.0}
    return calorimetercards.Calorimeter(**(calorimeter.model_dump() | update))


def exact_card(name):
    """A detector that sees every charged particle and measures without fluctuations."""
    card = cards.load(name)
    always = cards.Efficiency(eta_max=(6.0,), pt_min=(0.0,), efficiency=((1.0,),))
    exact = cards.Resolution(eta_max=(6.0,), constant=(0.0,), slope=(0.0,))
    update = {"ecal": exact_calorimeter(card.ecal), "hcal": exact_calorimeter(card.hcal)}
    for kind in ("hadrons", "electrons", "muons"):
        one = getattr(card, kind)
        update[kind] = one.model_copy(update={"tracking": always, "resolution": exact})
    return card.model_copy(update=update)


class Delphes:
    """Branches of a real Delphes file of 3 tt̄ events, flat, with the number of each's event."""

    def __init__(self, card):
        self.path = FILES / f"delphes_ttbar_{card}.root"
        self.card = cards.load(card)
        self.events = 3

    def flat(self, *names):
        found = rootfile.read(self.path, names)
        return [ak.to_numpy(ak.flatten(found[name])) for name in names]

    def event(self, name):
        counts = ak.num(rootfile.read(self.path, [name])[name])
        return np.repeat(np.arange(self.events), ak.to_numpy(counts))

    def tracks(self, *names):
        """Columns of the tracks, then of the particles that made them (``Particle.<name>``)."""
        import uproot

        tree = uproot.open(self.path)["Delphes"]
        reference = tree["Track.Particle"].array().ref
        known = tree["Particle.fUniqueID"].array()
        where = ak.Array(
            [
                [ids.index(one) for one in wanted]
                for ids, wanted in zip(known.tolist(), reference.tolist(), strict=True)
            ]
        )
        found = []
        for name in names:
            column = tree[name].array()
            column = column[where] if name.startswith("Particle.") else column
            found.append(ak.to_numpy(ak.flatten(column)).astype(float))
        return found
