"""Simple observables of a jet, as sums over its constituents.

Each is a function of a few sums over constituents: the pairs of Φ and F in the table of Komiske,
Metodiev and Thaler, 1810.05165, whose formulas these are. *Safe* means that neither a soft nor a
collinear particle changes the value.
"""

import awkward as ak
import numpy as np

from relearn import kinematics
from relearn.jets.jagged import Array, Flat, flatten


def mass(constituents: ak.Array | Array) -> Array:
    """Return the mass of the sum of constituents, GeV, (jets,). Safe."""
    flat = flatten(constituents)
    return kinematics.mass(flat.sum(flat.p4))


def multiplicity(constituents: ak.Array | Array) -> Array:
    """Return the number of constituents, (jets,). Not safe."""
    return flatten(constituents).counts.astype(np.float64)


def girth(constituents: ak.Array | Array) -> Array:
    """Return Σ pT ΔR / Σ pT, (jets,), ΔR from the jet's axis in y and φ. Safe.

    The linear radial moment, with g = 0 for a single constituent (Gallicchio and Schwartz,
    1211.7038, who divide by the jet's pT).
    """
    flat = flatten(constituents)
    axis = flat.sum(flat.p4)[flat.owner]
    dy = _finite(kinematics.rapidity(flat.p4)) - _finite(kinematics.rapidity(axis))
    pt = kinematics.pt(flat.p4)
    apart = np.hypot(dy, kinematics.delta_phi(flat.p4, axis))
    # a constituent along the beam has no pT, and no say
    return _ratio(flat.sum(np.where(pt > 0, pt * apart, 0.0)), flat.sum(pt))


def momentum_dispersion(constituents: ak.Array | Array) -> Array:
    """Return pTD = √(Σ pT²) / Σ pT, (jets,), 1 for a single constituent. Not safe (CMS)."""
    flat = flatten(constituents)
    pt = kinematics.pt(flat.p4)
    return _ratio(np.sqrt(flat.sum(pt**2)), flat.sum(pt))


def jet_charge(
    constituents: ak.Array | Array, charge: ak.Array | Array, kappa: float = 0.5
) -> Array:
    """Return Σ Q pT^κ / (Σ pT)^κ, (jets,). Not safe.

    Field and Feynman, Nucl. Phys. B 136 (1978) 1; Krohn et al., 1209.2421.

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV.
    charge
        jets × constituents, in units of e, of the same shape.
    kappa
        κ > 0.

    Raises
    ------
    ValueError
        If `charge` has another shape.
    """
    flat = flatten(constituents)
    pt = kinematics.pt(flat.p4)
    return _ratio(flat.sum(alongside(flat, charge) * pt**kappa), flat.sum(pt) ** kappa)


def track_mass(constituents: ak.Array | Array, charge: ak.Array | Array) -> Array:
    """Return the mass of the sum of charged constituents, GeV, (jets,). Not safe."""
    flat = flatten(constituents)
    charged = (alongside(flat, charge) != 0)[:, None]
    return kinematics.mass(flat.sum(flat.p4 * charged))


def track_multiplicity(constituents: ak.Array | Array, charge: ak.Array | Array) -> Array:
    """Return the number of charged constituents, (jets,). Not safe."""
    flat = flatten(constituents)
    return flat.sum((alongside(flat, charge) != 0).astype(np.float64))


def eventropy(constituents: ak.Array | Array) -> Array:
    """Return −Σ z ln z with z = pT/Σ pT, (jets,), 0 for a single constituent. Not safe.

    At most the logarithm of the number of constituents.
    """
    flat = flatten(constituents)
    pt = kinematics.pt(flat.p4)
    z = _ratio(pt, flat.sum(pt)[flat.owner])
    return -flat.sum(z * np.log(np.where(z > 0, z, 1.0)))


def c_parameter(constituents: ak.Array | Array) -> Array:
    """Return 3/2 [(Tr Y)² − Tr Y²]/(Σ|p|)² with Y = Σ p pᵀ/|p|, (jets,). Safe.

    As of the whole event in e⁺e⁻ (Parisi; Donoghue, Low and Pi), but of one jet, in the
    laboratory: 0 for collinear constituents, 1 for isotropic ones.
    """
    flat = flatten(constituents)
    momentum = flat.p4[:, 1:]
    size = np.linalg.norm(momentum, axis=1)
    outer = momentum[:, :, None] * momentum[:, None, :]
    tensor = flat.sum(outer / np.where(size > 0, size, 1.0)[:, None, None])
    trace = np.trace(tensor, axis1=1, axis2=2)
    square = (tensor**2).sum(axis=(1, 2))  # Tr Y² of a symmetric Y
    return np.maximum(_ratio(1.5 * (trace**2 - square), trace**2), 0.0)


def alongside(flat: Flat, values: ak.Array | Array) -> Array:
    """Return a property of constituents as it goes with `flat`: jets × constituents → flat.

    Raises
    ------
    ValueError
        If it has other jets, or fewer constituents in one of them.
    """
    values = ak.Array(values)
    counts = ak.to_numpy(ak.num(values, axis=1))
    if len(counts) != len(flat):
        raise ValueError(f"values of {len(counts)} jets for constituents of {len(flat)}")
    starts = np.cumsum(counts) - counts
    if (flat.position >= counts[flat.owner]).any():
        raise ValueError("a jet has fewer values than constituents")
    return ak.to_numpy(ak.flatten(values, axis=1))[starts[flat.owner] + flat.position]


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _finite(rapidity: Array) -> Array:
    return np.where(np.isfinite(rapidity), rapidity, 0.0)
