"""The typed config of taggers: how they are trained, and scans of them."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from relearn import architectures, observablenames
from relearn.configdata import External, Name, Strict, Switch, Tagging
from relearn.configkeys import perhaps
from relearn.errors import UserError
from relearn.taggerruns import AXES, LABEL, features_text, value_text
from relearn.training.tagger_settings import wrong_changes

# Extra columns of the constituents in a dataset (`relearn.data.tagging`).
FEATURES = ("kind", "charge", "d0", "z0", "d0_smeared", "z0_smeared")
# Other columns of runs.csv and keys of a scan: no option may have their names.
RESERVED = (
    *("run", "scan", "batch", *AXES, "target", "trial", "trials", "seed", "device", "folder"),
    *("outputs", "status", "parameters", "flops", "epochs", "best_epoch", "auc", "accuracy"),
)
LISTS = ("architecture", "dataset", "size", "kind", "constituents")  # or one value
Scalar = str | bool | int | float | None


class TaggerTraining(Strict):
    """How taggers are trained. What is not set here is as the architecture's file says."""

    epochs: int = Field(20, ge=1, description="passes over the training jets")
    batch_size: int = Field(
        256,
        ge=1,
        description="jets in one gradient step; what is left of an epoch's last is not seen",
    )
    optimiser: Literal["adam", "adamw", "sgd", "adadelta"] = Field(
        "adam", description="of the gradient steps"
    )
    learning_rate: float = Field(1e-3, gt=0, description="step size, the largest of the schedule")
    weight_decay: float = Field(0.0, ge=0, description="of the optimiser")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd alone")
    schedule: Literal["constant", "one_cycle", "cosine", "exponential", "plateau"] = Field(
        "constant", description="of the learning rate"
    )
    decay: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="what `exponential` multiplies the rate by after each epoch, `plateau` after "
        "some without a better loss; null: 0.9 and 0.5",
    )
    patience: int | None = Field(
        None, ge=1, description="stop after this many epochs without a better validation loss"
    )
    clip: float | None = Field(None, gt=0, description="largest norm of the gradient")
    loss: Literal["cross_entropy", "mse"] = Field(
        "cross_entropy", description="of classifiers; a regression always has mse"
    )
    class_weights: bool = Field(False, description="let both classes weigh the same in the loss")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="of products of matrices; auto: bfloat16 on a GPU; a CPU has float32 always",
    )
    compile: Switch = Field(
        "auto", description="torch.compile: on, off, or auto: on a GPU where a C compiler is"
    )
    augment: dict[Literal["jes_shift", "jes_smear", "rotation", "drop"], float] = Field(
        {}, description="what changes of each jet in each epoch, and how much"
    )
    devices: int = Field(
        1,
        ge=1,
        description="GPUs of one job, which share every batch; without GPUs processes",
    )
    threads: int = Field(
        1, ge=1, description="CPU threads of one process; part of the result's spec"
    )
    memory_gb: float = Field(
        4.0, gt=0, description="jets that need more are read from the file in every epoch"
    )
    tensorboard: bool = Field(
        False, description="write curves for TensorBoard too; needs the package `tensorboard`"
    )

    @field_validator("augment")
    @classmethod
    def _strengths_allowed(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := wrong_changes(value):
            raise ValueError(wrong)
        return value


class TaggerScan(Strict):
    """Taggers to train: the product of the lists and of the options' lists, times the trials."""

    architecture: list[str] = Field(min_length=1, description="names of taggers, see below")
    dataset: list[Name] = Field(min_length=1, description="jets that they are trained on")
    size: list[str] = Field(
        ["small"],
        min_length=1,
        description="of the architecture: `small` (a laptop), `medium`, `paper` (the paper's own)",
    )
    kind: list[Literal["eflow", "tower"]] = Field(
        ["eflow"], min_length=1, description="jets of energy flow or of calorimeter towers"
    )
    constituents: list[Annotated[int, Field(ge=1)]] = Field(
        [40], min_length=1, description="how many of the hardest they see"
    )
    features: list[list[str]] = Field(
        [[]],
        min_length=1,
        description="extra columns of each constituent, a list; a list of lists is an axis",
    )
    options: dict[Name, list[Scalar | list[Scalar]]] = Field(
        {},
        description="further settings of the architecture, by its own names; a list is an axis, "
        "and a value that is itself a list stands in one more: `layers: [[100, 50]]`",
    )
    target: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="null: the label; the name of an observable: a regression of it; a list is an "
        "axis",
    )
    trials: int = Field(ge=1, description="trainings of each point, with other seeds")
    first_trial: int = Field(
        0, ge=0, description="number of the first: above 0, more trials of another scan's points"
    )
    training: TaggerTraining = Field(
        TaggerTraining(), description="where this scan's training differs from `tagger_training`"
    )
    pretrained: ClassVar[None] = None  # as scans of fully connected networks have it

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @field_validator("architecture")
    @classmethod
    def _architectures_known(cls, value: list[str]) -> list[str]:
        for name in value:
            if name == architectures.DENSE:
                raise ValueError(f"{name} is no tagger on constituents: give it a scan of its own")
            try:
                architectures.find(name)
            except UserError as error:
                raise ValueError(str(error)) from None
        return value

    @field_validator("features", mode="before")
    @classmethod
    def _one_list_is_a_list(cls, value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(one, list) for one in value):
            return value or [[]]
        return [value] if isinstance(value, list) else value

    @field_validator("features")
    @classmethod
    def _features_known(cls, value: list[list[str]]) -> list[list[str]]:
        for name in (name for one in value for name in one):
            if name not in FEATURES:
                raise ValueError(f"{name!r} is none of {', '.join(FEATURES)}")
        return value

    @field_validator("options", mode="before")
    @classmethod
    def _one_option_is_a_list(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: one if isinstance(one, list) else [one] for name, one in value.items()}

    @field_validator("options")
    @classmethod
    def _options_are_axes(cls, value: dict[str, list[Any]]) -> dict[str, list[Any]]:
        for name, values in value.items():
            if name in RESERVED:
                raise ValueError(
                    f"{name} is a column of the tables, or a key of the scan itself: set it there"
                )
            if not values:
                raise ValueError(f"{name}: an empty list leaves no tagger to train")
            if len({str(value_text(one)) for one in values}) < len(values):
                raise ValueError(f"{name}: {values} has values that are written alike")
            if bad := [one for one in values if "/" in str(value_text(one))]:
                raise ValueError(f"{name}: {bad[0]!r}: names of runs must hold no /")
        return value

    @model_validator(mode="after")
    def _sizes_known(self) -> "TaggerScan":
        for name in self.architecture:
            there = architectures.find(name).sizes
            for size in self.size if there else ():
                if size not in there:
                    raise ValueError(f"size: {name} has no {size!r}; it has {', '.join(there)}")
        return self

    @model_validator(mode="after")
    def _options_known(self) -> "TaggerScan":
        for name in self.architecture:
            there = architectures.find(name).options
            if there and (unknown := [option for option in self.options if option not in there]):
                raise ValueError(
                    f"options: {name} has no {', '.join(unknown)}; it has "
                    f"{', '.join(sorted(set(there) - set(RESERVED)))}"
                )
        return self

    @property
    def axes(self) -> tuple[str, ...]:
        """Keys that a study can choose by."""
        return (*AXES, "target", *self.options)

    def values(self, axis: str) -> list[str | int | float]:
        """What the taggers have on an axis, as ``runs.csv`` writes it."""
        if axis == "target":
            return self.target if isinstance(self.target, list) else [self.target or LABEL]
        if axis == "features":
            return [features_text(one) for one in self.features]
        if axis in self.options:
            return [value_text(one) for one in self.options[axis]]
        return list(getattr(self, axis)) if axis in AXES else []


def check(key: str, scan: TaggerScan, config: Any) -> None:
    """Stop at a scan that does not fit its datasets, which exist in the config.

    Raises
    ------
    ValueError
        Naming the key and what is allowed.
    """
    observables = observablenames.names(config.observables.model_dump())
    for target in scan.values("target"):
        if target not in (LABEL, *observables):
            raise ValueError(
                f"{key}.target: no observable {target!r}{perhaps(target, observables)}; "
                f"there are {', '.join(observables)}"
            )
    given = "augment" in scan.training.model_fields_set or config.tagger_training is None
    augment = (scan.training if given else config.tagger_training).augment
    changes = [name for name, value in augment.items() if value]
    if changes and set(scan.values("target")) != {LABEL}:
        raise ValueError(
            f"{key}.training.augment: {', '.join(changes)} would change the jets and not the "
            f"{', '.join(scan.values('target'))} that is learnt of them; leave it out"
        )
    fitted = [name for name in scan.architecture if name in architectures.FITTED_ONCE]
    if fitted and any(scan.training.augment.values()):
        raise ValueError(
            f"{key}.training.augment: {', '.join(fitted)} would see the jets as they are, once; "
            "leave it out, or name the networks in a scan of their own"
        )
    for name in scan.dataset:
        dataset = config.datasets[name]
        if not isinstance(dataset, (Tagging, External)):
            raise ValueError(
                f"{key}.dataset: {name} is of kind {dataset.kind}; taggers need one of kind "
                "tagging or external"
            )
        there = ["eflow"]
        if isinstance(dataset, Tagging) and config.samples[dataset.signal].detector != "none":
            there.append("tower")
        if absent := set(scan.kind) - set(there):
            raise ValueError(
                f"{key}.kind: {name} has no jets of kind {absent.pop()}, only {', '.join(there)}"
            )
        if isinstance(dataset, External) and any(scan.features):
            raise ValueError(
                f"{key}.features: {name} has four-vectors alone, no extra columns: leave it out"
            )
        if max(scan.constituents) > dataset.constituents:
            raise ValueError(
                f"{key}.constituents: {max(scan.constituents)} are more than the "
                f"{dataset.constituents} that {name} stores"
            )
        size = settings(config.tagger_training, scan).get("batch_size")
        if set(scan.architecture) <= set(architectures.FITTED_ONCE):
            continue
        if size and dataset.jets and size > 2 * dataset.jets.train:
            raise ValueError(
                f"{key}: batch_size {size} is more than the {2 * dataset.jets.train} training "
                f"jets of {name}"
            )


def settings(training: TaggerTraining, scan: TaggerScan) -> dict[str, Any]:
    """Return what the config sets of a scan's training; all else is the architecture's own."""
    both = (training, scan.training)
    return {key: value for one in both for key, value in one.model_dump(exclude_unset=True).items()}
