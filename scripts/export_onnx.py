"""By hand: a trained network → an ONNX file that gives the same numbers."""

import argparse
from pathlib import Path

from relearn.cli import main_guard
from relearn.models.export import to_onnx


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="results/<scale>/models/<scan>")
    parser.add_argument("--run", required=True, help="the network's name, from runs.csv")
    parser.add_argument("--output", type=Path, required=True, help="the file, .onnx")
    arguments = parser.parse_args()

    difference = to_onnx(arguments.models, arguments.run, arguments.output)
    print(f"{arguments.output}: differs from PyTorch by at most {difference:.1e} target widths")


if __name__ == "__main__":
    main_guard(main)
