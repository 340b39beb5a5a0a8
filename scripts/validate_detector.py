"""The embedded detector on the very particles that Delphes has seen, compared event by event.

Sharper than the study `detector_validation`, which compares independent events. The folder holds
``stable_ttbar.npz`` and ``stable_zmumu.npz`` (`relearn.data.stablefile`) of the events whose
Delphes numbers are in ``config/detector/reference/``. Ends with an error if a test fails.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from relearn.cli import main_guard
from relearn.data import observed, stablefile
from relearn.data.detector_observables import block
from relearn.files import atomic
from relearn.generate import cards
from relearn.generate.detector import simulate
from relearn.seeds import derive
from relearn.studies.agreement import P_MIN
from relearn.studies.detector_validation import compare

PROCESSES, CARDS, CHUNK = ("ttbar", "zmumu"), ("CMS", "ATLAS"), 250


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True, help="folder of stable_*.npz")
    parser.add_argument("--events", type=int, default=2000, help="of each process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="CSV with all tests")
    arguments = parser.parse_args()

    tables = []
    for process in PROCESSES:
        particles = stablefile.read(arguments.reference / f"stable_{process}.npz", arguments.events)
        for card in CARDS:
            blocks = []
            for first in range(0, len(particles), CHUNK):
                some = particles[first : first + CHUNK]
                seed = derive("validate", process, card, first, root=arguments.seed)
                blocks.append(block(some, simulate(some, card, seed)))
            theirs = observed.load(cards.SHIPPED / "reference" / f"{process}_{card}.npz")
            table = compare(
                theirs.first(len(particles)), observed.pooled(blocks), card, process, paired=True
            )
            failed = int((~table["pass"]).sum())
            print(
                f"{process} {card}: {len(particles)} events, {len(table)} tests, {failed} failed, "
                f"smallest p {table.p.min():.2g}",
                flush=True,
            )
            tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    if arguments.output:
        with atomic(arguments.output) as temporary:
            whole.to_csv(temporary, index=False, float_format="%.5g")
    if not whole["pass"].all():
        print(f"\nwith p < {P_MIN:g}:\n{whole[~whole['pass']].to_string(index=False)}")
        sys.exit(1)


if __name__ == "__main__":
    main_guard(main)
