"""One part of a sample: Pythia → detector → event file."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import awkward as ak

from relearn.files import atomic
from relearn.generate import detector, particles, pythia, rootfile
from relearn.seeds import derive, pythia_seed

CHUNK = {"prompt_muons": 5000, "stable": 250}  # events in memory at once
MB_TO_PB = 1e9


@dataclass(frozen=True)
class Settings:
    """A sample, as in the config (`relearn.config.Sample` says what the keys mean)."""

    card: str
    detector: str
    detector_card: str
    multiple_interactions: bool
    keep: str
    events_per_part: int


def generate(
    settings: Settings,
    sample: str,
    part: str,
    output: str | Path,
    card: str | Path | None = None,
    detector_card: str | Path | None = None,
    root_seed: int = 0,
) -> dict[str, Any]:
    """Generate a part of a sample and write it.

    Parameters
    ----------
    settings
        Of the sample.
    sample, part
        Names: the seeds descend from them, so that a part is the same wherever it is made.
    output
        The event file.
    card, detector_card
        The files meant by `settings`, where they lie elsewhere.
    root_seed
        The ``seed`` of the config.

    Returns
    -------
    dict
        What is also written in the file: names, settings, seeds, Pythia's version, failed
        events, cross section in pb and its error.

    Raises
    ------
    UserError
        If a card cannot be used or Pythia gives up.
    """
    seed = pythia_seed(sample, part, root=root_seed)
    engine = pythia.start(card or settings.card, seed, settings.multiple_interactions)
    generator = particles.Generator(engine, settings.events_per_part)
    about = {
        "sample": sample,
        "part": part,
        "settings": asdict(settings),
        "pythia": {"version": f"{engine.parm('Pythia:versionNumber'):.3f}", "seed": seed},
    }
    response = detector_card or settings.detector_card
    started = time.perf_counter()

    def chunks() -> Iterator[dict[str, ak.Array]]:
        done = 0
        while done < settings.events_per_part:
            wanted = min(CHUNK[settings.keep], settings.events_per_part - done)
            kept = getattr(particles, settings.keep)(generator, wanted)
            chunk = {
                "Event": rootfile.event_branches(done, len(kept)),
                "Particle": rootfile.particle_branches(kept),
            }
            if settings.detector == "embedded":
                dice = derive("detector", sample, part, done, root=root_seed)
                seen = detector.simulate(kept, response, dice)
                chunk["Muon"] = rootfile.muon_branches(seen.muons)
            yield chunk
            done += len(kept)
        info = engine.infoPython()
        about["failed_events"] = generator.failed
        about["cross_section_pb"] = info.sigmaGen() * MB_TO_PB
        about["cross_section_error_pb"] = info.sigmaErr() * MB_TO_PB

    with atomic(output) as temporary:
        rootfile.write(temporary, chunks(), about)
    return about | {"seconds": time.perf_counter() - started}
