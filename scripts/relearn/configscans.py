"""The typed config of fully connected networks: how they are trained, and scans of them."""

import re
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from relearn.configdata import Name, Strict, Switch

Activation = Literal["relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid", "linear"]
ACTIVATIONS = Activation.__args__
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
CHOOSABLE = tuple(axis for axis in SCAN_AXES if axis != "initialiser")  # as tables have them
Value = str | int | float


class Training(Strict):
    """How the networks of a scan are trained."""

    epochs: int = Field(description="passes over the training data", ge=1)
    batch_size: int = Field(1000, ge=1, description="events in one gradient step")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's step size")
    patience: int | None = Field(
        None, ge=1, description="stop a network after this many epochs without a better loss"
    )
    compile: Switch = Field(
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
    patience: int | None = Field(None, ge=1)
    compile: Switch | None = None
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


def hidden_names(entries: list[str | int]) -> list[str]:
    """Return the layer sizes that entries stand for as tables write them: ``10``, ``10x3``."""
    layers = [sizes for entry in entries for sizes in parse_hidden(entry)]
    return ["x".join(map(str, sizes)) or "none" for sizes in layers]


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
    first_trial: int = Field(
        0, ge=0, description="number of the first: above 0, more trials of another scan's points"
    )
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

    @property
    def axes(self) -> tuple[str, ...]:
        """Keys that a study can choose by."""
        return CHOOSABLE

    def values(self, axis: str) -> list[Value]:
        """What the networks have on an axis, as ``runs.csv`` writes it."""
        if axis not in CHOOSABLE:
            return []
        return hidden_names(self.hidden) if axis == "hidden" else list(getattr(self, axis))
