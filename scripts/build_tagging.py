"""Rule `dataset_tagging`: jet files of two samples → a dataset for taggers."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data import cutreport, tagfile
from relearn.data.tagging import build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON of the dataset")
    parser.add_argument("--jets", nargs="+", required=True, help="jet files of all splits")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    build(arguments.output, arguments.dataset, arguments.settings, arguments.jets)
    tagfile.check(arguments.output)
    for line in cutreport.of_dataset(arguments.output):
        print(line)


if __name__ == "__main__":
    main_guard(main)
