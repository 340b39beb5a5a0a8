"""Rule `dataset_momenta`: seeds → a dataset of toy momenta."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data import hdf5
from relearn.data.momenta import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--settings", required=True, help="JSON of the dataset in the config")
    parser.add_argument("--root-seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    settings = json.loads(arguments.settings)
    hdf5.write(arguments.output, *build(arguments.dataset, settings, arguments.root_seed))
    hdf5.check(arguments.output)


if __name__ == "__main__":
    main_guard(main)
