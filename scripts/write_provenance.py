"""Writes what made the results: config, benchmark tables, training records → provenance (JSON)."""

import argparse
import json
from pathlib import Path

from relearn import provenance
from relearn.cli import main_guard
from relearn.files import atomic


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config-json", type=json.loads, required=True, help="resolved config")
    parser.add_argument("--benchmarks", type=Path, required=True, help="results/<scale>/benchmarks")
    parser.add_argument("--models", type=Path, required=True, help="results/<scale>/models")
    parser.add_argument("--snakemake", help="version of the Snakemake that runs")
    parser.add_argument("--output", type=Path, required=True, help="provenance.json")
    args = parser.parse_args()

    found = provenance.collect(
        args.config_json, args.benchmarks, args.models, snakemake=args.snakemake
    )
    with atomic(args.output) as temporary:
        temporary.write_text(
            json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
    time = found["wall_time"]
    print(f"{len(time['jobs'])} jobs, {time['total_s']:.0f} s in all")


if __name__ == "__main__":
    main_guard(main)
