"""Rule `dataset_dimuon`: event files → a dataset of muon pairs."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data import hdf5
from relearn.data.dimuon import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--settings", required=True, help="JSON of the dataset in the config")
    parser.add_argument("--events", nargs="+", required=True, help="event files of all splits")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    hdf5.write(
        arguments.output,
        *build(arguments.dataset, json.loads(arguments.settings), arguments.events),
    )
    hdf5.check(arguments.output)


if __name__ == "__main__":
    main_guard(main)
