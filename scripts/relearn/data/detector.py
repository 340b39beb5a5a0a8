"""Event files of true particles → what the embedded detector sees of them, beside Delphes' own."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import awkward as ak

from relearn.data import observed
from relearn.data.detector_observables import block
from relearn.errors import UserError
from relearn.generate import rootfile
from relearn.generate.detector import simulate
from relearn.seeds import derive

CHUNK = 250  # events in memory at once
BRANCHES = {
    "pid": "PID",
    "charge": "Charge",
    "px": "Px",
    "py": "Py",
    "pz": "Pz",
    "e": "E",
    "mass": "Mass",
    "x": "X",
    "y": "Y",
    "z": "Z",
}


def build(
    output: str | Path,
    dataset: str,
    settings: Mapping[str, Any],
    event_files: Sequence[str | Path],
    cards: Sequence[str | Path],
    references: Sequence[str | Path],
    root_seed: int = 0,
) -> None:
    """Simulate every card on every process, and write a dataset of kind `detector`.

    Parameters
    ----------
    output
        The file, HDF5.
    dataset
        Its name, from which the detector's seeds descend.
    settings
        Of the dataset in the config (`relearn.configdata.Detector`).
    event_files
        Of all samples; whose they are is written in them.
    cards
        ``<card>.yaml``.
    references
        ``<process>_<card>.npz``, what Delphes has seen.
    root_seed
        The ``seed`` of the config.

    Raises
    ------
    UserError
        If a file is missing, damaged, or holds no true particles.
    """
    made_of: dict[str, list[str | Path]] = {}
    for path in event_files:
        made_of.setdefault(rootfile.about(path)["sample"], []).append(path)
    delphes = {Path(path).stem: path for path in references}
    found = {}
    for process, sample in settings["samples"].items():
        seen: dict[str, list[observed.Observed]] = {Path(card).stem: [] for card in cards}
        number = 0
        for particles in _chunks(made_of.get(sample, []), settings["events"]):
            for card in cards:
                name = Path(card).stem
                seed = derive("detector", dataset, process, name, number, root=root_seed)
                seen[name].append(block(particles, simulate(particles, card, seed)))
            number += len(particles)
        if number < settings["events"]:
            raise UserError(
                f"{dataset}: {number} events of {sample}, {settings['events']} are wanted: "
                "run the workflow again to make the others"
            )
        for card, blocks in seen.items():
            theirs = delphes[f"{process}_{card}"]
            found[process, card, "delphes"] = observed.load(theirs)
            found[process, card, "embedded"] = observed.pooled(blocks)
            print(f"{process} {card}: {number} events")
    observed.write(output, found, dataset, settings)


def _chunks(paths: Sequence[str | Path], wanted: int) -> Iterator[ak.Array]:
    """Yield the true particles of the first `wanted` events, a few at a time."""
    for path in paths:
        read = rootfile.read(path, [f"Particle.{name}" for name in BRANCHES.values()])
        particles = ak.zip({ours: read[f"Particle.{name}"] for ours, name in BRANCHES.items()})
        particles = particles[:wanted]
        wanted -= len(particles)
        for first in range(0, len(particles), CHUNK):
            yield particles[first : first + CHUNK]
