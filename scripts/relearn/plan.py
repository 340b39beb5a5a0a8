"""From the config to what there is to do: parts, files, studies and their cost.

Pure functions, shared by the Snakefile, the scripts and the tests; neither numpy nor torch.
"""

import hashlib
import json
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from relearn import scans, taggerscans
from relearn.config import Config, scan_spec
from relearn.configdata import Detector, Dimuon, Sample, Tagging
from relearn.configtaggers import TaggerScan
from relearn.errors import UserError
from relearn.files import own_or_shipped
from relearn.studylist import STUDIES
from relearn.toolversions import versions

SPLITS = ("train", "validation", "test")
CARDS = ("CMS", "ATLAS")  # of the embedded detector, and of the Delphes that it is compared with
YIELD_MARGIN = 1.05  # more events than the measured yield asks for, for its own error
SPREAD = 3  # standard deviations of the number that is found, which small datasets need
MODEL_FILES = ("weights.safetensors", "runs.csv", "history.csv", "spec.json")
TAGGER_FILES = (*MODEL_FILES, "scores.npz", "roc.csv")


def results_dir(config: Config) -> str:
    """Folder of a scale's results."""
    return f"results/{config.scale}"


# --- events ---------------------------------------------------------------------------


def samples_of(config: Config, dataset: str) -> list[str]:
    """Return the samples that a dataset is built from: one, several, or none."""
    wanted = config.datasets[dataset]
    if isinstance(wanted, Dimuon):
        return [wanted.sample]
    if isinstance(wanted, Detector):
        return list(dict.fromkeys(wanted.samples.values()))
    return [wanted.signal, wanted.background] if isinstance(wanted, Tagging) else []


def keeps_events(config: Config, sample: str) -> bool:
    """Say whether a sample's event files stay: those without jets, which datasets read."""
    made = config.samples[sample]
    return made.keep_events or made.jets is None


def delphes_samples(config: Config) -> list[str]:
    """Return the samples that go through Delphes, of those that studies need."""
    used = {name for dataset in used_datasets(config) for name in samples_of(config, dataset)}
    return [
        name
        for name, sample in config.samples.items()
        if name in used and sample.detector == "delphes"
    ]


def wanted_of(config: Config, dataset: str, split: str) -> int:
    """Return how many selected events of each of its samples a split of a dataset needs."""
    wanted = config.datasets[dataset]
    return getattr(wanted.jets if isinstance(wanted, Tagging) else wanted.events, split)


def yield_key(config: Config, dataset: str, sample: str, root: Path) -> str:
    """Return the hash of all that a yield depends on: cards, detector, selection."""
    wanted, made = config.datasets[dataset], config.samples[sample]
    card = own_or_shipped(made.card, root)
    if not card.is_file():
        raise UserError(f"samples.{sample}.card: {made.card} does not exist")
    selection = wanted.selection if isinstance(wanted, Dimuon) else made.jets
    parts = [
        card.read_text(encoding="utf-8"),
        made.detector,
        *_detector(sample, made, root),
        str(made.multiple_interactions),
        json.dumps(selection.model_dump(exclude={"keep"}), sort_keys=True),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _detector(name: str, sample: Sample, root: Path) -> list[str]:
    """Return what a sample's detector is: its card, or the name of one that Delphes brings."""
    card = detector_file(sample, root)
    if card and not card.is_file():
        raise UserError(f"samples.{name}: the detector's card {card} does not exist")
    if card:
        return [card.read_text(encoding="utf-8")]
    if sample.detector == "delphes":
        return [sample.detector_card, versions("delphes", "delphes")]
    return []


def detector_file(sample: Sample, root: Path) -> Path | None:
    """Return the card of a sample's detector; none at particle level, or where Delphes has it."""
    if sample.detector == "delphes":
        return own_or_shipped(sample.delphes_card, root) if sample.delphes_card else None
    embedded = sample.detector == "embedded"
    return (
        own_or_shipped(f"config/detector/{sample.detector_card}.yaml", root) if embedded else None
    )


def read_yields(path: Path) -> dict[str, float]:
    """Read ``config/yields.yaml``: selected events per generated event, by `yield_key`.

    Raises
    ------
    UserError
        If the file cannot be read, or a yield is not above 0: names the entry and the cure.
    """
    cure = "correct the line, or delete it and run `make yields`"
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
        found = {row["key"]: float(row["selected_per_event"]) for row in rows or []}
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error!r}): {cure}") from None
    for key, share in found.items():
        if not 0 < share < math.inf:
            raise UserError(f"{path}: selected_per_event of {key} is {share:g}, not > 0: {cure}")
    return found


def parts(config: Config, sample: str, yields: Mapping[str, float], root: Path) -> list[str]:
    """Return the parts of `sample` that the datasets of studies need, split by split.

    The split is in the part's name, so that asking for more events adds files to it and
    moves no event from one split to another.
    """
    count = dict.fromkeys(SPLITS, 0)
    for dataset in used_datasets(config):
        if sample in samples_of(config, dataset):
            for split, number in _numbers(config, dataset, sample, yields, root).items():
                count[split] = max(count[split], number)
    return [f"{split}-{i:04d}" for split in SPLITS for i in range(count[split])]


def _numbers(
    config: Config, dataset: str, sample: str, yields: Mapping[str, float], root: Path
) -> dict[str, int]:
    """Return how many parts of a sample each split of a dataset needs.

    Where nothing is selected, every event counts and no yield is asked for.

    Raises
    ------
    UserError
        If the yield has not been measured for these cards, detector and selection.
    """
    wanted, made = config.datasets[dataset], config.samples[sample]
    if isinstance(wanted, Detector):
        return {"test": math.ceil(wanted.events / made.events_per_part)}
    key = yield_key(config, dataset, sample, root)
    if key not in yields:
        raise UserError(
            f"config/yields.yaml has no entry {key} for {sample} in the dataset {dataset}: the "
            f"card, the detector or the selection is new. Measure it with `make yields SCALE="
            f"{config.scale}`, or from another directory with `python "
            f"{shlex.quote(str(root / 'scripts/measure_yields.py'))} --scale {config.scale}`"
        )
    per_part = yields[key] * made.events_per_part
    numbers = {split: wanted_of(config, dataset, split) for split in SPLITS}
    return {
        split: math.ceil(max(YIELD_MARGIN * n, n + SPREAD * math.sqrt(n)) / per_part)
        for split, n in numbers.items()
    }


def part_files(config: Config, dataset: str, yields: Mapping[str, float], root: Path) -> list[str]:
    """Return the event files, or for jets the jet files, that a dataset is built from, in order."""
    return [
        f"{stem}-{i:04d}.{suffix}"
        for stem, suffix, number in _series(config, dataset, yields, root)
        for i in range(number)
    ]


def part_ranges(config: Config, dataset: str, yields: Mapping[str, float], root: Path) -> str:
    """Return the same as ranges that bash expands: a command holds no thousands of names."""
    return " ".join(
        f"{stem}-{{0000..{number - 1:04d}}}.{suffix}"
        for stem, suffix, number in _series(config, dataset, yields, root)
    )


def _series(
    config: Config, dataset: str, yields: Mapping[str, float], root: Path
) -> list[tuple[str, str, int]]:
    """Return the files of a dataset as begin of the name, suffix, number of parts."""
    stage, suffix = ("jets", "parquet")
    if isinstance(config.datasets[dataset], (Dimuon, Detector)):
        stage, suffix = ("events", "root")
    return [
        (f"{results_dir(config)}/{stage}/{sample}/{split}", suffix, number)
        for sample in samples_of(config, dataset)
        for split, number in _numbers(config, dataset, sample, yields, root).items()
    ]


# --- trainings ------------------------------------------------------------------------


def scan_batches(config: Config, scan: str) -> list[scans.Batch] | list[taggerscans.TaggerBatch]:
    """Return the batches (jobs) of a scan."""
    kind = taggerscans if is_tagger(config, scan) else scans
    return kind.batches(scan_spec(config, scan))


def is_tagger(config: Config, scan: str) -> bool:
    """Return whether a scan trains taggers, and no stacks of fully connected networks."""
    return isinstance(config.scans[scan], TaggerScan)


def tagger_spec(config: Config, scan: str) -> dict[str, Any]:
    """Return what a job on taggers is told of its scan: all, and the number of its batches."""
    return scan_spec(config, scan) | {"batches": len(scan_batches(config, scan))}


def model_files(config: Config, scan: str) -> list[str]:
    """Return every file that the jobs of a scan make."""
    names = TAGGER_FILES if is_tagger(config, scan) else MODEL_FILES
    return [f"{folder}/{name}" for folder in model_dirs(config, scan) for name in names]


def model_dirs(config: Config, scan: str) -> list[str]:
    """Return the folders of a scan's batches."""
    folder = f"{results_dir(config)}/models/{scan}"
    return [f"{folder}/{batch.name}" for batch in scan_batches(config, scan)]


def used_scans(config: Config) -> list[str]:
    """Return the scans that some study looks at, or that such a scan starts from."""
    used = {scan for study in config.studies.values() for scan in study.scans}
    used |= {config.scans[scan].pretrained for scan in used if config.scans[scan].pretrained}
    return [scan for scan in config.scans if scan in used]


def study_datasets(config: Config, study: str) -> list[str]:
    """Return the datasets that a study reads: its own and those of its scans."""
    wanted = set(config.studies[study].datasets)
    for scan in config.studies[study].scans:
        wanted |= set(config.scans[scan].dataset)
    return [name for name in config.datasets if name in wanted]


def used_datasets(config: Config) -> list[str]:
    """Return the datasets that studies read, or that their networks are trained on."""
    used = {name for study in config.studies for name in study_datasets(config, study)}
    used |= {name for scan in used_scans(config) for name in config.scans[scan].dataset}
    return [name for name in config.datasets if name in used]


def tables(config: Config, study: str) -> list[str]:
    """Return the table files of a study, the main one first."""
    stems = [study, *(f"{study}_{extra}" for extra in STUDIES[study].extras)]
    return [f"{results_dir(config)}/tables/{stem}.csv" for stem in stems]


def figure(config: Config, study: str, suffix: str = "pdf") -> str:
    """Return the file of a study's figure."""
    return f"{results_dir(config)}/figures/{study}.{suffix}"
