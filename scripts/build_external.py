"""Rule `dataset_external`: files of jets made elsewhere → a dataset for taggers."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data import cutreport, tagfile
from relearn.data.external import build
from relearn.data.hdf5 import SPLITS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON of the dataset")
    parser.add_argument("--files", nargs=len(SPLITS), required=True, help="of " + ", ".join(SPLITS))
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    files = dict(zip(SPLITS, arguments.files, strict=True))
    build(arguments.output, arguments.dataset, arguments.settings, files)
    tagfile.check(arguments.output)
    for line in cutreport.of_dataset(arguments.output):
        print(line)


if __name__ == "__main__":
    main_guard(main)
