"""Prints the claims of a run as tables in Markdown, those that differ first."""

import argparse
from pathlib import Path

import pandas as pd

from relearn.cli import main_guard
from relearn.errors import UserError
from relearn.scoring import COLUMNS, DIFFERS, INCONCLUSIVE, REPRODUCED


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", type=Path, help="results/<scale>/claims.csv")
    path = parser.parse_args().claims
    if not path.is_file():
        raise UserError(f"{path} is not there: make run SCALE={path.parent.name}")
    scored = pd.read_csv(path)
    if missing := set(COLUMNS) - set(scored):
        raise UserError(f"{path} has no column {', '.join(sorted(missing))}: it holds no claims")
    print("\n\n".join(_table(scored, verdict) for verdict in (DIFFERS, REPRODUCED, INCONCLUSIVE)))


def _table(scored: pd.DataFrame, verdict: str) -> str:
    rows = scored[scored["verdict"] == verdict]
    lines = [f"### {verdict.capitalize()}: {len(rows)}", ""]
    lines += ["| claim | source | expected | measured |", "|---|---|---|---|"]
    for _, row in rows.iterrows():
        measured = f"{row['measured']:.5g}"
        if pd.notna(row["uncertainty"]):
            measured += f" ± {row['uncertainty']:.2g}"
        source = row["source"].partition(",")[0]
        cells = (row["statement"], source, row["expected"], measured)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main_guard(main)
