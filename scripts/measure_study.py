"""Measures one study: the trained networks of its scans and test events → tables (CSV)."""

import argparse
import json
import os
from pathlib import Path

from relearn import studies
from relearn.cli import main_guard
from relearn.files import atomic
from relearn.studies.inputs import StudyInputs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True)
    parser.add_argument("--scans", nargs="*", default=[], help="names of the scans looked at")
    parser.add_argument("--where", type=json.loads, default={}, help="JSON: column → values")
    parser.add_argument("--models", type=Path, required=True, help="folder of all scans")
    parser.add_argument("--datasets", type=Path, nargs="+", required=True, help="HDF5 files")
    parser.add_argument("--options", type=json.loads, default={}, help="JSON")
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="<study>.csv, <study>_<extra>.csv …"
    )
    args = parser.parse_args()

    # sums in one order: the same table on any number of cores; PyTorch looks when it is imported
    os.environ["OMP_NUM_THREADS"] = "1"
    folders = [args.models / scan for scan in args.scans]
    inputs = StudyInputs.from_files(folders, args.datasets, args.options, args.where)
    tables = studies.load(args.study).measure(inputs)
    for path in args.output:
        table = tables[path.stem.removeprefix(args.study).removeprefix("_")]
        with atomic(path) as temporary:
            table.to_csv(temporary, index=False, float_format="%.8g")
        print(f"{path}: {len(table)} rows")


if __name__ == "__main__":
    main_guard(main)
