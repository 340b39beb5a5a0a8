"""Jets end to end against Pythia alone: generation, detector, clustering, observables, files.

Ours is what the rules `generate` and `jets` do for one part, theirs nothing but
``pythia.next()``. Twice: `chain/…/all` makes every event to its end on both sides; `chain/…/filter`
is the shipped sample, whose parton filter gives most events up, against Pythia making to its end
every event that the filter would have judged: what the same jets cost without it. One thread,
processor time, kernels compiled beforehand. Prints where the time goes.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from harness import Result

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ("ttbar_hadronic_low", "qcd_low", "ttbar_hadronic_high", "qcd_high")
EVENTS, REPEATS = 1500, 2  # to their end, in one part


@contextmanager
def stages(*functions: tuple[Any, str, str]) -> Iterator[Counter]:
    """Count the processor time inside functions, given as (owner, name, stage)."""
    spent: Counter = Counter()

    def timed(function: Callable, stage: str) -> Callable:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            begin = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent[stage] += time.process_time() - begin

        return call

    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in functions]
    for owner, name, stage in functions:
        setattr(owner, name, timed(getattr(owner, name), stage))
    try:
        yield spent
    finally:
        for owner, name, function in originals:
            setattr(owner, name, function)


def make(sample: str, filtered: bool, folder: Path) -> tuple[float, int, Counter]:
    """Make one part; return seconds, events judged, and seconds by stage."""
    from relearn import config
    from relearn.data import jetfile, jets
    from relearn.generate import detector, events, particles
    from relearn.jets import clustering

    whole = config.load("default")
    wanted = whole.samples[sample]
    settings = wanted.generation() | {"events_per_part": EVENTS}
    if not filtered:
        settings["parton_filter"] = None
    card = ROOT / f"config/detector/{wanted.detector_card}.yaml"
    path = folder / "events.root"
    watched = stages(
        (particles.Generator, "batch", "Pythia"),
        (detector, "simulate", "detector"),
        (clustering, "cluster", "clustering"),
        (clustering, "hardest", "clustering"),
        (clustering, "recluster", "clustering"),
        (jets, "observables", "observables"),
    )
    begin = time.process_time()
    with watched as spent:
        made = events.generate(
            events.Settings(**settings), sample, "benchmark-0000", path, ROOT / wanted.card, card
        )
        found = jets.find(path, whole.with_observables(wanted.jets), card, seed=1)
        jetfile.write(folder / "jets.parquet", found.jets, {})
    seconds = time.process_time() - begin
    spent["reading, writing, the rest"] = seconds - sum(spent.values())
    return seconds, made["tried_events"], spent


def alone(sample: str, events: int) -> float:
    """Return how long Pythia takes for so many events, made to their end."""
    from relearn import config
    from relearn.generate import pythia

    wanted = config.load("default").samples[sample]
    engine = pythia.start(ROOT / wanted.card, 1, wanted.multiple_interactions)
    begin, done = time.process_time(), 0
    while done < events:
        done += engine.next()
    return time.process_time() - begin


def benchmark(sample: str, filtered: bool) -> list[Result]:
    """Compare events (judged, or made) for each second."""
    name = f"chain/{sample}/{'filter' if filtered else 'all'}"
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        make(sample, filtered, Path(folder))  # compiles
        for _ in range(REPEATS):
            seconds, events, spent = make(sample, filtered, Path(folder))
            ours.append(events / seconds)
            some = min(events, 4 * EVENTS)  # Pythia's rate needs no more
            theirs.append(some / alone(sample, some))
    shares = ", ".join(f"{stage} {s / seconds:.0%}" for stage, s in spent.most_common())
    print(f"{name}: {1e3 * seconds / EVENTS:.2f} ms for each event made to its end: {shares}")
    middle = REPEATS // 2
    return [Result(name, "pythia.next()", sorted(ours)[middle], sorted(theirs)[middle], "events/s")]


BENCHMARKS = {
    f"chain/{sample}/{what}": lambda sample=sample, what=what: benchmark(sample, what == "filter")
    for sample in SAMPLES
    for what in ("all", "filter")
}
