"""Detector cards: the numbers of the embedded detector, typed and checked."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from relearn.errors import UserError

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "detector"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tracker(_Strict):
    """The cylinder with tracks in it."""

    radius: float = Field(gt=0, description="m")
    half_length: float = Field(gt=0, description="m")
    field: float = Field(gt=0, description="T, along the beam")


class Fall(_Strict):
    """Loss at high pT: a factor exp(constant − slope·pT) above a threshold."""

    above: float = Field(gt=0, description="GeV")
    constant: float
    slope: float = Field(ge=0, description="1/GeV")


class Efficiency(_Strict):
    """Efficiencies in bins of |η| and pT; 0 outside all bins."""

    eta_max: tuple[float, ...] = Field(min_length=1, description="upper edges, included")
    pt_min: tuple[float, ...] = Field(min_length=1, description="lower edges, excluded, GeV")
    efficiency: tuple[tuple[float, ...], ...] = Field(description="[|η| bin][pT bin]")
    fall: Fall | None = None

    @model_validator(mode="after")
    def _shape(self) -> "Efficiency":
        _rising(self.eta_max)
        _rising(self.pt_min)
        if len(self.efficiency) != len(self.eta_max) or any(
            len(row) != len(self.pt_min) for row in self.efficiency
        ):
            raise ValueError("efficiency needs a row for each eta_max, a column for each pt_min")
        if not all(0 <= value <= 1 for row in self.efficiency for value in row):
            raise ValueError("an efficiency lies between 0 and 1")
        return self


class Resolution(_Strict):
    """σ(pT)/pT = √(constant² + (slope·pT)²) in bins of |η|; the last one has no end."""

    eta_max: tuple[float, ...] = Field(min_length=1, description="upper edges, included")
    constant: tuple[float, ...]
    slope: tuple[float, ...] = Field(description="1/GeV")

    @model_validator(mode="after")
    def _shape(self) -> "Resolution":
        _rising(self.eta_max)
        if not len(self.eta_max) == len(self.constant) == len(self.slope):
            raise ValueError("eta_max, constant and slope need one number for each bin")
        if min(self.constant + self.slope) < 0:
            raise ValueError("constant and slope cannot be negative")
        return self


class Muons(_Strict):
    """From the muon to the reconstructed muon."""

    tracking: Efficiency
    resolution: Resolution
    identification: Efficiency


class DetectorCard(_Strict):
    """Everything about one detector."""

    name: str
    tracker: Tracker
    muons: Muons


def _rising(edges: tuple[float, ...]) -> None:
    if list(edges) != sorted(set(edges)):
        raise ValueError("bin edges must rise")


def load(card: str | Path) -> DetectorCard:
    """Read a detector card.

    Parameters
    ----------
    card
        A file, or the name of a shipped one: ``CMS`` or ``ATLAS``.

    Raises
    ------
    UserError
        If there is no such card or it cannot be used: names the file, the key, what is wrong.
    """
    path = Path(card)
    if path.suffix != ".yaml":
        path = SHIPPED / f"{card}.yaml"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise UserError(f"there is no detector card {path}; shipped are {shipped}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {error}") from None
    try:
        return DetectorCard.model_validate(values)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, item['loc'])) or 'card'}: {item['msg']}"
            for item in error.errors()
        ]
        raise UserError(f"{path} cannot be used:\n" + "\n".join(lines)) from None
