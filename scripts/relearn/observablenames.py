"""Names of the observables of jets: columns of datasets, inputs and targets of taggers."""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]  # `observables` of the config
# of the columns that are named without it
USUAL_BETA, USUAL_KAPPA = 1.0, 0.5


def tau_name(n: int, beta: float, groomed: bool = False) -> str:
    """Return the name of τ_N^(β): ``tau3_b1``, ``tau2_b05``, ``tau3_b1_sd``."""
    return f"tau{n}_b{_digits(beta)}" + ("_sd" if groomed else "")


def correlator_name(name: str, beta: float) -> str:
    """Return the name of C2 or D2 at β: ``c2`` at 1, ``c2_b2``, ``c2_b05``."""
    return name if beta == USUAL_BETA else f"{name}_b{_digits(beta)}"


def charge_name(kappa: float) -> str:
    """Return the name of the jet charge at κ: ``jet_charge`` at 0.5, ``jet_charge_k03``."""
    return "jet_charge" if kappa == USUAL_KAPPA else f"jet_charge_k{_digits(kappa)}"


def _digits(value: float) -> str:
    return f"{value:g}".replace(".", "")


def names(settings: Settings) -> list[str]:
    """Return the names of all observables, in the order in which datasets store them."""
    tau = settings["n_subjettiness"]
    taus = [tau_name(n, beta) for n in tau["orders"] for beta in tau["betas"]]
    for n in tau["groomed_orders"]:
        taus += [tau_name(n, beta, groomed=True) for beta in tau["groomed_betas"]]
    betas = settings["energy_correlation_betas"]
    return [
        *("pt", "eta", "phi", "mass", "sd_pt", "sd_mass", "sd_z", "sd_delta_r"),
        *taus,
        *(correlator_name(name, beta) for beta in betas for name in ("c2", "d2")),
        *("m_rec", "f_rec", "delta_r_opt", "top_tagged"),
        *("multiplicity", "track_multiplicity", "track_mass", "girth", "momentum_dispersion"),
        *(charge_name(kappa) for kappa in settings["jet_charge_kappas"]),
        *("eventropy", "c_parameter"),
    ]
