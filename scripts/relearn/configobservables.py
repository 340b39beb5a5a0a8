"""The typed config of the observables that are stored with each jet."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from relearn.configdata import Strict

Order = Annotated[int, Field(ge=1, le=8)]
Beta = Annotated[float, Field(ge=0.01, le=2)]  # two decimals or so: names of columns show them
Power = Annotated[float, Field(ge=0.01, le=4)]


def _each_once(values: list[float]) -> list[float]:
    if len({f"{value:g}" for value in values}) < len(values):
        raise ValueError("each value once: columns are named by them")
    return values


class SoftDrop(Strict):
    """The grooming of jets."""

    z_cut: float = Field(0.1, ge=0, lt=0.5, description="least share of pT of the softer branch")
    beta: float = Field(
        0.0,
        ge=-2,
        le=10,
        description="power of ΔR/R0: a branch needs z > z_cut (ΔR/R0)^β; 0: whatever its angle",
    )


class NSubjettiness(Strict):
    """τ_N^(β): how far constituents are from N axes."""

    orders: list[Order] = Field(
        list(range(1, 9)), min_length=1, description="numbers of axes N, 1 … 8"
    )
    betas: list[Beta] = Field(
        [0.5, 1.0, 2.0], min_length=1, description="powers of ΔR, 0.01 … 2; `tau3_b1` has β = 1"
    )
    groomed_orders: list[Order] = Field(
        [1, 2, 3], description="the same of the groomed jet (`tau3_b1_sd`), 1 … 8; empty: none"
    )
    groomed_betas: list[Beta] = Field([1.0], min_length=1, description="powers of ΔR of those")
    axes: Literal["kt", "wta_kt", "onepass_kt", "onepass_wta_kt"] = Field(
        "onepass_kt",
        description="where exclusive kT clustering stops, E-scheme or winner-take-all; onepass: "
        "from there to the next minimum of τ_N",
    )
    normalisation: Literal["jet_pt", "sum_pt_r0"] = Field(
        "jet_pt",
        description="what the sum is divided by: the jet's pT, without R0^β, as in the talks; or "
        "Σ pT R0^β, as in FastJet contrib",
    )

    once = field_validator("orders", "betas", "groomed_orders", "groomed_betas")(_each_once)


class Observables(Strict):
    """What is stored with each jet; the same for all samples and files."""

    soft_drop: SoftDrop = Field(SoftDrop(), description="of `sd_mass`, `sd_pt`, …, `tau1_b1_sd`")
    n_subjettiness: NSubjettiness = Field(NSubjettiness(), description="of `tau1_b1`, …")
    energy_correlation_betas: list[Power] = Field(
        [1.0], description="powers of ΔR of C2 and D2, 0.01 … 4; `c2` has β = 1, `c2_b2` has 2"
    )
    jet_charge_kappas: list[Power] = Field(
        [0.5],
        description="powers of pT of the jet charge, 0.01 … 4; `jet_charge` has κ = 0.5, "
        "`jet_charge_k03` has 0.3",
    )

    once = field_validator("energy_correlation_betas", "jet_charge_kappas")(_each_once)
