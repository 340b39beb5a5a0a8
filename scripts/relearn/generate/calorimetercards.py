"""The calorimeters' part of a detector card: rings of cells, resolutions, thresholds."""

from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Array = NDArray[np.float64]


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def rising(edges: tuple[float, ...]) -> None:
    """Raise ValueError unless `edges` rise."""
    if not all(low < high for low, high in pairwise(edges)):
        raise ValueError("bin edges must rise")


class Rings(Strict):
    """Rings with the same number of cells; equally wide ones by width and number."""

    cells: int = Field(gt=0, description="in a ring, around the beam")
    width: float | None = Field(None, gt=0, description="of a ring, in η")
    rings: int | None = Field(None, gt=0, description="how many of that width")
    edges: tuple[float, ...] | None = Field(None, min_length=1, description="upper edges, in η")

    @model_validator(mode="after")
    def _one_way(self) -> "Rings":
        if (self.width is None) != (self.rings is None) or (self.width is None) == (
            self.edges is None
        ):
            raise ValueError("rings need either `width` and `rings`, or `edges`")
        return self

    def upper_edges(self, start: float) -> list[float]:
        """Return the upper edges of the rings that begin at `start`."""
        if self.edges is not None:
            return list(self.edges)
        return [round(start + self.width * number, 12) for number in range(1, self.rings + 1)]


class Factor(Strict):
    """What multiplies a resolution: base + growth·(|η| − centre)²."""

    base: float = Field(ge=0)
    growth: float = Field(ge=0)
    centre: float = 0.0


class EnergyResolution(Strict):
    """σ(E) = factor·√(constant²·E² + stochastic²·E + noise²), up to an |η| of the cell's centre."""

    eta_max: float = Field(gt=0, description="included")
    constant: float = Field(ge=0)
    stochastic: float = Field(ge=0, description="√GeV")
    noise: float = Field(0.0, ge=0, description="GeV")
    factor: Factor = Factor(base=1.0, growth=0.0)


class Calorimeter(Strict):
    """One calorimeter: where its cells are and what they measure."""

    rings: tuple[Rings, ...] = Field(min_length=1, description="from η = 0 outwards; mirrored")
    resolution: tuple[EnergyResolution, ...] = Field(min_length=1)
    energy_min: float = Field(ge=0, description="GeV; less in a cell is nothing")
    significance_min: float = Field(ge=0, description="energy over its σ; less is nothing")

    @model_validator(mode="after")
    def _covers(self) -> "Calorimeter":
        edges, _ = self._half
        rising((0.0, *edges))
        ends = tuple(region.eta_max for region in self.resolution)
        rising(ends)
        if (edges[-1] + ([0.0, *edges][-2])) / 2 > ends[-1]:
            raise ValueError(f"the resolution ends at {ends[-1]}, the rings at {edges[-1]}")
        return self

    @cached_property
    def _half(self) -> tuple[list[float], list[int]]:
        edges, cells = [0.0], []
        for group in self.rings:
            more = group.upper_edges(edges[-1])
            edges += more
            cells += [group.cells] * len(more)
        return edges[1:], cells

    @cached_property
    def edges(self) -> Array:
        """Edges of all rings, in η: rings + 1."""
        half = np.array(self._half[0])
        return np.concatenate([-half[::-1], [0.0], half])

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """Cells in each ring."""
        half = np.array(self._half[1])
        return np.concatenate([half[::-1], half])

    @cached_property
    def variances(self) -> Array:
        """Return σ² of each ring as a polynomial in E: rings × (1, E, E²)."""
        centre = np.abs(self.edges[1:] + self.edges[:-1]) / 2
        region = np.searchsorted([one.eta_max for one in self.resolution], centre, side="left")
        rows = []
        for eta, number in zip(centre, region, strict=True):
            one = self.resolution[number]
            factor = one.factor.base + one.factor.growth * (eta - one.factor.centre) ** 2
            terms = np.array([one.noise, one.stochastic, one.constant])
            rows.append((factor * terms) ** 2)
        return np.array(rows)


class Share(Strict):
    """What some species leave in the calorimeters, as shares of their energy."""

    ecal: float = Field(ge=0, le=1)
    hcal: float = Field(ge=0, le=1)


class Species(Share):
    """The same, for particles and antiparticles of these codes of the Particle Data Group."""

    pid: tuple[int, ...] = Field(min_length=1)


class EnergyFractions(Strict):
    """Where particles leave their energy."""

    others: Share
    species: tuple[Species, ...]

    @cached_property
    def table(self) -> tuple[NDArray[np.int64], Array]:
        """Rising |codes|, and their shares: codes × (ECal, HCal); the others' come last."""
        rows = {code: (one.ecal, one.hcal) for one in self.species for code in one.pid}
        codes = sorted(rows)
        shares = [rows[code] for code in codes] + [(self.others.ecal, self.others.hcal)]
        return np.array(codes, dtype=np.int64), np.array(shares)
