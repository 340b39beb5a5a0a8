"""Impact parameters of tracks: true ones, and what a detector of a card's resolution measures."""

from collections.abc import Mapping
from pathlib import Path

import awkward as ak
import numpy as np

from relearn.generate import rootfile, tracks
from relearn.generate.cards import load
from relearn.generate.energyflow import TRACK
from relearn.seeds import derive

MEASURED = "EFlowTrack.ErrorD0"  # above 0 where a card of Delphes has smeared them itself
CONSTITUENT = ("pt", "eta", "phi", "mass", "kind", "charge", "d0", "z0", "d0_smeared", "z0_smeared")
INTEGERS = ("kind", "charge")


class Smearing:
    """Adds measured impact parameters to the constituents of jets, the next ones each time.

    The random numbers go on from call to call, so that the jets may come in any portions.

    Parameters
    ----------
    card
        Detector card with the resolution; None where there is no detector: nothing is smeared.
    kind
        Of the jets; each has random numbers of its own.
    seed
        Of the event file.
    """

    def __init__(self, card: str | Path | None, kind: str, seed: int):
        self.resolution = load(card).impact if card is not None else None
        self.dice = {
            name: np.random.default_rng(derive("impact", kind, name, root=seed))
            for name in ("d0", "z0")
        }

    def __call__(self, members: ak.Array, measured: bool = False) -> ak.Array:
        """Return jets × constituents with the fields `CONSTITUENT`, float32; GeV and mm.

        Parameters
        ----------
        members
            jets × constituents, as `relearn.generate.constituents.read` gives them.
        measured
            Whether they are smeared already: they are taken as they are.
        """
        flat = ak.flatten(members)
        columns = {name: ak.to_numpy(flat[name]) for name in CONSTITUENT if "smeared" not in name}
        is_track = columns["kind"] == TRACK
        sigma = np.zeros((2, len(is_track)))
        if self.resolution is not None and not measured:
            with np.errstate(divide="ignore"):
                sigma[:] = tracks.impact_resolution(self.resolution, columns["pt"], columns["eta"])
        for (name, rng), one in zip(self.dice.items(), sigma, strict=True):
            throw = rng.standard_normal(len(is_track))
            columns[f"{name}_smeared"] = columns[name] + np.where(is_track, one * throw, 0.0)
        typed = {
            name: columns[name].astype(np.int8 if name in INTEGERS else np.float32)
            for name in CONSTITUENT
        }
        return ak.unflatten(ak.zip(typed), ak.num(members))


def branches(path: str | Path) -> list[str]:
    """Return the branch that says whether a file's impact parameters are measured, if it has it.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return [MEASURED] if MEASURED in rootfile.branches(path) else []


def is_measured(columns: Mapping[str, ak.Array]) -> bool:
    """Say whether the impact parameters of some events are measured, not true ones."""
    return MEASURED in columns and bool(ak.any(columns[MEASURED] > 0, axis=None))
