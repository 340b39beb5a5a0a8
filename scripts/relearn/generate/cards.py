"""Detector cards: the numbers of the embedded detector, typed and checked."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from relearn.errors import UserError
from relearn.generate.calorimetercards import Calorimeter, EnergyFractions, Strict, rising

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "detector"


class Tracker(Strict):
    """The cylinder with tracks in it."""

    radius: float = Field(gt=0, description="m")
    half_length: float = Field(gt=0, description="m")
    field: float = Field(gt=0, description="T, along the beam")


class Fall(Strict):
    """Loss at high pT: a factor exp(constant − slope·pT) above a threshold."""

    above: float = Field(gt=0, description="GeV")
    constant: float
    slope: float = Field(ge=0, description="1/GeV")


class Efficiency(Strict):
    """Efficiencies in bins of |η| and pT; 0 outside all bins."""

    eta_max: tuple[float, ...] = Field(min_length=1, description="upper edges, included")
    pt_min: tuple[float, ...] = Field(min_length=1, description="lower edges, excluded, GeV")
    efficiency: tuple[tuple[float, ...], ...] = Field(description="[|η| bin][pT bin]")
    fall: Fall | None = None

    @model_validator(mode="after")
    def _shape(self) -> "Efficiency":
        rising(self.eta_max)
        rising(self.pt_min)
        if len(self.efficiency) != len(self.eta_max) or any(
            len(row) != len(self.pt_min) for row in self.efficiency
        ):
            raise ValueError("efficiency needs a row for each eta_max, a column for each pt_min")
        if not all(0 <= value <= 1 for row in self.efficiency for value in row):
            raise ValueError("an efficiency lies between 0 and 1")
        return self


class Resolution(Strict):
    """σ(pT)/pT = √(constant² + (slope·pT)²) in bins of |η|; the last one has no end."""

    eta_max: tuple[float, ...] = Field(min_length=1, description="upper edges, included")
    constant: tuple[float, ...]
    slope: tuple[float, ...] = Field(description="1/GeV")

    @model_validator(mode="after")
    def _shape(self) -> "Resolution":
        rising(self.eta_max)
        if not len(self.eta_max) == len(self.constant) == len(self.slope):
            raise ValueError("eta_max, constant and slope need one number for each bin")
        if min(self.constant + self.slope) < 0:
            raise ValueError("constant and slope cannot be negative")
        return self


class Impact(Strict):
    """σ = √(constant² + (slope/pT)²·cosh^k η), k from the path through the material."""

    constant: float = Field(ge=0, description="mm, of fast tracks")
    slope: float = Field(ge=0, description="mm·GeV, multiple scattering at η = 0")


class ImpactParameters(Strict):
    """How well a track's closest approach to the beam is measured; Delphes' cards have none."""

    d0: Impact
    z0: Impact


class Isolation(Strict):
    """Σ pT of the energy flow around, over the candidate's pT."""

    radius: float = Field(gt=0, description="ΔR")
    pt_min: float = Field(ge=0, description="GeV, of what is counted")
    share_max: float = Field(ge=0, description="largest ratio of an isolated candidate")


class Tracks(Strict):
    """From the charged particle to its track."""

    tracking: Efficiency
    resolution: Resolution


class Leptons(Tracks):
    """From the lepton to its track, and to the reconstructed lepton."""

    identification: Efficiency
    isolation: Isolation


class Photons(Strict):
    """From a photon of the energy flow to the reconstructed photon."""

    identification: Efficiency
    isolation: Isolation


class DetectorCard(Strict):
    """Everything about one detector."""

    name: str
    tracker: Tracker
    hadrons: Tracks
    electrons: Leptons
    muons: Leptons
    photons: Photons
    impact: ImpactParameters
    ecal: Calorimeter
    hcal: Calorimeter
    energy: EnergyFractions
    missing_et: Literal["eflow", "towers_and_muons"] = Field(description="what is added up")


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
        return _parsed(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise UserError(f"there is no detector card {path}; shipped are {shipped}") from None


@lru_cache(maxsize=8)
def _parsed(text: str, path: Path) -> DetectorCard:
    try:
        values = yaml.safe_load(text)
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
