"""`make yields`: measure what ``config/yields.yaml`` lacks for a config and its overlay."""

import argparse
from pathlib import Path

from relearn import plan
from relearn.cli import main_guard
from relearn.config import load
from relearn.data.yields import append, measure, missing
from relearn.files import own_or_shipped

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="default")
    parser.add_argument("--events", type=int, default=20000, help="generated for each yield")
    own = own_or_shipped("config/yields.yaml", ROOT)
    parser.add_argument("--output", type=Path, default=own)
    arguments = parser.parse_args()

    config = load(arguments.scale)
    wanted = missing(config, plan.read_yields(arguments.output), ROOT)
    if not wanted:
        print(f"{arguments.output} has every yield of the scale {arguments.scale}")
    for key, (dataset, sample) in wanted.items():
        print(
            f"{dataset}: {key} is not known, generating {arguments.events} events of {sample}",
            flush=True,
        )
        entry = measure(config, dataset, sample, arguments.events, ROOT)
        append(arguments.output, entry)
        print(f"{dataset}: {entry.selected_per_event:.4f} selected for each generated event")


if __name__ == "__main__":
    main_guard(main)
