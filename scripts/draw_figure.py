"""Draws the figure of one study: tables (CSV) → PDF and PNG."""

import argparse
import gc
import json
from pathlib import Path

from relearn import figures
from relearn.cli import main_guard
from relearn.figures import style
from relearn.figures.tables import read_tables


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="CSV files")
    parser.add_argument("--options", type=json.loads, default={}, help="JSON")
    parser.add_argument("--pdf", type=Path, required=True)
    parser.add_argument("--png", type=Path, required=True)
    args = parser.parse_args()

    gc.disable()  # nothing is thrown away before the end: looking for it is a tenth of the time
    style.use()
    tables = read_tables(args.tables, args.study)
    style.save(figures.load(args.study).draw(tables, args.options), args.pdf, args.png)


if __name__ == "__main__":
    main_guard(main)
