"""What a detector has seen of many events, reduced to what is compared with Delphes.

Delphes' own, in ``config/detector/reference/``, is NumPy's ``.npz``. A dataset of kind `detector`
is HDF5: group ``<process>/<card>/<who>``, who being ``delphes`` or ``embedded``; in it ``events``,
``jets`` and ``samples`` (float32), and as attributes ``shares`` and ``means`` (JSON).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.files import atomic

Array = NDArray[np.float64]
COLUMNS, TABLES = ("events", "jets", "samples"), ("shares", "means")
JET = ("pt", "eta", "phi", "mass", "constituents", "true_pt", "true_mass")
WINDOW = {"pt_min": 350.0, "pt_max": 450.0, "eta_max": 1.0}  # of the leading jet, GeV
PT_EDGES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1e4)  # GeV, of track efficiencies
WHO = ("delphes", "embedded")
FEWEST = 20  # numbers of which a mean, trials of which a share is tested


@dataclass(frozen=True)
class Observed:
    """What one detector has seen of many events.

    ``events`` holds one number for each event, ``jets`` the leading jets (events × `JET`) by
    source, ``samples`` unordered numbers, ``shares`` (successes, trials), ``means`` (mean, error)
    of the unordered ``numbers``, which are kept until `pooled` only.
    """

    events: dict[str, Array]
    jets: dict[str, Array]
    samples: dict[str, Array] = field(default_factory=dict)
    shares: dict[str, tuple[int, int]] = field(default_factory=dict)
    means: dict[str, tuple[float, float]] = field(default_factory=dict)
    numbers: dict[str, Array] = field(default_factory=dict)

    def first(self, events: int) -> "Observed":
        """Return the first events only; what is not kept by event stays whole."""
        return replace(
            self,
            events={name: values[:events] for name, values in self.events.items()},
            jets={name: values[:events] for name, values in self.jets.items()},
        )


def pooled(blocks: Sequence[Observed]) -> Observed:
    """Return blocks of events as one, with the means of all their ``numbers``."""

    def together(kind: str) -> dict[str, Array]:
        names = getattr(blocks[0], kind)
        return {name: np.concatenate([getattr(b, kind)[name] for b in blocks]) for name in names}

    shares = {
        name: (sum(b.shares[name][0] for b in blocks), sum(b.shares[name][1] for b in blocks))
        for name in blocks[0].shares
    }
    numbers = together("numbers")
    means = {name: mean_and_error(v) for name, v in numbers.items() if len(v) >= FEWEST}
    return Observed(*(together(kind) for kind in COLUMNS), shares, means)


def mean_and_error(values: Array) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def in_window(jets: Array) -> NDArray[np.bool_]:
    """Return which leading jets (events × `JET`) are in `WINDOW`."""
    pt, eta = jets[:, 0], jets[:, 1]
    inside = (pt > WINDOW["pt_min"]) & (pt < WINDOW["pt_max"])
    return inside & (np.abs(eta) < WINDOW["eta_max"])


def responses(jets: Array) -> Array:
    """Return pT over that of the true jet, of the leading jets in `WINDOW` that have one."""
    inside = in_window(jets)
    response = jets[inside, JET.index("pt")] / jets[inside, JET.index("true_pt")]
    return response[np.isfinite(response)]


def load(path: str | Path) -> Observed:
    """Read what Delphes has seen: arrays by kind and name, tables of numbers as JSON."""
    with np.load(path) as file:
        found = {kind: {} for kind in COLUMNS}
        for name in file.files:
            kind, _, quantity = name.partition(".")
            if quantity:
                found[kind][quantity] = file[name].astype(np.float64)
        tables = {name: json.loads(str(file[name])) for name in TABLES}
    return Observed(**found, **tables)


def save(path: str | Path, seen: Observed) -> None:
    """Write what a detector has seen, for `load`."""
    columns = {
        f"{kind}.{name}": np.float32(values)
        for kind in COLUMNS
        for name, values in getattr(seen, kind).items()
    }
    tables = {name: json.dumps(getattr(seen, name)) for name in TABLES}
    np.savez_compressed(path, **columns, **tables)


def write(
    path: str | Path,
    found: Mapping[tuple[str, str, str], Observed],
    dataset: str,
    settings: Mapping[str, Any],
) -> None:
    """Write a dataset: whole, or not at all.

    Parameters
    ----------
    path
        The file.
    found
        (process, card, who) → what was seen.
    dataset, settings
        Its name, and what the config says of it.
    """
    with atomic(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        file.attrs["kind"], file.attrs["dataset"] = "detector", dataset
        file.attrs["settings"] = json.dumps(settings, sort_keys=True)
        for place, seen in found.items():
            group = file.create_group("/".join(place), track_order=True)
            for kind in COLUMNS:
                columns = group.create_group(kind, track_order=True)
                for name, values in getattr(seen, kind).items():
                    columns.create_dataset(name, data=values, dtype="f4", compression="gzip")
            for name in TABLES:
                group.attrs[name] = json.dumps(getattr(seen, name))


def read(path: str | Path) -> Iterator[tuple[str, str, Observed, Observed]]:
    """Yield process, card, and what Delphes and the embedded detector have seen.

    Raises
    ------
    UserError
        If the file is damaged, or of another kind.
    """
    try:
        with h5py.File(path) as file:
            if file.attrs["kind"] != "detector":
                raise UserError(
                    f"{path} is a dataset of kind {file.attrs['kind']}, not detector: name another "
                    "under studies.<study>.datasets"
                )
            for process, by_card in file.items():
                for card, group in by_card.items():
                    yield process, card, *(_observed(group[who]) for who in WHO)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise UserError(
            f"{path} is damaged ({error}). Delete it (rm {path}) and run the workflow again."
        ) from None


def _observed(group: h5py.Group) -> Observed:
    columns = {
        kind: {name: values[:].astype(np.float64) for name, values in group[kind].items()}
        for kind in COLUMNS
    }
    return Observed(**columns, **{name: json.loads(group.attrs[name]) for name in TABLES})
