"""Soft drop: Larkoski, Marzani, Soyez and Thaler, 1402.2657."""

import awkward as ak

from relearn.jets.jagged import Array, flatten


def soft_drop(
    constituents: ak.Array | Array, z_cut: float = 0.1, beta: float = 0.0, radius: float = 1.5
) -> ak.Array:
    """Groom each jet: take away soft branches at large angles.

    The constituents are clustered with Cambridge/Aachen into one jet, whatever its size. From
    the last merging backwards the softer branch is dropped until min(pT1, pT2)/(pT1 + pT2) >
    z_cut (ΔR12/R0)^β. β = 0 is the modified mass-drop tagger (1307.0007).

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV (`relearn.jets.jagged`).
    z_cut, beta
        The condition's.
    radius
        R0, the jet radius.

    Returns
    -------
    awkward.Array
        One record a jet: ``p4`` (4, GeV) of the groomed jet, whose mass is the soft-drop mass;
        ``constituents`` (positions of what remains); ``z`` and ``delta_r`` of the branching
        that passed; ``dropped``, how many did not. Where no branching passes the jet ends as
        its last single constituent, with z = ΔR = 0 (grooming mode of FastJet contrib). The
        groomed mass and τ_N are infrared safe; ``z`` at β = 0 is so only with z_cut > 0.

    Raises
    ------
    ValueError
        If z_cut is negative or the radius not positive.
    UserError
        If a constituent is not finite.
    """
    if not (z_cut >= 0 and radius > 0):
        raise ValueError(f"z_cut {z_cut} must not be negative, radius {radius} must be positive")
    from relearn.jets.kernels import declustering

    flat = flatten(constituents)
    kept, groomed, found = declustering.soft_drop(
        flat.p4, flat.offsets, float(z_cut), float(beta), float(radius)
    )
    return ak.zip(
        {
            "p4": ak.Array(groomed),
            "constituents": flat.select(kept),
            "z": found[:, 0],
            "delta_r": found[:, 1],
            "dropped": found[:, 2].astype(int),
        },
        depth_limit=1,
    )
