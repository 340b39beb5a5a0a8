"""Constituents of jets → the high-level variables that are stored with each jet."""

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.jets import clustering, correlators, grooming, nsubjettiness, shapes, toptagger

Array = NDArray[np.float64]
ORDERS = tuple(range(1, 9))
BETAS = (0.5, 1.0, 2.0)
GROOMED_ORDERS = (1, 2, 3)
Z_CUT, SOFT_DROP_BETA = 0.1, 0.0


def tau_name(n: int, beta: float, groomed: bool = False) -> str:
    """Return the name of τ_N^(β): ``tau3_b1``, ``tau2_b05``, ``tau3_b1_sd``."""
    return f"tau{n}_b{beta:g}".replace(".", "") + ("_sd" if groomed else "")


def names() -> list[str]:
    """Return the names of all observables, in the order of `observables`."""
    taus = [tau_name(n, beta) for n in ORDERS for beta in BETAS]
    taus += [tau_name(n, 1.0, groomed=True) for n in GROOMED_ORDERS]
    return [
        *("pt", "eta", "phi", "mass", "sd_pt", "sd_mass", "sd_z", "sd_delta_r"),
        *taus,
        *("c2", "d2", "m_rec", "f_rec", "delta_r_opt", "top_tagged"),
        *("multiplicity", "track_multiplicity", "track_mass", "girth", "momentum_dispersion"),
        *("jet_charge", "eventropy", "c_parameter"),
    ]


def observables(vectors: ak.Array, charge: ak.Array, radius: float) -> dict[str, Array]:
    """Return all high-level variables of some jets.

    Parameters
    ----------
    vectors
        jets × constituents × 4, GeV.
    charge
        jets × constituents, in units of e.
    radius
        R of the jets.

    Returns
    -------
    dict
        Name (see `names`) → (jets,), float64. τ_N without R0^β and over the jet's pT, as in
        the talks; soft drop with z_cut = 0.1, β = 0; ``*_sd`` of the groomed jet. What each is:
        ``docs/jets.md``.
    """
    from relearn.jets.jagged import flatten

    flat = flatten(vectors)
    total = flat.sum(flat.p4)
    groomed = grooming.soft_drop(vectors, Z_CUT, SOFT_DROP_BETA, radius)
    p4 = ak.to_numpy(groomed.p4)
    found = {"pt": kin.pt(total), "eta": kin.eta(total), "phi": kin.phi(total)}
    found |= {"mass": kin.mass(total), "sd_pt": kin.pt(p4), "sd_mass": kin.mass(p4)}
    found |= {"sd_z": ak.to_numpy(groomed.z), "sd_delta_r": ak.to_numpy(groomed.delta_r)}

    how = {"radius": radius, "normalise": False}
    tau = nsubjettiness.n_subjettiness(vectors, ORDERS, BETAS, **how)
    for i, n in enumerate(ORDERS):
        found |= {tau_name(n, beta): tau[:, i, j] for j, beta in enumerate(BETAS)}
    inner = clustering.take(vectors, groomed.constituents)
    tau = nsubjettiness.n_subjettiness(inner, GROOMED_ORDERS, 1.0, **how)
    found |= {tau_name(n, 1.0, True): tau[:, i] for i, n in enumerate(GROOMED_ORDERS)}

    found |= {"c2": correlators.c2(vectors), "d2": correlators.d2(vectors)}
    top = toptagger.hep_top_tag(vectors, toptagger.TopTagger(radius=radius))
    found |= {name: ak.to_numpy(top[name]) for name in ("m_rec", "f_rec", "delta_r_opt")}
    found["top_tagged"] = ak.to_numpy(top.passed).astype(np.float64)
    found["multiplicity"] = shapes.multiplicity(vectors)
    found["track_multiplicity"] = shapes.track_multiplicity(vectors, charge)
    found["track_mass"] = shapes.track_mass(vectors, charge)
    found["girth"] = shapes.girth(vectors)
    found["momentum_dispersion"] = shapes.momentum_dispersion(vectors)
    found["jet_charge"] = shapes.jet_charge(vectors, charge)
    found["eventropy"] = shapes.eventropy(vectors)
    found["c_parameter"] = shapes.c_parameter(vectors)
    return {name: np.ascontiguousarray(values) for name, values in found.items()}
