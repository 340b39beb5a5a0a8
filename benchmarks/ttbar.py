"""Hadronic tt̄ at 14 TeV with boosted tops: the events of the benchmarks of jets and detector."""

import tempfile
from pathlib import Path
from typing import Any

CARD = """
Beams:eCM = 14000.
Top:gg2ttbar = on
Top:qqbar2ttbar = on
PhaseSpace:pTHatMin = 330.
PhaseSpace:pTHatMax = 600.
24:onMode = off
24:onIfAny = 1 2 3 4 5
"""


def engine(multiple_interactions: bool = False) -> Any:
    """Return a Pythia that is ready to make these events."""
    from relearn.generate import pythia

    with tempfile.TemporaryDirectory() as folder:
        card = Path(folder) / "ttbar.cmnd"
        card.write_text(CARD, encoding="utf-8")
        return pythia.start(card, 1, multiple_interactions)
