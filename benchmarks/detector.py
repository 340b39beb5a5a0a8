"""The embedded detector on full tt̄ events with multiple interactions, against Delphes.

Delphes is not among the packages of this environment. Its time is one that was recorded with
Delphes 3.5.1: 2.4 to 3.3 ms an event for its modules alone, energy flow written, on one core of
a machine like those that this project is developed on. The row takes the fastest, so that on
another machine the ratio is a guide and no measurement: run DelphesPythia8 there to have one.
"""

import time
from functools import cache

import ttbar
from harness import Result, interleave

EVENTS, REPEATS = 250, 5
DELPHES_MS = 2.4


@cache
def particles():
    """Return stable particles of events of Pythia."""
    from relearn.generate import particles

    engine = ttbar.engine(multiple_interactions=True)
    return particles.stable(particles.Generator(engine, EVENTS), EVENTS)


def embedded(card: str) -> list[Result]:
    """Simulate all objects; rates are of processor time of one thread."""
    from relearn.generate import detector

    stable = particles()

    def ours() -> float:
        begin = time.process_time()
        detector.simulate(stable, card, seed=1)
        return 1e3 * (time.process_time() - begin) / len(stable)

    ours()
    (measured,) = interleave(REPEATS, ours)
    peer = "Delphes 3.5.1 modules (recorded)"
    return [Result(f"detector/embedded {card}", peer, measured, DELPHES_MS, "ms")]


BENCHMARKS = {
    "detector/embedded": lambda: [row for card in ("CMS", "ATLAS") for row in embedded(card)]
}
