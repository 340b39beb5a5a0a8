"""Small scans of taggers on made-up jets: signal has more constituents than background."""

from helpers_tagging import write_tagging

from relearn.taggerruns import expand
from relearn.training import taggerjob

JETS = {"train": 48, "validation": 16, "test": 24}  # of each class
CONSTITUENTS = 8


def write_jets(path, jets=JETS, counts=(7, 4), constituents=CONSTITUENTS, **columns):
    """Write a dataset of made-up jets with so many constituents of signal and background."""
    path.parent.mkdir(parents=True, exist_ok=True)
    of_side = dict(zip(("signal", "background"), counts, strict=True))
    return write_tagging(path, jets, constituents, counts=of_side, **columns)


def scan(architecture="lola", trials=1, options=None, target=None, training=None, **axes):
    """A scan on the dataset `toy`, as a job is told of it."""
    usual = {"size": ["small"], "kind": ["eflow"], "constituents": [6], "features": [[]]}
    return {
        "name": "mine",
        "axes": {"architecture": [architecture], "dataset": ["toy"]} | usual | axes,
        "options": options or {},
        "target": target,
        "trials": trials,
        "first_trial": 0,
        "training": {"epochs": 3, "batch_size": 16, "compile": "off"} | (training or {}),
        "pretrained": None,
        "jets": {"toy": 2 * JETS["train"]},
        "seed": 7,
        "batch_seconds": 1e6,
        "batches": 1,
    }


def task(spec, dataset, **options):
    """The first and only job of a scan."""
    names = [run.name for run in expand(spec)]
    return taggerjob.TaggerJob(spec, "0000", names, dataset, device="cpu", **options)


def train_job(spec, dataset, folder, **options):
    """Train a scan and write it to `folder`, ``<scan>/0000``."""
    job = task(spec, dataset, **options)
    taggerjob.write(job, taggerjob.run(job), folder)
    return folder
