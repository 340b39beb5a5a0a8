"""Constituents relative to their jet, as networks on sequences, trees and graphs take them."""

import math

import torch
from torch import Tensor, nn

from relearn.models.jetbatch import Jets

NAMES = ("deta", "dphi", "log_pt", "log_e", "log_pt_rel", "log_e_rel", "dr")
# Where jets of some hundred GeV lie; `Standardise.fit` replaces them.
TYPICAL_MEAN = (0.0, 0.0, 1.7, 2.0, -4.7, -4.7, 0.4)
TYPICAL_STD = (0.4, 0.4, 1.4, 1.4, 1.4, 1.4, 0.3)
SMALLEST = 1e-8  # GeV


def pt_eta_phi(p4: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return pT in GeV, pseudorapidity and azimuth of (..., 4); zeros for a zero vector."""
    pt = torch.hypot(p4[..., 1], p4[..., 2])
    eta = torch.asinh(p4[..., 3] / pt.clamp_min(SMALLEST))
    return pt, eta, torch.atan2(p4[..., 2], p4[..., 1])


def relative(jets: Jets) -> Tensor:
    """Return the seven features of ParticleNet (1902.08570) and the extra columns.

    Returns
    -------
    Tensor
        (B, N, 7 + F): Δη and Δφ to the jet axis, log pT, log E (GeV), log pT/pT(jet),
        log E/E(jet), ΔR to the axis; then the extra columns. The jet is the sum of its
        constituents. Zero where there is none.
    """
    pt, eta, phi = pt_eta_phi(jets.p4)
    total = jets.p4.sum(dim=1)
    jet_pt, jet_eta, jet_phi = (x[:, None] for x in pt_eta_phi(total))
    deta = eta - jet_eta
    dphi = torch.remainder(phi - jet_phi + math.pi, 2 * math.pi) - math.pi
    log_pt, log_e = _log(pt), _log(jets.p4[..., 0])
    own = [deta, dphi, log_pt, log_e, log_pt - _log(jet_pt), log_e - _log(total[:, :1])]
    own.append(torch.hypot(deta, dphi))
    everything = torch.cat([torch.stack(own, dim=-1), jets.extra], dim=-1)
    return everything.masked_fill(~jets.mask[..., None], 0.0)


def _log(values: Tensor) -> Tensor:
    return values.clamp_min(SMALLEST).log()


class Standardise(nn.Module):
    """Shift and scale features to mean 0 and standard deviation 1.

    Parameters
    ----------
    mean, std
        What to begin with, until `fit`; 0 and 1 for columns beyond theirs.
    columns
        Number of features.
    """

    def __init__(self, columns: int, mean: tuple[float, ...] = (), std: tuple[float, ...] = ()):
        super().__init__()
        more = columns - len(mean)
        self.register_buffer("mean", torch.tensor([*mean, *[0.0] * more]))
        self.register_buffer("std", torch.tensor([*std, *[1.0] * more]))

    def fit(self, values: Tensor, mask: Tensor) -> None:
        """Take mean and spread of values (..., columns) where the mask (...) is true."""
        values = values[mask].double()
        if len(values) == 0:
            return
        std = values.std(dim=0, correction=0)
        self.mean.copy_(values.mean(dim=0))
        self.std.copy_(torch.where(std > 0, std, 1.0))  # a constant column becomes 0

    def forward(self, values: Tensor) -> Tensor:
        """Return values (..., columns) in these units."""
        return (values - self.mean) / self.std
