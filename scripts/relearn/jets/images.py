"""Jet images: Cogan et al., 1407.5675; de Oliveira et al., 1511.05190; the steps and the pixels of
DeepTop, Kasieczka, Plehn, Russell and Schell, 1701.08784, which talk 003 shows.

A pixel is 0.1 in η by 5° in φ, as of a hadronic calorimeter. Rows are φ, upwards, columns η, to
the right: ``imshow(image, origin="lower")``. Pixels are not square, so that turning them by
counting pixels would stretch the jet: rotations are done in (η, φ), where distances are ΔR.
"""

from collections.abc import Sequence

import awkward as ak
import numpy as np

from relearn import kinematics
from relearn.jets.jagged import Array, Flat, flatten
from relearn.jets.shapes import alongside

WIDTH = 0.1  # of a pixel in η
HEIGHT = np.pi / 36  # in φ: 5°
FARTHEST = 1e5  # pseudorapidity of what flies along the beam
AROUND = 72  # pixels around the beam
PIXELS = 40  # of a cropped image, rows and columns
WHOLE = 96  # of one that is not: all of a jet of R = 1.5, wherever it was moved to
STEPS = ("centre", "rotate", "flip", "crop")
LEVELS = ("pixel", "constituent")
CHANNELS = ("et", "pt_charged", "pt_neutral", "multiplicity", "multiplicity_charged")


def jet_image(
    constituents: ak.Array | Array,
    steps: Sequence[str] = STEPS,
    level: str = "pixel",
    channels: Sequence[str] = ("et",),
    charge: ak.Array | Array | None = None,
) -> np.ndarray:
    """Return an image of each jet.

    At level ``pixel`` (1701.08784) the energies are first collected in pixels of the detector's
    own grid. A maximum is a pixel brighter than its eight neighbours.

    - ``centre``: the brightest maximum comes to the middle; without, the jet's axis does.
    - ``rotate``: the second maximum comes to 12 o'clock, in (η, φ). A pixel's energy is shared
      by the four pixels around its new place, so that the sum stays.
    - ``flip``: the third maximum comes to the right side.
    - ``crop``: 40 × 40 pixels, in which the middle is row 20, column 20; without, 96 × 96 and
      48, 48.

    At level ``constituent`` (Macaluso and Shih, 1803.00107) the same is done to the constituents
    before there are pixels: the centroid of ET comes to the middle, which is the corner of four
    pixels; the long axis of ET's second moments becomes vertical; the quadrant of most ET comes
    to the upper right.

    A step that has nothing to go by (no second or third maximum) is left out for that jet.

    Parameters
    ----------
    constituents
        jets × constituents × 4, GeV (`relearn.jets.jagged`).
    steps
        Any of ``centre, rotate, flip, crop``; they are taken in this order.
    level
        ``pixel`` or ``constituent``.
    channels
        Any of ``et``, ``pt_charged``, ``pt_neutral`` (GeV), ``multiplicity``,
        ``multiplicity_charged``: the colours of 1612.01551. The steps always look at ET.
    charge
        jets × constituents, for the channels that need it.

    Returns
    -------
    ndarray
        float32, (jets, rows, columns) for one channel, (jets, channels, rows, columns) for more.

    Raises
    ------
    ValueError
        If a step, level or channel is unknown, or `charge` is missing or of another shape.
    UserError
        If a constituent is not finite.
    """
    for name, known in ((steps, STEPS), (channels, CHANNELS), ((level,), LEVELS)):
        unknown = [entry for entry in name if entry not in known]
        if unknown:
            raise ValueError(f"no {unknown[0]!r} for images; there are {', '.join(known)}")
    if not channels:
        raise ValueError(f"an image has at least one of the channels {', '.join(CHANNELS)}")
    from relearn.jets.kernels import images as kernels

    flat = flatten(constituents)
    values = np.stack([_channel(name, flat, charge) for name in channels], axis=1)
    size = PIXELS if "crop" in steps else WHOLE
    pictures = np.zeros((len(flat), len(channels), size, size), dtype=np.float32)
    chosen = [step in steps for step in STEPS[:3]]
    if level == "pixel":
        draw, places = kernels.from_pixels, _pixels(flat)
    else:
        draw, places = kernels.from_constituents, _angles(flat)
    et = transverse_energy(flat.p4)
    draw(*places, et, values, flat.offsets, WIDTH, HEIGHT, *chosen, pictures)
    return pictures[:, 0] if len(channels) == 1 else pictures


def transverse_energy(p4: Array) -> Array:
    """Return ET = E sin θ = E pT/|p|, GeV, 0 for a particle at rest."""
    momentum = np.linalg.norm(p4[..., 1:], axis=-1)
    pt = kinematics.pt(p4)
    return p4[..., 0] * np.divide(pt, momentum, out=np.zeros_like(pt), where=momentum > 0)


def _channel(name: str, flat: Flat, charge: ak.Array | Array | None) -> Array:
    if name == "et":
        return transverse_energy(flat.p4)
    if name == "multiplicity":
        return np.ones(len(flat.p4))
    if charge is None:
        raise ValueError(f"the channel {name!r} needs the charge of the constituents")
    charged = alongside(flat, charge) != 0
    if name == "multiplicity_charged":
        return charged.astype(np.float64)
    return kinematics.pt(flat.p4) * (charged if name == "pt_charged" else ~charged)


def _eta(p4: Array) -> Array:
    return np.clip(kinematics.eta(p4), -FARTHEST, FARTHEST)


def _pixels(flat: Flat) -> tuple[np.ndarray, np.ndarray]:
    """Return each constituent's pixel, from that of its jet's axis."""
    axis = flat.sum(flat.p4)
    column, row = np.floor(_eta(axis) / WIDTH), np.floor(kinematics.phi(axis) / HEIGHT)
    x = np.floor(_eta(flat.p4) / WIDTH) - column[flat.owner]
    y = np.floor(kinematics.phi(flat.p4) / HEIGHT) - row[flat.owner]
    y = (y + AROUND // 2) % AROUND - AROUND // 2
    return x.astype(np.int64), y.astype(np.int64)


def _angles(flat: Flat) -> tuple[Array, Array]:
    """Return η and φ of each constituent, from its jet's axis."""
    axis = flat.sum(flat.p4)
    return _eta(flat.p4) - _eta(axis)[flat.owner], kinematics.delta_phi(flat.p4, axis[flat.owner])
