"""How many events of a sample a dataset selects: measured once, kept in ``config/yields.yaml``."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from relearn import plan
from relearn.config import Config
from relearn.configdata import Detector, Dimuon
from relearn.data.dimuon import pairs
from relearn.data.jets import find
from relearn.errors import UserError
from relearn.files import atomic, own_or_shipped
from relearn.generate import delphes
from relearn.generate.events import Settings, generate

HEADER = """\
# Selected events for each generated event, by dataset. From this the workflow knows how many
# parts of a sample to generate. `key` is a hash of the cards, the detector and the selection;
# an entry is measured by `make yields` where it is missing, and older ones do no harm.
"""


@dataclass(frozen=True)
class Yield:
    """An entry of the file."""

    key: str
    dataset: str
    selected_per_event: float
    events: int
    about: str


def missing(config: Config, known: Mapping[str, float], root: Path) -> dict[str, tuple[str, str]]:
    """Return key → (dataset, sample) of the yields that studies need and lack, each once."""
    wanted: dict[str, tuple[str, str]] = {}
    for dataset in plan.used_datasets(config):
        if isinstance(config.datasets[dataset], Detector):  # nothing is selected
            continue
        for sample in plan.samples_of(config, dataset):
            wanted.setdefault(plan.yield_key(config, dataset, sample, root), (dataset, sample))
    return {key: names for key, names in wanted.items() if key not in known}


def measure(config: Config, dataset: str, name: str, events: int, root: Path) -> Yield:
    """Generate `events` events of a sample and count what a dataset selects of them.

    The part is called ``yields``, so that the events are none of those that are studied.

    Raises
    ------
    UserError
        If the sample cannot be generated, or nothing is selected.
    """
    wanted, sample = config.datasets[dataset], config.samples[name]
    settings = sample.generation() | {"events_per_part": events}
    card = own_or_shipped(f"config/detector/{sample.detector_card}.yaml", root)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "yields.root"
        make, response = partial(generate, Settings(**settings)), card
        if sample.detector == "delphes":
            make = partial(delphes.generate, settings)
            response = plan.detector_file(sample, root)
        make(name, "yields", path, own_or_shipped(sample.card, root), response, config.seed)
        if isinstance(wanted, Dimuon):
            selected, generated = pairs(path, **wanted.selection.model_dump())
            count = len(selected)
        else:
            seen_by = None if sample.detector == "none" else card
            found = find(path, config.with_observables(sample.jets), seen_by, config.seed)
            count, generated = len(found.jets), found.events
    if not count:
        raise UserError(
            f"the selection of datasets.{dataset} lets none of {generated} events of {name} pass: "
            "widen it, or ask for more with --events"
        )
    seen = {
        "embedded": sample.detector_card,
        "delphes": f"Delphes {sample.delphes_card or sample.detector_card}",
        "none": "particle level",
    }[sample.detector]
    return Yield(
        key=plan.yield_key(config, dataset, name, root),
        dataset=dataset,
        selected_per_event=float(f"{count / generated:.4g}"),
        events=generated,
        about=f"{Path(sample.card).stem}, {seen}"
        + (", multiple interactions" if sample.multiple_interactions else ""),
    )


def append(path: Path, entry: Yield) -> None:
    """Add an entry to the file; what is there stays as it is written."""
    text = path.read_text(encoding="utf-8") if path.is_file() else HEADER
    line = (
        f'- {{key: "{entry.key}", dataset: {entry.dataset}, '
        f"selected_per_event: {entry.selected_per_event:.4g}, events: {entry.events}}}"
        f"  # {entry.about}\n"
    )
    with atomic(path) as temporary:
        temporary.write_text(text + line, encoding="utf-8")
