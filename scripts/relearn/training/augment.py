"""Changes of jets before they reach a tagger: energy scale, rotations, lost constituents.

All work on the device of the jets, keep padding at zero and the shares m/E or the masses as said,
and leave observables and extra columns as they are but for the places of lost constituents.
Random ones draw from a generator of their own, on the same device.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from relearn.models.jetbatch import Jets

SMALLEST = 1e-30  # GeV: below there is no direction
LEAST_FACTOR = 0.1  # of a smeared energy: one of zero or less would be no jet


def scale(jets: Jets, factor: float | Tensor) -> Jets:
    """Multiply all four-vectors: a shifted jet energy scale.

    Parameters
    ----------
    jets
        (B,) jets.
    factor
        One for all, or one for each jet (B,); positive. Masses are multiplied with it, so that
        what is massless stays so.
    """
    many = torch.as_tensor(factor, dtype=jets.p4.dtype, device=jets.device)
    return replace(jets, p4=jets.p4 * many.view(-1, 1, 1))


def smear(jets: Jets, width: float, generator: torch.Generator) -> Jets:
    """Multiply each jet by a factor of its own, Gaussian around 1.

    Parameters
    ----------
    width
        Relative standard deviation. Factors are cut at `LEAST_FACTOR`.
    """
    normal = torch.randn(len(jets), generator=generator, device=jets.device)
    return scale(jets, (1 + width * normal).clamp_min(LEAST_FACTOR))


def rotate(jets: Jets, angle: Tensor) -> Jets:
    """Turn the constituents around the jet's axis in the plane of η and φ.

    Each keeps its pT, its mass and its ΔR from the axis, which is that of the summed
    four-vectors; in double precision, which E² − p² needs. The jet's own pT, mass and axis change
    by some per cent, as the plane is flat and momenta are not.

    Parameters
    ----------
    angle
        (B,), radians.
    """
    p4 = jets.p4.double()
    pt, eta, phi = _pt_eta_phi(p4)
    _, axis_eta, axis_phi = (x[:, None] for x in _pt_eta_phi(p4.sum(dim=1)))
    deta = eta - axis_eta
    dphi = torch.remainder(phi - axis_phi + math.pi, 2 * math.pi) - math.pi
    cos, sin = (f(angle.double())[:, None] for f in (torch.cos, torch.sin))
    eta = axis_eta + cos * deta - sin * dphi
    phi = axis_phi + sin * deta + cos * dphi
    mass2 = (p4[..., 0].square() - p4[..., 1:].square().sum(dim=-1)).clamp_min(0)
    energy = ((pt * eta.cosh()).square() + mass2).sqrt()
    turned = torch.stack([energy, pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()], dim=-1)
    return replace(jets, p4=torch.where(jets.mask[..., None], turned.to(jets.p4), 0.0))


def rotate_at_random(jets: Jets, degrees: float, generator: torch.Generator) -> Jets:
    """Turn each jet by an angle between −`degrees` and `degrees`, all alike; 180 is any angle."""
    uniform = torch.rand(len(jets), generator=generator, device=jets.device)
    return rotate(jets, (2 * uniform - 1) * math.radians(degrees))


def drop(jets: Jets, probability: float, generator: torch.Generator) -> Jets:
    """Lose each constituent with some probability, but never the last one.

    Those that are kept move up, in their order; where all would be lost one of them, any, stays.

    Parameters
    ----------
    probability
        From 0 to 1.
    """
    mask = jets.mask
    drawn = torch.rand(mask.shape, generator=generator, device=jets.device)
    drawn = drawn.masked_fill(~mask, -1.0)
    spared = drawn == drawn.amax(dim=1, keepdim=True)
    kept = mask & ((drawn >= probability) | spared)
    order = kept.byte().argsort(dim=1, descending=True, stable=True)
    kept = kept.gather(1, order)[..., None]

    def moved(values: Tensor) -> Tensor:
        places = order[..., None].expand(-1, -1, values.shape[2])
        return torch.where(kept, values.gather(1, places), 0.0)

    return replace(jets, p4=moved(jets.p4), extra=moved(jets.extra))


def augment(jets: Jets, strengths: Mapping[str, float], generator: torch.Generator) -> Jets:
    """Change jets as the config says.

    Parameters
    ----------
    jets
        (B,) jets.
    strengths
        Any of ``jes_shift`` (relative, the same for all jets), ``jes_smear`` (relative width),
        ``rotation`` (largest angle, degrees) and ``drop`` (probability), done in this order.
    generator
        On the jets' device.
    """
    if shift := strengths.get("jes_shift"):
        jets = scale(jets, 1 + shift)
    if width := strengths.get("jes_smear"):
        jets = smear(jets, width, generator)
    if degrees := strengths.get("rotation"):
        jets = rotate_at_random(jets, degrees, generator)
    if probability := strengths.get("drop"):
        jets = drop(jets, probability, generator)
    return jets


def _pt_eta_phi(p4: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    pt = torch.hypot(p4[..., 1], p4[..., 2])
    eta = torch.asinh(p4[..., 3] / pt.clamp_min(SMALLEST))
    return pt, eta, torch.atan2(p4[..., 2], p4[..., 1])
