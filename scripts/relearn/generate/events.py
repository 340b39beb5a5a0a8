"""One part of a sample: Pythia → detector → event file."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from relearn.files import atomic
from relearn.generate import detector, hardprocess, layout, particles, pythia, rootfile
from relearn.generate.constituents import INVISIBLE
from relearn.generate.partonfilter import parton_filter
from relearn.jets import clustering
from relearn.seeds import derive, pythia_seed

CHUNK = {"prompt_muons": 5000, "stable": 250, "jets": 250}  # events in memory at once
OBJECTS = {
    "stable": detector.OBJECTS,
    "jets": ("eflow", "towers", "muons", "electrons", "missing_et"),
}
MB_TO_PB = 1e9
GEN_JET_PT_MIN = 20.0  # GeV, as in Delphes' cards


@dataclass(frozen=True)
class Settings:
    """A sample, as in the config (`relearn.config.Sample` says what the keys mean)."""

    card: str
    detector: str
    detector_card: str
    multiple_interactions: bool
    keep: str
    events_per_part: int
    gen_jet_radius: float | None = None  # of the jets of stable particles; None: no jets
    parton_filter: Mapping[str, Any] | None = None  # what `parton_filter` takes; None: no filter


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
        events, events tried by the parton filter where there is one, cross section in pb and
        its error.

    Raises
    ------
    UserError
        If a card cannot be used or Pythia gives up.
    """
    seed = pythia_seed(sample, part, root=root_seed)
    wanted = settings.parton_filter
    judge = parton_filter(**wanted) if wanted else None
    engine = pythia.start(card or settings.card, seed, settings.multiple_interactions, judge)
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
            dice = derive("detector", sample, part, done, root=root_seed)
            chunk = _chunk(settings, generator, wanted, done, response, dice)
            yield chunk
            done += len(chunk["Event"])
        info = engine.infoPython()
        about["failed_events"] = generator.failed
        about["tried_events"] = judge.tried if judge else settings.events_per_part
        about["cross_section_pb"] = info.sigmaGen() * MB_TO_PB
        about["cross_section_error_pb"] = info.sigmaErr() * MB_TO_PB

    with atomic(output) as temporary:
        rootfile.write(temporary, chunks(), about)
    return about | {"seconds": time.perf_counter() - started}


def _chunk(
    settings: Settings,
    generator: particles.Generator,
    wanted: int,
    first: int,
    response: str | Path,
    seed: int,
) -> dict[str, ak.Array]:
    """Generate up to `wanted` events: object → its branches."""
    embedded = settings.detector == "embedded"
    if settings.keep == "prompt_muons":
        kept, weight = particles.prompt_muons(generator, wanted)
        chunk = {"Event": layout.event(first, weight)}
        chunk["Particle"] = layout.particles(kept)
        if embedded:
            seen = detector.simulate(kept, response, seed, objects=("muons",))
            chunk["Muon"] = layout.muons(seen.muons)
        return chunk

    records = generator.batch(wanted)
    stable = particles.final_particles(generator.pythia, records.prt)
    weight, hard_pt = records.info.weights[:, 0], np.sqrt(records.info.pT2Hat)
    chunk = {"Event": layout.event(first, ak.to_numpy(weight), ak.to_numpy(hard_pt))}
    if settings.keep == "stable":
        chunk["Particle"] = layout.particles(stable)
    else:
        hard = hardprocess.hard(generator.pythia, records.prt)
        chunk["Particle"] = layout.hard_process(hard, None if embedded else stable)
    if settings.gen_jet_radius:
        chunk["GenJet"] = layout.gen_jets(_gen_jets(stable, settings.gen_jet_radius))
    if embedded:
        wanted_objects = OBJECTS[settings.keep]
        seen = detector.simulate(stable, response, seed, objects=wanted_objects)
        chunk |= layout.detected(seen)
    return chunk


def _gen_jets(stable: ak.Array, radius: float) -> ak.Array:
    """Return the anti-kT jets of visible stable particles, events × jets × 4, GeV."""
    code = abs(stable.pid)
    visible = stable
    for invisible in INVISIBLE:
        visible, code = visible[code != invisible], code[code != invisible]
    flat = ak.flatten(visible)
    p4 = np.stack([ak.to_numpy(flat[name]) for name in ("e", "px", "py", "pz")], axis=1)
    particles_of = ak.unflatten(ak.Array(p4), ak.num(visible))
    return clustering.cluster(particles_of, radius, pt_min=GEN_JET_PT_MIN).p4
