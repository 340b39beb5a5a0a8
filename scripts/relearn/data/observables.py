"""Constituents of jets → the high-level variables that are stored with each jet.

What is computed, and how, is in the config (`relearn.configobservables.Observables`).
"""

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics as kin
from relearn.jets import clustering, correlators, grooming, nsubjettiness, shapes, toptagger
from relearn.observablenames import Settings, charge_name, correlator_name, tau_name

Array = NDArray[np.float64]


def observables(
    vectors: ak.Array, charge: ak.Array, radius: float, settings: Settings
) -> dict[str, Array]:
    """Return all high-level variables of some jets.

    Parameters
    ----------
    vectors
        jets × constituents × 4, GeV.
    charge
        jets × constituents, in units of e.
    radius
        R of the jets, R0 of soft drop and N-subjettiness.
    settings
        Of the observables in the config.

    Returns
    -------
    dict
        Name (see `relearn.observablenames`) → (jets,), float64. ``*_sd`` are of the groomed jet.
        What each is: ``docs/jets.md``.
    """
    from relearn.jets.jagged import flatten

    flat = flatten(vectors)
    total = flat.sum(flat.p4)
    groomed = grooming.soft_drop(vectors, radius=radius, **settings["soft_drop"])
    p4 = ak.to_numpy(groomed.p4)
    found = {"pt": kin.pt(total), "eta": kin.eta(total), "phi": kin.phi(total)}
    found |= {"mass": kin.mass(total), "sd_pt": kin.pt(p4), "sd_mass": kin.mass(p4)}
    found |= {"sd_z": ak.to_numpy(groomed.z), "sd_delta_r": ak.to_numpy(groomed.delta_r)}

    found |= _n_subjettiness(vectors, radius, settings["n_subjettiness"])
    inner = clustering.take(vectors, groomed.constituents)
    found |= _n_subjettiness(inner, radius, settings["n_subjettiness"], groomed=True)
    for beta in settings["energy_correlation_betas"]:
        found[correlator_name("c2", beta)] = correlators.c2(vectors, beta)
        found[correlator_name("d2", beta)] = correlators.d2(vectors, beta)
    top = toptagger.hep_top_tag(vectors, toptagger.TopTagger(radius=radius))
    found |= {name: ak.to_numpy(top[name]) for name in ("m_rec", "f_rec", "delta_r_opt")}
    found["top_tagged"] = ak.to_numpy(top.passed).astype(np.float64)
    found["multiplicity"] = shapes.multiplicity(vectors)
    found["track_multiplicity"] = shapes.track_multiplicity(vectors, charge)
    found["track_mass"] = shapes.track_mass(vectors, charge)
    found["girth"] = shapes.girth(vectors)
    found["momentum_dispersion"] = shapes.momentum_dispersion(vectors)
    for kappa in settings["jet_charge_kappas"]:
        found[charge_name(kappa)] = shapes.jet_charge(vectors, charge, kappa)
    found["eventropy"] = shapes.eventropy(vectors)
    found["c_parameter"] = shapes.c_parameter(vectors)
    return {name: np.ascontiguousarray(values) for name, values in found.items()}


def _n_subjettiness(
    vectors: ak.Array, radius: float, settings: Settings, groomed: bool = False
) -> dict[str, Array]:
    """Return τ_N of all orders and powers, by name."""
    prefix = "groomed_" if groomed else ""
    orders, betas = settings[f"{prefix}orders"], settings[f"{prefix}betas"]
    if not orders:
        return {}
    tau = nsubjettiness.n_subjettiness(
        vectors,
        orders,
        betas,
        radius,
        settings["axes"],
        normalise=settings["normalisation"] == "sum_pt_r0",
    )
    return {
        tau_name(n, beta, groomed): tau[:, i, j]
        for i, n in enumerate(orders)
        for j, beta in enumerate(betas)
    }
