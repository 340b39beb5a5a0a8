"""Event file → jets: the leading one of each event, its partner of the other kind, and the truth.

One record a jet, as `COLUMNS` say; what the constituents of both kinds are stands in lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.data import impact, jettruth
from relearn.data.jettruth import Truth
from relearn.data.observables import observables
from relearn.errors import UserError
from relearn.generate import constituents as parts
from relearn.generate import rootfile
from relearn.jets import clustering

SOURCES = ("eflow", "tower")
PARTNER_PT_MIN = 20.0  # GeV, of the jets of the other kind
EVENTS_AT_ONCE = 500  # whose constituents are in memory
SPECTRUM_EDGES = np.linspace(0, 3000, 301)  # GeV, of all leading jets, to see what a cut shapes


@dataclass(frozen=True)
class Found:
    """The jets of an event file.

    Attributes
    ----------
    jets
        One record a jet.
    events
        Number of events in the file.
    spectrum
        Sum of weights of the leading jets inside |η|, before the window in pT, by
        `SPECTRUM_EDGES`.
    hat_spectrum
        The same of the hard process of all events: where the generator's cut is.
    """

    jets: ak.Array
    events: int
    spectrum: NDArray[np.float64]
    hat_spectrum: NDArray[np.float64]


def find(
    path: str | Path,
    settings: Mapping[str, Any],
    card: str | Path | None,
    seed: int,
    at_once: int = EVENTS_AT_ONCE,
) -> Found:
    """Return the jets of an event file.

    Memory holds some events at a time, and all jets.

    Parameters
    ----------
    path
        Written by us or by Delphes.
    settings
        Of the sample's jets in the config (`relearn.configdata.Jets`), and ``observables``,
        those of what is computed (`relearn.configobservables.Observables`).
    card
        Detector card with the resolution of impact parameters; None at particle level, where
        event files have none and all are 0.
    seed
        Of the smearing of the impact parameters.
    at_once
        How many events are in memory; the jets are the same whatever it is.

    Returns
    -------
    Found
        Records with

        - ``event``, ``weight``;
        - ``eflow``, ``tower``: ``found`` (there is such a jet within R of the selected one),
          ``passes`` (it is the leading one of its kind and would be selected itself), ``p4``
          of the anti-kT jet, ``lost`` and ``lost_pt`` of its reclustering,
          ``cut`` (constituents beyond those kept) and ``cut_pt`` (the sum of their pT, GeV),
          ``constituents`` (`relearn.data.impact.CONSTITUENT`, the hardest first; GeV, mm)
          and all of `relearn.data.observables`;
        - ``truth``: see `relearn.data.jettruth`.

    Raises
    ------
    UserError
        If the file cannot be used.
    """
    names = SOURCES if card is not None else ("particle",)
    truth = jettruth.branches(path)
    of_kinds = [branch for name in names for branch in parts.branches(name)]
    wanted = dict.fromkeys(["Event.Weight", *of_kinds, *truth, *impact.branches(path)])
    dice = {name: impact.Smearing(card, name, seed) for name in names}
    found, events = [], 0
    for columns in rootfile.chunks(path, list(wanted), at_once):
        found.append(_some(columns, events, settings, dice))
        events += found[-1].events
    return Found(
        ak.concatenate([one.jets for one in found]),
        events,
        np.sum([one.spectrum for one in found], axis=0),
        np.sum([one.hat_spectrum for one in found], axis=0),
    )


def _some(
    columns: Mapping[str, ak.Array],
    before: int,
    settings: Mapping[str, Any],
    dice: Mapping[str, impact.Smearing],
) -> Found:
    """Return the jets of some events of a file, those after the first `before`."""
    radius, names = settings["radius"], list(dice)
    chosen = settings["select_on"] if "particle" not in names else "particle"
    read = {name: parts.of(columns, name) for name in names}
    particles = {name: four_vectors(one) for name, one in read.items()}
    weight = ak.to_numpy(ak.flatten(columns["Event.Weight"][:, :1]))

    leading = clustering.hardest(particles[chosen], radius)
    p4 = ak.to_numpy(leading.p4)
    inside = clustering.in_window(p4, eta_max=settings["abs_eta_max"])
    spectrum = np.histogram(kin.pt(p4)[inside], SPECTRUM_EDGES, weights=weight[inside])[0]
    keep = clustering.in_window(p4, *settings["pt"], settings["abs_eta_max"])
    truth = jettruth.truth_of(columns, p4, radius)
    hat_spectrum = np.histogram(truth.hat_pt, SPECTRUM_EDGES, weights=weight)[0]
    if settings["match"] is not None:
        keep &= truth.top_delta_r < settings["match"]
    event = np.flatnonzero(keep)

    jets = {"event": before + event, "weight": weight[event]}
    for name in names:
        if name == chosen:
            jet, there = leading[event], np.ones(len(event), dtype=bool)
            passes = there
        else:
            jet, there, first = _partner(particles[name][event], p4[event], radius)
            passes = first & _passes(jet, truth, event, settings)
        described = _describe(jet, there, read[name][event], particles[name][event], settings)
        described["passes"] = passes
        measured = impact.is_measured(columns)
        described["constituents"] = dice[name](described.constituents, measured)
        jets["eflow" if name == "particle" else name] = described
    jets["truth"] = ak.zip(
        {name: values[event] for name, values in vars(truth).items()}, depth_limit=1
    )
    # packed, or the jets would hold on to all constituents of the events
    packed = ak.to_packed(ak.zip(jets, depth_limit=1))
    return Found(packed, len(weight), spectrum, hat_spectrum)


def origin(path: str | Path) -> dict[str, Any]:
    """Return what made the events of a file that can be read.

    Returns
    -------
    dict
        ``process`` (the name of the Pythia card), ``detector``, ``detector_card`` (None without
        a detector, the file's name for a Delphes card of one's own) and
        ``multiple_interactions``, as in the config; nothing if no workflow of ours made them.
    """
    try:
        about = rootfile.about(path)
    except UserError:
        return {}
    settings = about["settings"]
    detector, card = settings["detector"], settings["detector_card"]
    own = about.get("delphes", {}).get("card")
    if own not in (None, f"delphes_card_{card}.tcl"):
        card = own
    return {
        "process": Path(settings["card"]).stem,
        "detector": detector,
        "detector_card": None if detector == "none" else card,
        "multiple_interactions": settings["multiple_interactions"],
    }


def four_vectors(constituents: ak.Array) -> ak.Array:
    """Return (…, 4) E, px, py, pz in GeV of constituents with pt, eta, phi, mass."""
    flat = ak.flatten(constituents)
    columns = (ak.to_numpy(flat[name]) for name in ("pt", "eta", "phi", "mass"))
    return ak.unflatten(ak.Array(kin.from_pt_eta_phi_mass(*columns)), ak.num(constituents))


def _partner(
    particles: ak.Array, p4: NDArray[np.float64], radius: float
) -> tuple[ak.Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the jet of the other kind that is nearest to each selected one.

    With it, whether there is one, and whether it is the leading one of its event.
    """
    jets = clustering.cluster(particles, radius, pt_min=PARTNER_PT_MIN)
    nearest, _ = clustering.match(p4, jets.p4, radius)
    there = nearest >= 0
    # an empty jet at the end of each event stands where there is none
    none = ak.zip(
        {"p4": ak.Array(np.zeros((1, 4))), "constituents": ak.Array([[0]])[:, :0]}, depth_limit=1
    )
    count = len(jets)
    nones = ak.unflatten(none[np.zeros(count, dtype=int)], np.ones(count, dtype=int))
    index = np.where(there, nearest, ak.to_numpy(ak.num(jets)))
    return ak.concatenate([jets, nones], axis=1)[np.arange(count), index], there, nearest == 0


def _passes(
    jets: ak.Array, truth: Truth, event: NDArray[np.int64], settings: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Return which jets of some events pass the selection, with the tops of the selected ones."""
    p4 = ak.to_numpy(jets.p4)
    keep = clustering.in_window(p4, *settings["pt"], settings["abs_eta_max"])
    if settings["match"] is not None:
        place = (getattr(truth, f"top_{name}")[event] for name in ("pt", "eta", "phi"))
        top = kin.from_pt_eta_phi_mass(*place, 0.0)
        keep &= kin.delta_r(p4, top) < settings["match"]
    return keep


def _describe(
    jet: ak.Array,
    there: NDArray[np.bool_],
    constituents: ak.Array,
    particles: ak.Array,
    settings: Mapping[str, Any],
) -> ak.Array:
    """Return everything about one kind of jet."""
    members, vectors = constituents[jet.constituents], particles[jet.constituents]
    again = clustering.recluster(vectors, settings["radius"])
    members, vectors = members[again.constituents], vectors[again.constituents]
    found = {"found": there, "p4": jet.p4}
    found |= {"lost": again.lost, "lost_pt": again.lost_pt}
    found |= observables(vectors, members.charge, settings["radius"], settings["observables"])
    limit = settings["keep"]
    beyond = members.pt[:, limit:]
    found |= {"cut": ak.num(beyond), "cut_pt": ak.sum(beyond, axis=1)}
    found["constituents"] = members[:, :limit]
    return ak.zip(found, depth_limit=1)
