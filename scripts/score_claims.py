"""Scores the talks' claims: claims (YAML) and tables (CSV) → verdicts (CSV)."""

import argparse
from pathlib import Path

from relearn.cli import main_guard
from relearn.files import atomic
from relearn.scoring import score_file, summary


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, required=True, help="config/claims.yaml")
    parser.add_argument("--tables", type=Path, required=True, help="results/<scale>/tables")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--output", type=Path, required=True, help="claims.csv")
    args = parser.parse_args()

    scored = score_file(args.claims, args.tables, args.scale)
    with atomic(args.output) as temporary:
        scored.to_csv(temporary, index=False, float_format="%.6g")
    print(summary(scored))


if __name__ == "__main__":
    main_guard(main)
