"""Jets: clustering, N-subjettiness and images, each against what one would write first.

On visible particles of hadronic tt̄ events of Pythia, 14 TeV, without multiple interactions and
detector. All run on one thread, with kernels compiled beforehand; rates are of processor time, so
that the other programs of a busy machine do not count.
"""

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import ttbar
from harness import Result, interleave

EVENTS, REPEATS = 400, 5
JETS_IN_NUMPY = 40  # slow peers see fewer
RADIUS, ORDERS = 1.5, (1, 2, 3, 4)
NEUTRINOS = (12, 14, 16)


@cache
def events():
    """Return visible particles with |η| < 4.9: events * var * 4."""
    import awkward as ak

    from relearn import kinematics

    record = ttbar.engine().nextBatch(EVENTS).prt
    seen = record.status > 0
    for neutrino in NEUTRINOS:
        seen = seen & (abs(record.id) != neutrino)
    momentum = record[seen].p
    columns = [np.asarray(ak.flatten(momentum[name])) for name in ("e", "px", "py", "pz")]
    p4 = np.stack(columns, axis=-1)
    central = np.abs(kinematics.eta(p4)) < 4.9
    counts = ak.sum(ak.unflatten(central, ak.num(momentum)), axis=1)
    return ak.unflatten(p4[central], counts)


@cache
def fat_jets():
    from relearn.jets.clustering import hardest, take

    return take(events(), hardest(events(), RADIUS).constituents)


def rate(count: int, work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return count / (time.process_time() - begin)


def compare(benchmark: str, unit: str, ours: tuple, peers: dict[str, tuple]) -> list[Result]:
    """Measure (count, function) of ours and of each peer, in turns."""
    ours[1]()  # compiles
    measured = interleave(REPEATS, *(lambda w=w: rate(*w) for w in (ours, *peers.values())))
    return [
        Result(benchmark, peer, measured[0], theirs, unit)
        for peer, theirs in zip(peers, measured[1:], strict=True)
    ]


def cluster() -> list[Result]:
    """The rule's: the hardest anti-kT jet, its particles, clustered anew with C/A."""
    import awkward as ak
    import fastjet
    import vector

    from relearn.jets.clustering import hardest, recluster, take

    vector.register_awkward()
    antikt = fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS)
    cambridge = fastjet.JetDefinition(fastjet.cambridge_algorithm, RADIUS)
    source = events()
    as_numpy = [ak.to_numpy(p4) for p4 in source]
    names = {"E": 0, "px": 1, "py": 2, "pz": 3}

    def ours():
        fat = hardest(source, RADIUS)
        return recluster(take(source, fat.constituents), RADIUS)

    def loop():
        for p4 in as_numpy:
            particles = []
            for position, (e, px, py, pz) in enumerate(p4.tolist()):
                particle = fastjet.PseudoJet(px, py, pz, e)
                particle.set_user_index(position)
                particles.append(particle)
            clustered = fastjet.ClusterSequence(particles, antikt)
            fat = fastjet.sorted_by_pt(clustered.inclusive_jets())[0]
            members = list(fastjet.sorted_by_pt(fat.constituents()))
            again = fastjet.ClusterSequence(members, cambridge)
            kept = fastjet.sorted_by_pt(again.inclusive_jets())[0]
            _ = [particle.user_index() for particle in kept.constituents()]

    def awkward_interface():
        particles = ak.zip({n: source[..., k] for n, k in names.items()}, with_name="Momentum4D")
        clustered = fastjet.ClusterSequence(particles, antikt)
        jets, members = clustered.inclusive_jets(), clustered.constituents()
        first = ak.argmax(jets.px**2 + jets.py**2, axis=1, keepdims=True)
        again = fastjet.ClusterSequence(ak.flatten(members[first], axis=2), cambridge)
        return again.inclusive_jets(), again.constituent_index()

    peers = {"Python loop over fastjet": (EVENTS, loop)}
    peers["fastjet's awkward interface"] = (EVENTS, awkward_interface)
    return compare("cluster", "events/s", (EVENTS, ours), peers)


def nsubjettiness() -> list[Result]:
    """τ1 to τ4 with minimised axes."""
    import awkward as ak
    from peers import jets_numpy

    from relearn.jets.nsubjettiness import n_subjettiness

    jets = fat_jets()
    few = [ak.to_numpy(p4) for p4 in jets[:JETS_IN_NUMPY]]

    def ours():
        return n_subjettiness(jets, ORDERS, 1.0, RADIUS)

    def numpy():
        return [jets_numpy.n_subjettiness(p4, ORDERS, 1.0, RADIUS) for p4 in few]

    peers = {"NumPy, jet by jet": (len(few), numpy)}
    return compare("nsubjettiness", "jets/s", (len(jets), ours), peers)


def images() -> list[Result]:
    """All steps, on pixels."""
    import awkward as ak
    from peers import jets_numpy

    from relearn.jets.images import jet_image

    jets = fat_jets()
    several = ak.concatenate([jets] * 10)
    few = [ak.to_numpy(p4) for p4 in jets]

    def numpy():
        return [jets_numpy.image(p4) for p4 in few]

    peers = {"NumPy, jet by jet": (len(few), numpy)}
    return compare("images", "jets/s", (len(several), lambda: jet_image(several)), peers)


BENCHMARKS = {"cluster": cluster, "nsubjettiness": nsubjettiness, "images": images}
