"""HEPTopTagger with optimal radius.

Plehn, Spannowsky, Takeuchi and Zerwas, 1006.2833; the radius: Kasieczka, Plehn, Schell, Strebler
and Salam, 1503.05921 (HEPTopTagger2), whose numbers are the defaults.
"""

from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from relearn import kinematics
from relearn.jets.jagged import Array, flatten

NOTHING = 1.0  # f_rec where there is no candidate: as if no pair had any mass


@dataclass(frozen=True)
class TopTagger:
    """The tagger's numbers; masses in GeV.

    Attributes
    ----------
    radius, smallest_radius, step
        Radii that are tried: from `radius` down.
    mass_drop, max_subjet_mass
        Unclustering: both branches are followed where the heavier one has less than `mass_drop`
        of the mass; a subjet lighter than `max_subjet_mass` is not taken apart.
    filter_radius, filter_count
        Filtering of a triplet: C/A with at most this radius (and half the smallest ΔR of the
        three), this many subjets.
    threshold
        R_opt: the candidate's mass may fall by this fraction.
    top_mass, w_mass
        Of the masses that are looked for.
    window, ratio, plane
        Cuts of `passed`: the top's mass; m_W/m_t within 1 ± `ratio`; the bounds on m23/m123
        (from below) and on arctan(m13/m12).
    pt_min
        Of the candidate, for `passed`, GeV.
    predicted
        R_opt^calc · pT of the filtered jet, GeV.
    """

    radius: float = 1.5
    smallest_radius: float = 0.5
    step: float = 0.1
    mass_drop: float = 0.8
    max_subjet_mass: float = 30.0
    filter_radius: float = 0.3
    filter_count: int = 5
    threshold: float = 0.2
    top_mass: float = 172.3
    w_mass: float = 80.4
    window: tuple[float, float] = (150.0, 200.0)
    ratio: float = 0.15
    plane: tuple[float, float, float] = (0.35, 0.2, 1.3)
    pt_min: float = 200.0
    predicted: float = 327.0

    def radii(self) -> Array:
        """Return the radii that are tried, descending."""
        steps = round((self.radius - self.smallest_radius) / self.step)
        return self.radius - self.step * np.arange(steps + 1)


def hep_top_tag(constituents: ak.Array | Array, settings: TopTagger = TopTagger()) -> ak.Array:
    """Reconstruct a top in each jet.

    For each radius R the jet is unclustered into C/A jets of that size; in each, hard
    substructures are found by the mass-drop criterion; every three of them are filtered, and
    the triplet whose filtered mass is nearest to m_t is the candidate, taken apart into exactly
    three subjets. Of the jets of one R the candidate of highest pT counts. R_opt is the smallest
    R at which the mass has not yet fallen by more than 20 % from that at the largest R.

    The mass window and the mass-plane cuts are no conditions for a candidate but the column
    `passed`, so that m_rec and f_rec tell tops from QCD over their whole range.

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV (`relearn.jets.jagged`).
    settings
        The tagger's numbers.

    Returns
    -------
    awkward.Array
        One record a jet:

        - ``found``: there is a candidate. Without one (less than three hard substructures)
          masses are 0, f_rec is 1 and R_opt the largest radius.
        - ``m_rec``: mass of the candidate, GeV; ``p4`` (4); ``subjets`` (3 × 4), hardest first;
        - ``f_rec``: min over pairs of |(m_ij/m_123)/(m_W/m_t) − 1|;
        - ``r_opt``; ``r_opt_calc`` = 327 GeV/pT of the jet filtered with R = 0.2, N = 10;
          ``delta_r_opt`` = r_opt − r_opt_calc;
        - ``passed``: mass window, mass plane and pT, as in 1006.2833.

    Raises
    ------
    UserError
        If a constituent is not finite.
    """
    from relearn.jets.kernels import toptagger

    flat = flatten(constituents)
    numbers = np.array([
        settings.mass_drop,
        settings.max_subjet_mass,
        settings.filter_radius,
        settings.filter_count,
        settings.threshold,
        settings.top_mass,
    ])  # fmt: skip
    tops, subjets = np.zeros((len(flat), 4)), np.zeros((len(flat), 3, 4))
    r_opt, pt = np.zeros(len(flat)), np.zeros(len(flat))
    toptagger.tag(flat.p4, flat.offsets, settings.radii(), numbers, tops, subjets, r_opt, pt)

    found = kinematics.mass(tops) > 0
    f_rec, passed = _mass_plane(tops, subjets, found, settings)
    calc = np.divide(settings.predicted, pt, out=np.full(len(flat), settings.radius), where=pt > 0)
    return ak.zip(
        {
            "found": found,
            "p4": ak.Array(tops),
            "subjets": ak.Array(subjets),
            "m_rec": kinematics.mass(tops),
            "f_rec": f_rec,
            "r_opt": r_opt,
            "r_opt_calc": calc,
            "delta_r_opt": r_opt - calc,
            "passed": passed,
        },
        depth_limit=1,
    )


def _mass_plane(
    tops: Array, subjets: Array, found: NDArray[np.bool_], settings: TopTagger
) -> tuple[Array, NDArray[np.bool_]]:
    """Return f_rec and what passes all cuts."""
    one, two, three = np.moveaxis(subjets, 1, 0)
    m123 = np.where(found, kinematics.mass(one + two + three), 1.0)
    m12, m13, m23 = (kinematics.mass(pair) for pair in (one + two, one + three, two + three))
    expected = settings.w_mass / settings.top_mass
    ratios = np.stack([m12, m13, m23]) / m123 / expected
    f_rec = np.where(found, np.abs(ratios - 1).min(axis=0), NOTHING)

    low, high = expected * (1 - settings.ratio), expected * (1 + settings.ratio)
    least, narrow, wide = settings.plane
    share = m23 / m123
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arctan2(m13, m12)
        passed = (narrow < angle) & (angle < wide) & (low < share) & (share < high)
        for over in (m13 / m12, m12 / m13):
            rest = (1 - share**2) / (1 + over**2)
            passed |= (low**2 < rest) & (rest < high**2) & (share > least)
    m_rec = kinematics.mass(tops)
    passed &= (settings.window[0] < m_rec) & (m_rec < settings.window[1])
    return f_rec, found & passed & (kinematics.pt(tops) > settings.pt_min)
