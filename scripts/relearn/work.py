"""How much there is to do in a job: what `relearn.jobcosts` multiplies its measured costs with.

Pure functions of the config, beside `relearn.plan`; neither numpy nor torch.
"""

from dataclasses import dataclass
from pathlib import PurePath

from relearn import plan, scans, taggerscans
from relearn.config import Config
from relearn.configdata import Dimuon, External, Momenta, Tagging
from relearn.studylist import STUDIES

PARTS = ("generate", "jets")


@dataclass(frozen=True)
class Work:
    """What a job does, and how much of it.

    Attributes
    ----------
    kind
        The rule, and where the cost differs within it, what it works on: ``generate/zmumu``.
    units
        Events, rows, seconds of an estimate, pairs of network and test row; 1 where every job
        is alike.
    """

    kind: str
    units: float = 1.0


def rows(config: Config, dataset: str) -> int:
    """Return the events or jets of all splits of a dataset, of all its samples."""
    wanted = config.datasets[dataset]
    if isinstance(wanted, (Dimuon, Momenta)):
        return sum(getattr(wanted.events, split) for split in plan.SPLITS)
    if isinstance(wanted, (Tagging, External)):
        if not wanted.jets:
            return len(wanted.files) * taggerscans.FILE_JETS
        return 2 * sum(getattr(wanted.jets, split) for split in plan.SPLITS)
    return wanted.events * len(wanted.samples)


def test_rows(config: Config, dataset: str) -> int:
    """Return the events or jets of a dataset that studies look at."""
    wanted = config.datasets[dataset]
    if isinstance(wanted, (Dimuon, Momenta)):
        return wanted.events.test
    if isinstance(wanted, (Tagging, External)):
        return 2 * wanted.jets.test if wanted.jets else taggerscans.FILE_JETS
    return rows(config, dataset)


def part(config: Config, kind: str, sample: str) -> Work:
    """Return the work on one part of a sample (``generate``, ``jets``), or a file of it
    (``events``, ``jets``).
    """
    made = config.samples[sample]
    return Work(f"{kind}/{PurePath(made.card).stem}", made.events_per_part)


def dataset(config: Config, name: str) -> Work:
    """Return the work of building a dataset."""
    return Work(f"dataset/{config.datasets[name].kind}", rows(config, name))


def training(batch: scans.Batch | taggerscans.TaggerBatch) -> Work:
    """Return the work of a training job: the seconds that are estimated from its sizes."""
    kind = "stacks" if isinstance(batch, scans.Batch) else "taggers"
    return Work(f"train/{kind}", batch.est_seconds)


def study(config: Config, name: str) -> Work:
    """Return the work of measuring a study: pairs of a network and a test row that it sees."""
    wanted = config.studies[name]
    limit = wanted.options.get("jets", STUDIES[name].options.get("jets"))
    pairs = sum(_seen(config, one, limit) for one in wanted.datasets if one in config.datasets)
    for scan in wanted.scans:
        for batch in plan.scan_batches(config, scan):
            pairs += len(batch.runs) * _seen(config, batch.dataset, limit)
    return Work(f"measure/{name}", pairs)


def _seen(config: Config, dataset: str, limit: int | None) -> int:
    found = test_rows(config, dataset)
    return min(found, limit) if limit else found


def models(config: Config, batch: scans.Batch | taggerscans.TaggerBatch) -> Work:
    """Return the files of a training job: of taggers they hold a score of each test jet."""
    if isinstance(batch, scans.Batch):
        return Work("models/stacks", len(batch.runs))
    return Work("models/taggers", len(batch.runs) * test_rows(config, batch.dataset))


def files_of(config: Config) -> list[tuple[Work, str, str]]:
    """Return all kinds of large files: work, folder below the results, pattern of their names."""
    found = []
    for sample in config.samples:
        for kind in ("events", "jets"):
            found.append((part(config, kind, sample), f"{kind}/{sample}", "[!.]*.*"))
    found += [(dataset(config, one), "datasets", f"{one}.h5") for one in config.datasets]
    for scan in plan.used_scans(config):
        for batch in plan.scan_batches(config, scan):
            found.append((models(config, batch), f"models/{scan}/{batch.name}", "[!.]*"))
    return found
