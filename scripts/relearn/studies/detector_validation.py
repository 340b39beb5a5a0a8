"""The embedded detector against real Delphes on the same particles: does every quantity agree?

Delphes 3.5.1 has seen 2000 events of Z→μμ and of all-hadronic tt̄ (14 TeV, multiple interactions)
through its CMS and ATLAS cards; `detector_observables.observe` takes the same quantities from the
embedded detector.

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

import json
from pathlib import Path

import numpy as np
import pandas as pd

from relearn.studies import agreement
from relearn.studies.detector_observables import FEWEST, JET, Observed, in_window

COLUMNS = ("quantity", "card", "process", "test", "ours", "delphes", "statistic", "p", "pass")
OF_JETS = ("pt", "mass", "constituents")


def load(path: str | Path) -> Observed:
    """Read what Delphes has seen: arrays by kind and name, tables of numbers as JSON."""
    with np.load(path) as file:
        found = {kind: {} for kind in ("events", "jets", "samples")}
        for name in file.files:
            kind, _, quantity = name.partition(".")
            if quantity:
                found[kind][quantity] = file[name].astype(np.float64)
        tables = {name: json.loads(str(file[name])) for name in ("shares", "means")}
    return Observed(**found, **tables)


def save(path: str | Path, seen: Observed) -> None:
    """Write what a detector has seen, for `load`."""
    columns = {
        f"{kind}.{name}": np.float32(values)
        for kind in ("events", "jets", "samples")
        for name, values in getattr(seen, kind).items()
    }
    tables = {name: json.dumps(getattr(seen, name)) for name in ("shares", "means")}
    np.savez_compressed(path, **columns, **tables)


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
        if not paired:
            sides = agreement.mean_and_error(one), agreement.mean_and_error(two)
            add(name, agreement.means(*sides))
        add(name, agreement.shapes(one, two))

    samples = [(name, ours.samples.get(name), two) for name, two in reference.samples.items()]
    samples += [
        (f"jet_{source}/response", _responses(ours.jets[source]), _responses(jets))
        for source, jets in reference.jets.items()
    ]
    for name, one, two in samples:
        if one is not None and min(len(one), len(two)) >= FEWEST:
            sides = agreement.mean_and_error(one), agreement.mean_and_error(two)
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


def _responses(jets: np.ndarray) -> np.ndarray:
    inside = in_window(jets)
    response = jets[inside, JET.index("pt")] / jets[inside, JET.index("true_pt")]
    return response[np.isfinite(response)]
