"""From a scan of taggers to its runs: names and seeds.

Pure functions between the config and the trainer; neither numpy nor torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from relearn.seeds import derive

AXES = ("architecture", "dataset", "size", "kind", "constituents", "features")
LABEL = "label"  # the target of a classifier
NONE = "none"


@dataclass(frozen=True)
class TaggerRun:
    """One tagger of a scan: a point of its grid and a trial.

    Attributes
    ----------
    constituents
        How many of the hardest it sees.
    features
        Names of the extra columns of each constituent.
    options
        Name and value of each option given in the scan; lists are tuples.
    target
        Observable that is learnt; None: the label.
    """

    name: str
    scan: str
    architecture: str
    dataset: str
    size: str
    kind: str
    constituents: int
    features: tuple[str, ...]
    options: tuple[tuple[str, Any], ...]
    target: str | None
    trial: int
    seed: int

    @property
    def columns(self) -> dict[str, Any]:
        """The point, as tables write it: each axis, the target, then the options."""
        point = {axis: getattr(self, axis) for axis in AXES}
        point |= {"features": features_text(self.features), "target": self.target or LABEL}
        return point | {name: value_text(value) for name, value in self.options}


def from_dict(values: Mapping[str, Any]) -> TaggerRun:
    """Return the `TaggerRun` that ``dataclasses.asdict`` (and JSON) made a dictionary of."""
    sequences = {key: _frozen(values[key]) for key in ("features", "options")}
    return TaggerRun(**{**values, **sequences})


def to_dict(run: TaggerRun) -> dict[str, Any]:
    """Return a `TaggerRun` as what JSON can hold."""
    return asdict(run)


def value_text(value: Any) -> str | int | float:
    """Return an option's value as names and tables write it: ``yes``, ``none``, ``100x50``."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: NONE}[value]  # words that pandas leaves alone
    if isinstance(value, (list, tuple)):
        return "x".join(str(value_text(one)) for one in value) or NONE
    return value


def features_text(features: tuple[str, ...] | list[str]) -> str:
    """Return the extra columns as names and tables write them: ``charge+d0``, ``none``."""
    return "+".join(features) or NONE


def run_name(point: Mapping[str, Any], options: Mapping[str, Any], trial: int) -> str:
    """Return the readable name of a point: ``lola-small-n40-eflow-tops_low-metric=fixed-t2``.

    What a scan leaves at its default is not named: extra columns, options and the target.
    """
    parts = [point["architecture"], point["size"], f"n{point['constituents']}"]
    parts += [point["kind"], point["dataset"]]
    if point["features"]:
        parts.append(f"features={features_text(point['features'])}")
    parts += [f"{name}={value_text(value)}" for name, value in sorted(options.items())]
    if point["target"]:
        parts.append(f"target={point['target']}")
    return "-".join([*parts, f"t{trial}"])


def expand(spec: Mapping[str, Any]) -> list[TaggerRun]:
    """Return every tagger of a scan, in the order of the config's lists.

    Parameters
    ----------
    spec
        What `relearn.config.scan_spec` returns.
    """
    runs = []
    axes, options, first = spec["axes"], spec["options"], spec["first_trial"]
    named = spec["target"] if isinstance(spec["target"], list) else [spec["target"]]
    targets = [None if target == LABEL else target for target in named]
    for *values, target in product(*(axes[axis] for axis in AXES), *options.values(), targets):
        point = dict(zip(AXES, values, strict=False)) | {"target": target}
        given = dict(zip(options, values[len(AXES) :], strict=True))
        for trial in range(first, first + spec["trials"]):
            name = run_name(point, given, trial)
            runs.append(
                from_dict(
                    point
                    | {"name": name, "scan": spec["name"], "options": list(given.items())}
                    | {"trial": trial, "seed": derive(name, root=spec["seed"])}
                )
            )
    return list({run.name: run for run in runs}.values())


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value
