"""The typed config: types, ranges, units and cross-checks of everything a user can set.

The YAML files (``config/config.yaml``, an overlay of ``config/scale/``) are merged by
Snakemake; `resolve` turns the result into frozen models or stops with one message that
names the key and what is allowed. The JSON schema in ``workflow/schemas/`` and the
reference page of the docs are generated from here.
"""

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from relearn.configdata import Dimuon, External, Momenta, Name, Sample, Strict, Tagging
from relearn.errors import UserError

CONFIG_FOLDER = Path(__file__).resolve().parents[2] / "config"
Activation = Literal["relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid", "linear"]
ACTIVATIONS = Activation.__args__
DIMUON_TARGETS = (
    "pt",
    "mass",
    "rapidity",
    "cos_theta_cs",
    "abs_cos_theta_cs",
    "abs_delta_eta",
    "abs_delta_phi",
    "delta_r",
    "gamma",
)
MOMENTA_TARGETS = ("identity", "square", "norm_squared")
TARGETS = {"dimuon": DIMUON_TARGETS, "momenta": MOMENTA_TARGETS, "tagging": (), "external": ()}
Dataset = Annotated[Dimuon | Momenta | Tagging | External, Field(discriminator="kind")]
SCAN_AXES = (
    "dataset",
    "target",
    "hidden",
    "activation",
    "convention",
    "initialiser",
    "dropout",
    "start",
)


class Training(Strict):
    """How the networks of a scan are trained."""

    epochs: int = Field(description="passes over the training data", ge=1)
    batch_size: int = Field(1000, ge=1, description="events in one gradient step")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's step size")
    optimiser: Literal["adam"] = Field("adam", description="the optimiser")
    patience: int | None = Field(
        None, ge=1, description="stop a network after this many epochs without a better loss"
    )
    compile: Literal["auto", "on", "off"] = Field(
        "auto",
        description="torch.compile: on, off, or auto: off on a CPU, where the engine's own kernels "
        "are as fast, and a CUDA graph instead on a GPU",
    )
    validate_every: int = Field(1, ge=1, description="epochs between looks at the validation loss")
    threads: int = Field(1, ge=1, description="CPU threads of one job; part of the result's spec")


class TrainingOverride(Strict):
    """The same keys, where one scan differs from the default."""

    epochs: int | None = Field(None, ge=1)
    batch_size: int | None = Field(None, ge=1)
    learning_rate: float | None = Field(None, gt=0)
    optimiser: Literal["adam"] | None = None
    patience: int | None = Field(None, ge=1)
    compile: Literal["auto", "on", "off"] | None = None
    validate_every: int | None = Field(None, ge=1)
    threads: int | None = Field(None, ge=1)


def parse_hidden(text: str | int) -> list[list[int]]:
    """Read a hidden-layer entry: ``10`` · ``"20x20"`` · ``"1..20"`` · ``"10x1..10"`` · ``"none"``.

    Returns
    -------
    list of list of int
        Every network that the entry stands for, as nodes per hidden layer.
    """
    if str(text) == "none":
        return [[]]
    layers = []
    for token in str(text).split("x"):
        match = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", token.strip())
        if not match:
            raise ValueError(
                f"{text!r} is no layer size: write 10, 20x20, 1..20, 10x1..10, or none"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if first < 1 or last < first:
            raise ValueError(f"{text!r}: layer sizes are positive and ranges rise")
        layers.append(range(first, last + 1))
    return [list(sizes) for sizes in product(*layers)]


class Scan(Strict):
    """Networks to train: the product of the lists, times the trials."""

    architecture: Literal["mlp"] = Field("mlp", description="the family of networks")
    dataset: list[Name] = Field(min_length=1, description="what they are trained on")
    target: list[str] = Field(min_length=1, description="what they learn")
    hidden: list[str | int] = Field(
        min_length=1, description="hidden layers: 10, 20x20, a range 1..20, 10x1..10, or none"
    )
    activation: list[str] = Field(
        ["leaky_relu"],
        min_length=1,
        description="one for all hidden layers, or one each: relu+linear",
    )
    convention: list[Literal["keras", "pytorch"]] = Field(
        ["keras"],
        min_length=1,
        description="whose defaults: slope, initial weights, Adam's epsilon",
    )
    initialiser: list[
        Literal["default", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal"]
    ] = Field(["default"], min_length=1, description="initial weights; default: the convention's")
    dropout: list[Annotated[float, Field(ge=0, lt=1)]] = Field(
        [0.0], min_length=1, description="share of hidden nodes switched off at each step"
    )
    start: list[Literal["scratch", "pretrained", "frozen"]] = Field(
        ["scratch"],
        min_length=1,
        description="first layers: random, or from `pretrained`, or fixed",
    )
    pretrained: Name | None = Field(None, description="the scan whose best network gives them")
    trials: int = Field(ge=1, description="trainings of each point, with other seeds")
    training: TrainingOverride = Field(
        TrainingOverride(), description="where this scan's training differs"
    )

    @field_validator(*SCAN_AXES, mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @field_validator("hidden")
    @classmethod
    def _hidden_reads(cls, value: list[str | int]) -> list[str | int]:
        for entry in value:
            parse_hidden(entry)
        return value

    @field_validator("activation")
    @classmethod
    def _activation_known(cls, value: list[str]) -> list[str]:
        for entry in value:
            for name in entry.split("+"):
                if name not in ACTIVATIONS:
                    raise ValueError(f"{name!r} is none of {', '.join(ACTIVATIONS)}")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Scan":
        for entry in self.activation:
            count = entry.count("+") + 1
            for sizes in self.layers():
                if count > 1 and len(sizes) != count:
                    raise ValueError(
                        f"activation {entry!r} has {count} names, "
                        f"hidden {sizes} has {len(sizes)} layers"
                    )
        if set(self.start) - {"scratch"} and not self.pretrained:
            raise ValueError("start: pretrained or frozen needs `pretrained`, the name of a scan")
        return self

    def layers(self) -> list[list[int]]:
        """Every network's nodes per hidden layer, in the order written."""
        return [sizes for entry in self.hidden for sizes in parse_hidden(entry)]


class Study(Strict):
    """What is measured and drawn, on which scans."""

    scans: list[Name] = Field([], description="the scans whose networks are looked at")
    datasets: list[Name] = Field([], description="datasets looked at besides those of the scans")
    options: dict[str, Any] = Field({}, description="settings of this study alone")


class Config(Strict):
    """The whole study."""

    scale: Name = Field(description="name of the scale: results go to results/<scale>/")
    seed: int = Field(0, ge=0, description="root of every seed")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="where networks are trained; auto: a GPU if there is one"
    )
    batch_seconds: float = Field(
        40, gt=0, description="about how long one training job lasts on one core, s"
    )
    samples: dict[Name, Sample] = Field(description="simulated processes, by name")
    datasets: dict[Name, Dataset] = Field(description="what networks learn from, by name")
    training: Training = Field(description="how networks are trained, unless a scan differs")
    scans: dict[Name, Scan] = Field(description="what is trained, by name")
    studies: dict[Name, Study] = Field(description="what is measured and drawn, by name")

    @model_validator(mode="after")
    def _names_exist(self) -> "Config":
        for name, dataset in self.datasets.items():
            if isinstance(dataset, Dimuon):
                _known(f"datasets.{name}.sample", dataset.sample, self.samples)
            if isinstance(dataset, Tagging):
                for side in ("signal", "background"):
                    sample = getattr(dataset, side)
                    _known(f"datasets.{name}.{side}", sample, self.samples)
                    if not self.samples[sample].jets:
                        raise ValueError(
                            f"datasets.{name}.{side}: the sample {sample} has no `jets`: "
                            "say which (radius, pt, …) in samples"
                        )
        for name, scan in self.scans.items():
            for dataset in scan.dataset:
                _known(f"scans.{name}.dataset", dataset, self.datasets)
                for target in scan.target:
                    allowed = TARGETS[self.datasets[dataset].kind]
                    _known(f"scans.{name}.target", target, allowed, f"a target of {dataset}")
            if scan.pretrained:
                _known(f"scans.{name}.pretrained", scan.pretrained, self.scans)
                start = self.scans[scan.pretrained]
                if start.pretrained:
                    raise ValueError(f"scans.{name}.pretrained: chains are not supported")
                if len(start.target) > 1:
                    raise ValueError(
                        f"scans.{name}.pretrained: {scan.pretrained} learns {len(start.target)} "
                        "targets; name a scan of one"
                    )
            for dataset in scan.dataset:
                size = scan.training.batch_size or self.training.batch_size
                if size > self.datasets[dataset].events.train:
                    raise ValueError(
                        f"scans.{name}: batch_size {size} is more than the "
                        f"{self.datasets[dataset].events.train} training events of {dataset}"
                    )
        for name, study in self.studies.items():
            for scan in study.scans:
                _known(f"studies.{name}.scans", scan, self.scans)
            for dataset in study.datasets:
                _known(f"studies.{name}.datasets", dataset, self.datasets)
        return self


def _known(key: str, name: str, allowed: Any, what: str = "defined") -> None:
    if name not in allowed:
        raise ValueError(f"{key}: {name!r} is not {what}; allowed: {', '.join(sorted(allowed))}")


def resolve(raw: Mapping[str, Any]) -> Config:
    """Check the merged config.

    Raises
    ------
    UserError
        One message with a line per mistake: the key, what it is, what is allowed.
    """
    try:
        return Config.model_validate(_without_switched_off(raw))
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors()]
        raise UserError("the config cannot be used:\n" + "\n".join(lines)) from None


def _without_switched_off(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the studies that an overlay sets to null."""
    studies = raw.get("studies")
    if not isinstance(studies, Mapping):
        return dict(raw)
    return {**raw, "studies": {name: study for name, study in studies.items() if study is not None}}


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Snakemake does: dictionaries key by key, anything else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(inner, value) if both else value
    return merged


def load(scale: str, folder: Path = CONFIG_FOLDER) -> Config:
    """Read ``config.yaml`` and the overlay of a scale from `folder`, without Snakemake.

    Raises
    ------
    UserError
        If a file is missing, is no YAML, or its content cannot be used.
    """
    merged: dict[str, Any] = {}
    for path in (folder / "config.yaml", folder / "scale" / f"{scale}.yaml"):
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in (folder / "scale").glob("*.yaml")))
            raise UserError(f"{path} does not exist; scales there are: {known}")
        try:
            merged = merge(merged, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except yaml.YAMLError as error:
            raise UserError(f"{path} is no YAML: {error}") from None
    return resolve(merged)


def _explain(item: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in item["loc"] if part not in TARGETS)
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"  {key}: unknown key; see config/README.md for the keys there are"
    if item["type"] == "missing":
        return f"  {key}: is required"
    if item["type"] == "value_error" and not key:
        return f"  {message}"
    return f"  {key}: {message} (it is {item['input']!r})"


def scan_spec(config: Config, name: str) -> dict[str, Any]:
    """Return scan `name` with all defaults filled in, ready for `relearn.scans.expand`."""
    scan = config.scans[name]
    override = scan.training.model_dump(exclude_none=True)
    axes = {axis: list(getattr(scan, axis)) for axis in SCAN_AXES}
    axes["hidden"] = scan.layers()
    return {
        "name": name,
        "architecture": scan.architecture,
        "axes": axes,
        "trials": scan.trials,
        "training": config.training.model_dump() | override,
        "pretrained": scan.pretrained,
        "events": {dataset: config.datasets[dataset].events.train for dataset in scan.dataset},
        "seed": config.seed,
        "batch_seconds": config.batch_seconds,
    }
