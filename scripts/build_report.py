"""Builds the report: claims, figures, tables, captions, provenance → one page (HTML)."""

import argparse
from pathlib import Path

from relearn.cli import main_guard
from relearn.files import atomic
from relearn.report import page


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, required=True, help="claims.csv")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="<study>.png …")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="all their tables")
    parser.add_argument("--captions", type=Path, nargs="+", required=True, help="<study>.rst …")
    parser.add_argument("--provenance", type=Path, required=True, help="provenance.json")
    parser.add_argument("--output", type=Path, required=True, help="report.html")
    args = parser.parse_args()

    text = page.build(
        args.claims, args.figures, args.tables, args.captions, args.provenance, args.output
    )
    with atomic(args.output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{args.output}: {len(text) / 1e6:.1f} MB")


if __name__ == "__main__":
    main_guard(main)
