"""Rule `dataset_detector`: true particles → what both detectors see, beside Delphes' own."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data.detector import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON of the dataset")
    parser.add_argument("--events", nargs="+", required=True, help="event files of all samples")
    parser.add_argument("--cards", nargs="+", required=True, help="<card>.yaml of each detector")
    parser.add_argument("--reference", nargs="+", required=True, help="<process>_<card>.npz")
    parser.add_argument("--root-seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    build(
        arguments.output,
        arguments.dataset,
        arguments.settings,
        arguments.events,
        arguments.cards,
        arguments.reference,
        arguments.root_seed,
    )


if __name__ == "__main__":
    main_guard(main)
