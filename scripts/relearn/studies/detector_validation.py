"""The embedded detector against real Delphes: does every quantity agree?

Delphes 3.5.1 has seen 2000 events of Z→μμ and of all-hadronic tt̄ (14 TeV, multiple interactions)
through its CMS and ATLAS cards; `relearn.data.detector_observables` takes the same quantities from
the embedded detector, which in the workflow sees other events of the same processes.

The tests, chosen before looking, with the threshold in `relearn.studies.agreement`:

- Numbers of an event and of its leading jet. Where both detectors have seen the same events, the
  difference event by event is tested, of the value (paired mean) and of its squared distance from
  the mean (paired spread): what the events themselves scatter drops out. Where not, means and
  their errors.
- Their distributions, and those of muon residuals and of the response of jets in a window of pT:
  Kolmogorov–Smirnov. On the same events its p-values are larger than they should be.
- Efficiencies of tracks, in bins, and of isolated muons: shares of the same particles.
- Sums, and the content of jets in the window, of which Delphes' means are kept: means and errors.
"""

import numpy as np
import pandas as pd

from relearn.data import observed
from relearn.data.observed import FEWEST, JET, PT_EDGES, Observed, mean_and_error, responses
from relearn.studies import agreement
from relearn.studies.inputs import StudyInputs

COLUMNS = ("quantity", "card", "process", "test", "ours", "delphes", "statistic", "p", "pass")
OF_JETS = ("pt", "mass", "constituents")
BINS = 20
SHOWN = (0.005, 0.995)  # quantiles of Delphes' numbers: the range of a histogram


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the tests, the `histograms` and the `efficiencies` of tracks.

    The main table has a row per test, `COLUMNS`; ``statistic`` is z, or the distance of
    Kolmogorov and Smirnov, whose rows give medians. The histograms have quantity, card, process,
    who (``delphes``, ``embedded``), low, high, number, density (the share of all numbers per unit
    of the quantity) and its error; numbers outside the bins are in the shares. The efficiencies
    have region (``b``: |η| < 1.5, ``e``: up to 2.5), low and high pT in GeV, trials, share, error.
    """
    rows, histograms, efficiencies = [], [], []
    for path in inputs.datasets.values():
        for process, card, delphes, embedded in observed.read(path):
            rows.append(compare(delphes, embedded, card, process, paired=False))
            place = {"card": card, "process": process}
            both = dict(zip(observed.WHO, map(_distributions, (delphes, embedded)), strict=True))
            for name, values in both["delphes"].items():
                if len(values) >= FEWEST:
                    edges = _edges(values)
                    for who, found in both.items():
                        about = {"quantity": name} | place | {"who": who}
                        histograms.append(_histogram(about, found.get(name, np.zeros(0)), edges))
            for who, seen in zip(observed.WHO, (delphes, embedded), strict=True):
                efficiencies += _efficiencies(place | {"who": who}, seen)
    return {
        "": pd.concat(rows, ignore_index=True),
        "histograms": pd.concat(histograms, ignore_index=True),
        "efficiencies": pd.DataFrame(efficiencies),
    }


def _distributions(seen: Observed) -> dict[str, np.ndarray]:
    """Return quantity → all its numbers that are finite."""
    found = dict(seen.events) | seen.samples
    for source, jets in seen.jets.items():
        found |= {f"jet_{source}/{name}": jets[:, JET.index(name)] for name in OF_JETS}
        found[f"jet_{source}/response"] = responses(jets)
    return {name: values[np.isfinite(values)] for name, values in found.items()}


def _edges(values: np.ndarray) -> np.ndarray:
    """Return equal bins around almost all values; whole numbers are not split unevenly."""
    low, high = np.quantile(values, SHOWN)
    if np.array_equal(values, np.rint(values)):
        width = max(1.0, np.ceil((high - low) / BINS))
        return np.arange(np.floor(low), high + 2 * width, width) - 0.5
    return np.linspace(low, high, BINS + 1)


def _histogram(about: dict[str, str], values: np.ndarray, edges: np.ndarray) -> pd.DataFrame:
    counts, _ = np.histogram(values, edges)
    unit = np.diff(edges) * max(len(values), 1)
    columns = {"low": edges[:-1], "high": edges[1:], "number": counts}
    columns |= {"density": counts / unit, "error": np.sqrt(counts) / unit}
    return pd.DataFrame(about | columns)


def _efficiencies(about: dict[str, str], seen: Observed) -> list[dict]:
    rows = []
    for name, (found, trials) in seen.shares.items():
        region, _, low = name.partition(" vtx r<10mm/")
        if not low or trials < FEWEST:
            continue
        edge = PT_EDGES.index(float(low))
        share = found / trials
        spread = (found + 1) * (trials - found + 1) / (trials + 2) ** 2 / (trials + 3)
        row = {"region": region, "low": PT_EDGES[edge], "high": PT_EDGES[edge + 1]}
        row |= {"trials": trials, "share": share, "error": float(np.sqrt(spread))}
        rows.append(about | row)
    return rows


def compare(
    reference: Observed, ours: Observed, card: str = "", process: str = "", paired: bool = True
) -> pd.DataFrame:
    """Compare the embedded detector with Delphes.

    Parameters
    ----------
    reference, ours
        What Delphes and the embedded detector have seen.
    card, process
        Names for the table.
    paired
        Both have seen the same events, in the same order.

    Returns
    -------
    pandas.DataFrame
        One row for each test, `COLUMNS`; what one side lacks is left out.

    Raises
    ------
    ValueError
        If paired samples differ in length.
    """
    rows = []

    def add(quantity: str, row: agreement.Row) -> None:
        rows.append({"quantity": quantity, "card": card, "process": process} | row)

    numbers = [(name, ours.events[name], theirs) for name, theirs in reference.events.items()]
    for source, jets in reference.jets.items():
        for name in OF_JETS:
            column = JET.index(name)
            numbers.append((f"jet_{source}/{name}", ours.jets[source][:, column], jets[:, column]))
    for name, one, two in numbers:
        if paired and len(one) != len(two):
            raise ValueError(f"{name}: {len(one)} events cannot be paired with {len(two)}")
        if paired:
            both = np.isfinite(one) & np.isfinite(two)
            add(name, agreement.paired_means(one[both], two[both]))
            add(name, agreement.paired_spreads(one[both], two[both]))
        one, two = one[np.isfinite(one)], two[np.isfinite(two)]
        if min(len(one), len(two)) < FEWEST:
            continue
        if not paired:
            sides = mean_and_error(one), mean_and_error(two)
            add(name, agreement.means(*sides))
        add(name, agreement.shapes(one, two))

    samples = [(name, ours.samples.get(name), two) for name, two in reference.samples.items()]
    samples += [
        (f"jet_{source}/response", responses(ours.jets[source]), responses(jets))
        for source, jets in reference.jets.items()
    ]
    for name, one, two in samples:
        if one is not None and min(len(one), len(two)) >= FEWEST:
            sides = mean_and_error(one), mean_and_error(two)
            add(name, agreement.means(*sides))
            add(name, agreement.shapes(one, two))

    for name, (successes, trials) in reference.shares.items():
        found, number = ours.shares.get(name, (0, 0))
        if min(trials, number) >= FEWEST:
            add(name, agreement.shares(found, successes, number, trials))
    for name, theirs in reference.means.items():
        if name in ours.means:
            add(name, agreement.means(ours.means[name], tuple(theirs)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
