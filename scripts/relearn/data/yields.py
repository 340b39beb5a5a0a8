"""How many events of a sample a dataset selects: measured once, kept in ``config/yields.yaml``."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relearn import plan
from relearn.config import Config, Dimuon
from relearn.data.dimuon import pairs
from relearn.errors import UserError
from relearn.files import atomic
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


def missing(config: Config, known: Mapping[str, float], root: Path) -> dict[str, str]:
    """Return key → dataset of the yields that are not known, each key once."""
    wanted: dict[str, str] = {}
    for name, dataset in config.datasets.items():
        if isinstance(dataset, Dimuon):
            wanted.setdefault(plan.yield_key(config, name, root), name)
    return {key: name for key, name in wanted.items() if key not in known}


def measure(config: Config, dataset: str, events: int, root: Path) -> Yield:
    """Generate `events` events of a dataset's sample and count what it selects.

    The part is called ``yields``, so that the events are none of those that are studied.

    Raises
    ------
    UserError
        If the sample cannot be generated, or none of the events is selected.
    """
    wanted = config.datasets[dataset]
    sample = config.samples[wanted.sample]
    settings = Settings(**(sample.model_dump() | {"events_per_part": events}))
    card = root / f"config/detector/{sample.detector_card}.yaml"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "yields.root"
        generate(settings, wanted.sample, "yields", path, root / sample.card, card, config.seed)
        selected, generated = pairs(path, **wanted.selection.model_dump())
    if not len(selected):
        raise UserError(
            f"datasets.{dataset}.selection lets none of {generated} events of {wanted.sample} "
            "pass: widen it, or ask for more with --events"
        )
    seen = sample.detector_card if sample.detector == "embedded" else "particle level"
    return Yield(
        key=plan.yield_key(config, dataset, root),
        dataset=dataset,
        selected_per_event=float(f"{len(selected) / generated:.4g}"),
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
