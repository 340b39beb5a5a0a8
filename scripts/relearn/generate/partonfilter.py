"""Events without a jet near the wanted window are given up early, in the middle of their shower.

A leading jet of 350–450 GeV is rare, and most of Pythia's time goes into soft emissions, hadrons
and their decays. Pythia asks the filter once, when the shower has come down to `SCALE`: harder
emissions are there, softer ones hardly move a jet of R = 1.5. It clusters the partons (tops are
not yet decayed) and lets those events go on that have one of their hardest jets in a window
much wider than that of the jets wanted. What is lost is measured in ``docs/physics.md``.

The cross section that Pythia states is that of the events that went on.
"""

from collections.abc import Sequence
from typing import Any

from relearn.generate import pythia

SCALE = 20.0  # GeV, the transverse momentum of the shower at which events are judged
HARDEST = 3  # jets looked at: after the soft shower another one may be the leading
JET_PT_MIN = 20.0  # GeV
ANTI_KT, ALL_FINAL, OWN_MASS = -1, 1, 2  # Pythia's numbers for its jet finder
LARGEST_ETA = 25.0
RESONANCE_DECAY = 5  # Pythia asks again for the shower of each decay, which is no whole event


def parton_filter(radius: float, pt: Sequence[float], abs_rapidity_max: float) -> Any:
    """Return what `relearn.generate.pythia.start` takes as `hooks`.

    Parameters
    ----------
    radius
        R of the anti-kT jets of partons.
    pt
        Least and largest transverse momentum, GeV.
    abs_rapidity_max
        Largest |rapidity|: partons and their jets have mass.

    Returns
    -------
    pythia8.UserHooks
        With ``tried`` and ``passed``, the numbers of events judged and let go on.
    """
    library = pythia.module()
    low, high = pt

    class PartonFilter(library.UserHooks):
        def __init__(self) -> None:
            super().__init__()
            self.finder = library.SlowJet(
                ANTI_KT, radius, JET_PT_MIN, LARGEST_ETA, ALL_FINAL, OWN_MASS
            )
            self.tried = self.passed = 0

        def canVetoPT(self) -> bool:  # noqa: N802 (Pythia's names)
            return True

        def scaleVetoPT(self) -> float:  # noqa: N802
            return SCALE

        def doVetoPT(self, stage: int, event: Any) -> bool:  # noqa: N802
            if stage == RESONANCE_DECAY:
                return False
            jets = self.finder
            jets.analyze(event)
            passes = any(
                low < jets.pT(i) < high and abs(jets.y(i)) < abs_rapidity_max
                for i in range(min(jets.sizeJet(), HARDEST))
            )
            self.tried += 1
            self.passed += passes
            return not passes

    return PartonFilter()
