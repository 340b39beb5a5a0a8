"""The typed config: types, ranges, units and cross-checks of everything a user can set.

The YAML files (``config/config.yaml``, an overlay of ``config/scale/``) are merged by
Snakemake; `resolve` turns the result into frozen models or stops with one message that
names the key and what is allowed. The JSON schema in ``workflow/schemas/`` and the
reference page of the docs are generated from here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from relearn import configkeys, configtaggers
from relearn.configdata import (
    Detector,
    Dimuon,
    External,
    Jets,
    Momenta,
    Name,
    Sample,
    Strict,
    Tagging,
)
from relearn.configlike import filled, merge
from relearn.configobservables import Observables
from relearn.configscans import SCAN_AXES, Scan, Training
from relearn.configstudies import AnyScan, Study, check_where
from relearn.configtaggers import TaggerScan, TaggerTraining
from relearn.errors import UserError
from relearn.scans import n_outputs
from relearn.taggerruns import AXES

CONFIG_FOLDER = Path(__file__).resolve().parents[2] / "config"
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
TARGETS = {
    "dimuon": DIMUON_TARGETS,
    "momenta": MOMENTA_TARGETS,
    "tagging": (),
    "external": (),
    "detector": (),
}
MAY_BE_NULL = ("patience", "clip", "decay")  # of a training: null is a value of theirs
Dataset = Annotated[Dimuon | Momenta | Tagging | External | Detector, Field(discriminator="kind")]


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
    observables: Observables = Field(
        Observables(), description="what is stored with each jet, of samples and of other files"
    )
    datasets: dict[Name, Dataset] = Field(description="what networks learn from, by name")
    training: Training = Field(description="how networks are trained, unless a scan differs")
    tagger_training: TaggerTraining = Field(
        TaggerTraining(), description="how taggers are trained, unless a scan differs"
    )
    scans: dict[Name, AnyScan] = Field(description="what is trained, by name")
    studies: dict[Name, Study] = Field(description="what is measured and drawn, by name")

    @model_validator(mode="after")
    def _names_exist(self) -> "Config":
        for name, dataset in self.datasets.items():
            if isinstance(dataset, Dimuon):
                _known(f"datasets.{name}.sample", dataset.sample, self.samples)
                if self.samples[dataset.sample].keep == "jets":
                    raise ValueError(
                        f"datasets.{name}.sample: {dataset.sample} does not tell muons from the "
                        f"hard process: set `keep: prompt_muons` of samples.{dataset.sample}"
                    )
            if isinstance(dataset, Tagging):
                if dataset.signal == dataset.background:
                    raise ValueError(
                        f"datasets.{name}: signal and background are the same jets of "
                        f"{dataset.signal}: name two samples"
                    )
                for side in ("signal", "background"):
                    sample = getattr(dataset, side)
                    _known(f"datasets.{name}.{side}", sample, self.samples)
                    if not self.samples[sample].jets:
                        raise ValueError(
                            f"datasets.{name}.{side}: the sample {sample} has no `jets`: "
                            "say which (radius, pt, …) in samples"
                        )
            if isinstance(dataset, Detector):
                for process, sample in dataset.samples.items():
                    key = f"datasets.{name}.samples.{process}"
                    _known(key, sample, self.samples)
                    made = self.samples[sample]
                    if made.detector != "none" or made.keep != "stable":
                        raise ValueError(
                            f"{key}: the detectors need the true particles: set `detector: none` "
                            f"and `keep: stable` of samples.{sample}"
                        )
        for name, scan in self.scans.items():
            for dataset in scan.dataset:
                _known(f"scans.{name}.dataset", dataset, self.datasets)
            if isinstance(scan, TaggerScan):
                configtaggers.check(f"scans.{name}", scan, self)
                continue
            for dataset in scan.dataset:
                for target in scan.target:
                    allowed = TARGETS[self.datasets[dataset].kind]
                    _known(f"scans.{name}.target", target, allowed, f"a target of {dataset}")
            if scan.pretrained:
                _known(f"scans.{name}.pretrained", scan.pretrained, self.scans)
                start = self.scans[scan.pretrained]
                if isinstance(start, TaggerScan):
                    raise ValueError(f"scans.{name}.pretrained: {scan.pretrained} trains taggers")
                if start.pretrained:
                    raise ValueError(f"scans.{name}.pretrained: chains are not supported")
                if len(start.target) > 1:
                    raise ValueError(
                        f"scans.{name}.pretrained: {scan.pretrained} learns {len(start.target)} "
                        "targets; name a scan of one"
                    )
                _check_first_layers(f"scans.{name}.hidden", scan, scan.pretrained, start)
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
            scans = [self.scans[scan] for scan in study.scans]
            check_where(f"studies.{name}.where", study, scans)
            for dataset in study.datasets:
                _known(f"studies.{name}.datasets", dataset, self.datasets)
        return self

    def with_observables(self, jets: Jets | External) -> dict[str, Any]:
        """Return the settings of jets and those of their observables in one, as jobs take them."""
        return jets.model_dump() | {"observables": self.observables.model_dump()}


def _check_first_layers(key: str, scan: Scan, name: str, start: Scan) -> None:
    """Stop where no network of `start` can give the first layers of one of `scan`."""
    outputs, there = n_outputs(start.target[0]), [sizes for sizes in start.layers() if sizes]
    single = [sizes[0] for sizes in there if len(sizes) == 1]
    for sizes in scan.layers() if set(scan.start) - {"scratch"} else []:
        if len(sizes) < 2 or sizes[0] not in single or sizes[1] != outputs:
            raise ValueError(
                f"{key}: {'x'.join(map(str, sizes)) or 'none'} cannot start from a network of "
                f"{name}, which has {', '.join(map(str, single)) or 'none'} nodes in one layer "
                f"and {outputs} outputs: that many have to be in the first and the second layer"
            )


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
        return Config.model_validate(filled(_without_switched_off(raw)))
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors()]
        overlay_of = f"config/scale/{raw.get('scale', '<scale>')}.yaml"
        raise UserError(
            f"the config cannot be used (config/config.yaml, {overlay_of}, and what --configfile "
            "and --config say):\n" + "\n".join(lines)
        ) from None


def _without_switched_off(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what an overlay sets to null: studies, scans, these of a study, their training."""
    raw = {**raw, "tagger_training": _set(raw.get("tagger_training"))}
    scans, studies = raw.get("scans"), raw.get("studies")
    if not isinstance(scans, Mapping) or not isinstance(studies, Mapping):
        return raw
    off = {name for name, scan in scans.items() if scan is None}
    left = {name: study for name, study in studies.items() if study is not None}
    for name, study in left.items():
        if isinstance(study, Mapping) and isinstance(study.get("scans"), list):
            left[name] = {
                **study,
                "scans": [scan for scan in study["scans"] if str(scan) not in off],
            }
    kept = {
        name: {**scan, "training": _set(scan["training"])}
        if isinstance(scan, Mapping) and "training" in scan
        else scan
        for name, scan in scans.items()
        if name not in off
    }
    return {**raw, "scans": kept, "studies": left}


def _set(training: Any) -> Any:
    """Return settings of a training without those that an overlay takes back."""
    if isinstance(training, Mapping):
        return {k: value for k, value in training.items() if value is not None or k in MAY_BE_NULL}
    return {} if training is None else training


def overlay(scale: str, *folders: Path) -> Path:
    """Return the overlay of a scale, from the first of some config folders that has it.

    Raises
    ------
    UserError
        If none has it: names the scales that there are.
    """
    for folder in folders:
        path = folder / "scale" / f"{scale}.yaml"
        if path.is_file():
            return path
    known = sorted({file.stem for folder in folders for file in folder.glob("scale/*.yaml")})
    raise UserError(
        f"there is no scale {scale!r} (config/scale/{scale}.yaml); there are {', '.join(known)}"
    )


def load(scale: str, *folders: Path) -> Config:
    """Read ``config.yaml`` and the overlay of a scale, without Snakemake.

    Parameters
    ----------
    scale
        Name of the overlay.
    folders
        Where they are, each file in the first that has it; by default ``config`` of the working
        directory, then the repository's.

    Raises
    ------
    UserError
        If a file is missing, is no YAML, or its content cannot be used.
    """
    folders = folders or (Path("config"), CONFIG_FOLDER)
    main = next(path for folder in folders if (path := folder / "config.yaml").is_file())
    merged: dict[str, Any] = {}
    for path in (main, overlay(scale, *folders)):
        merged = merge(merged, read(path))
    return resolve(merged | {"scale": scale})


def read(path: Path) -> dict[str, Any]:
    """Return what a file of the config has.

    Raises
    ------
    UserError
        If it is no YAML: names the file and the line.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {error}") from None


def _explain(item: Mapping[str, Any]) -> str:
    place = list(item["loc"])
    if place[:1] in (["datasets"], ["scans"]) and len(place) > 2:
        del place[2]  # the kind, which is no key
    key = ".".join(map(str, place))
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        perhaps = configkeys.meant(Config.model_json_schema(), [str(part) for part in place])
        return f"  {key}: unknown key{perhaps}; see config/README.md for the keys there are"
    if item["type"] == "missing":
        return f"  {key}: is required"
    if item["type"] == "value_error" and not key:
        return f"  {message}"
    return f"  {key}: {message} (it is {item['input']!r})"


def scan_spec(config: Config, name: str) -> dict[str, Any]:
    """Return scan `name` with all defaults filled in, ready to `expand` (in `relearn.scans`).

    That of taggers is for `relearn.taggerruns.expand`. Its training has only what the config
    sets: the rest is the architecture's own.
    """
    scan = config.scans[name]
    if isinstance(scan, TaggerScan):
        return _tagger_spec(config, name, scan)
    override = scan.training.model_dump(exclude_none=True)
    axes = {axis: list(getattr(scan, axis)) for axis in SCAN_AXES}
    axes["hidden"] = scan.layers()
    return {
        "name": name,
        "architecture": scan.architecture,
        "axes": axes,
        "trials": scan.trials,
        "first_trial": scan.first_trial,
        "training": config.training.model_dump() | override,
        "pretrained": scan.pretrained,
        "events": {dataset: config.datasets[dataset].events.train for dataset in scan.dataset},
        "seed": config.seed,
        "batch_seconds": config.batch_seconds,
    }


def _tagger_spec(config: Config, name: str, scan: TaggerScan) -> dict[str, Any]:
    jets = {dataset: config.datasets[dataset].jets for dataset in scan.dataset}
    return {
        "name": name,
        "axes": {axis: list(getattr(scan, axis)) for axis in AXES},
        "options": scan.options,
        "target": scan.target,
        "trials": scan.trials,
        "first_trial": scan.first_trial,
        "training": configtaggers.settings(config.tagger_training, scan),
        "pretrained": None,
        "jets": {dataset: 2 * split.train if split else None for dataset, split in jets.items()},
        "seed": config.seed,
        "batch_seconds": config.batch_seconds,
    }
