"""By hand: a dataset of jets → files in the format of the public top-tagging reference set."""

import argparse
from pathlib import Path

from relearn.cli import main_guard
from relearn.data.export import to_reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="results/<scale>/datasets/…h5")
    parser.add_argument("--kind", default="eflow", help="eflow (default) or tower")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    arguments = parser.parse_args()

    for path, jets in to_reference(arguments.dataset, arguments.output, arguments.kind).items():
        print(f"{path}: {jets} jets")


if __name__ == "__main__":
    main_guard(main)
