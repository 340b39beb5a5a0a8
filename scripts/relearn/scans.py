"""From a scan to its networks and jobs: names, seeds, sizes, batches.

Pure functions between the config and the engine; neither numpy nor torch.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby, product
from typing import Any

from relearn import costs
from relearn.seeds import derive

VECTOR_OUTPUT = 3  # components of V and V²
DIMUON_INPUT = 8  # (E, px, py, pz) of two muons
OF_MOMENTA = {"identity": VECTOR_OUTPUT, "square": VECTOR_OUTPUT, "norm_squared": 1}
USUAL_STACK = 10  # networks; for estimates only
DEFAULT_INITIALISER = {"keras": "glorot_uniform", "pytorch": "pytorch"}


def n_inputs(target: str) -> int:
    """Return the number of input features of the networks that learn `target`."""
    return VECTOR_OUTPUT if target in OF_MOMENTA else DIMUON_INPUT


def n_outputs(target: str) -> int:
    """Return the number of outputs of the networks that learn `target`."""
    return OF_MOMENTA.get(target, 1)


@dataclass(frozen=True)
class Run:
    """One network of a scan: a point of its grid and a trial."""

    name: str
    scan: str
    architecture: str
    dataset: str
    target: str
    hidden: tuple[int, ...]
    activation: tuple[str, ...]
    convention: str
    initialiser: str
    dropout: float
    start: str
    trial: int
    seed: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes of every layer, from the inputs to the outputs."""
        return (n_inputs(self.target), *self.hidden, n_outputs(self.target))

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))


@dataclass(frozen=True)
class Batch:
    """The networks that one job trains, all on one dataset."""

    name: str
    dataset: str
    runs: tuple[Run, ...]
    est_seconds: float


def from_dict(values: Mapping[str, Any]) -> Run:
    """Return the `Run` that ``dataclasses.asdict`` (and JSON) made a dictionary of."""
    sequences = {key: tuple(values[key]) for key in ("hidden", "activation")}
    return Run(**{**values, **sequences})


def to_dict(run: Run) -> dict[str, Any]:
    """Return a `Run` as what JSON can hold."""
    return asdict(run)


def run_name(point: Mapping[str, Any], architecture: str, trial: int) -> str:
    """Return the readable name of a point: ``mlp-h10x3-relu-zmumu-pt-t2``."""
    hidden = "x".join(map(str, point["hidden"])) or "none"
    parts = [architecture, f"h{hidden}", point["activation"], point["dataset"], point["target"]]
    if point["convention"] != "keras":
        parts.append(point["convention"])
    if point["initialiser"] != "default":
        parts.append(point["initialiser"])
    if point["dropout"]:
        parts.append(f"d{point['dropout']:g}")
    if point["start"] != "scratch":
        parts.append(point["start"])
    return "-".join([*parts, f"t{trial}"])


def expand(spec: Mapping[str, Any]) -> list[Run]:
    """Return every network of a scan, in the order of the config's lists.

    Parameters
    ----------
    spec
        What `relearn.config.scan_spec` returns.
    """
    runs = []
    axes = spec["axes"]
    first = spec.get("first_trial", 0)
    for values in product(*axes.values()):
        point = dict(zip(axes, values, strict=True))
        hidden = tuple(point["hidden"])
        names = point["activation"].split("+")
        for trial in range(first, first + spec["trials"]):
            name = run_name(point, spec["architecture"], trial)
            initialiser = point["initialiser"]
            if initialiser == "default":
                initialiser = DEFAULT_INITIALISER[point["convention"]]
            runs.append(
                Run(
                    name=name,
                    scan=spec["name"],
                    architecture=spec["architecture"],
                    dataset=point["dataset"],
                    target=point["target"],
                    hidden=hidden,
                    activation=tuple(names if len(names) == len(hidden) else names * len(hidden)),
                    convention=point["convention"],
                    initialiser=initialiser,
                    dropout=float(point["dropout"]),
                    start=point["start"],
                    trial=trial,
                    seed=derive(name, root=spec["seed"]),
                )
            )
    return list({run.name: run for run in runs}.values())


def seconds(run: Run, spec: Mapping[str, Any], events: int, together: int = 1) -> float:
    """Return about how long one network trains on one core, s, in a stack of `together`."""
    training = spec["training"]
    size = training["batch_size"]
    step = costs.step_seconds(run.sizes, run.activation, size, run.dropout)
    steps = training["epochs"] * math.ceil(events / size)
    return steps * (step + costs.CALL_SECONDS / together)


def batches(spec: Mapping[str, Any]) -> list[Batch]:
    """Return the jobs of a scan: networks of one dataset, alike in shape, of similar length.

    The networks are sorted by dataset, depth and width, so that a stack pads little, and cut
    where the estimated time of a job passes ``batch_seconds``; the trials of a point stay
    together, if they can. The estimate comes from the committed table of `relearn.costs`, never
    from this machine: the same config gives the same jobs everywhere.
    """
    order = sorted(expand(spec), key=lambda run: (run.dataset, len(run.hidden), run.hidden))
    alike = Counter(map(_alike, order))
    limit = spec["batch_seconds"]

    def cost(runs: Iterable[Run]) -> float:
        return sum(
            seconds(run, spec, spec["events"][run.dataset], min(alike[_alike(run)], USUAL_STACK))
            for run in runs
        )

    groups: list[list[Run]] = []
    for _, of_point in groupby(order, key=lambda run: run.name.rpartition("-t")[0]):
        point = list(of_point)
        for piece in [point] if cost(point) <= limit else [[run] for run in point]:
            fits = groups and groups[-1][0].dataset == piece[0].dataset
            if fits and cost([*groups[-1], *piece]) <= limit:
                groups[-1] += piece
            else:
                groups.append(piece)
    return [
        Batch(name=f"{number:04d}", dataset=g[0].dataset, runs=tuple(g), est_seconds=cost(g))
        for number, g in enumerate(groups)
    ]


def _alike(run: Run) -> tuple:
    """What networks share that may be trained in one stack."""
    return run.dataset, len(run.hidden), run.convention, run.dropout, run.start
