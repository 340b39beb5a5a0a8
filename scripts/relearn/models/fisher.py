"""Fisher's linear discriminant on the pixels: Jet-Images, Cogan, Kagan, Strauss and Schwartzman,
1407.5675, which defined the jet image; they told W jets from QCD jets on 25 × 25 pixels.

The score is linear in the pixels: w = S⁻¹ (μ_top − μ_QCD), with the means μ of both classes and the
covariance S within them. Most pixels are dark in most jets, so that S itself has no inverse. It is
regularised: S → (1 − λ) S + λ m 1, with m the mean of the diagonal, and λ that of Ledoit and Wolf
(J. Multivar. Anal. 88, 365), which is nearest to the true covariance on average. The smaller sizes
add up squares of 2 × 2 or 4 × 4 pixels first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.models.classic import Classic
from relearn.models.images import PICTURE_OPTIONS, Pictures
from relearn.models.jetbatch import Jets
from relearn.models.tagger import check_options, options_of

SIZES = {"small": {"merge": 4}, "medium": {"merge": 2}, "paper": {"merge": 1}}
DEFAULTS: dict[str, Any] = {}
AUTOMATIC = "ledoit_wolf"
CHUNK = 4096  # jets at a time, in double precision

Array = NDArray[np.float64]


def discriminant(
    pixels: NDArray, label: NDArray, weight: NDArray, shrinkage: str | float = AUTOMATIC
) -> tuple[Array, float, float]:
    """Return the regularised linear discriminant of two classes.

    Parameters
    ----------
    pixels
        (n, P).
    label, weight
        (n,): 1 signal, 0 background; weights that are not negative.
    shrinkage
        λ in (0, 1], or ``ledoit_wolf``.

    Returns
    -------
    direction, offset, shrinkage
        (P,), a number, and the λ that was taken: direction·x + offset is the logarithm of the
        probability ratio, if both classes are normally distributed.

    Raises
    ------
    UserError
        If there is one class only, or nothing ever differs within the classes.
    """
    signal = label > 0.5
    share = np.array([weight[~signal].sum(), weight[signal].sum()], dtype=np.float64)
    if not (share > 0).all():
        raise UserError("Fisher's discriminant needs jets of both classes, with weights above 0")
    share /= share.sum()
    weight = weight.astype(np.float64) / weight.sum(dtype=np.float64)
    mean = np.stack([np.average(pixels[c], axis=0, weights=weight[c]) for c in (~signal, signal)])
    width = pixels.shape[1]
    covariance = np.zeros((width, width))
    for rows, z in _centred(pixels, mean, signal):
        covariance += (z * weight[rows, None]).T @ z
    level = np.trace(covariance) / width
    if not level > 0:
        raise UserError("Fisher's discriminant: all pictures of a class are the same")
    if shrinkage == AUTOMATIC:
        away = ((covariance - level * np.eye(width)) ** 2).sum()
        square = (covariance**2).sum()
        noise = 0.0
        for rows, z in _centred(pixels, mean, signal):
            spread = (z**2).sum(axis=1) ** 2 - 2 * ((z @ covariance) * z).sum(axis=1) + square
            noise += float(weight[rows] ** 2 @ spread)
        shrinkage = min(1.0, noise / away) if away > 0 else 1.0
    regular = (1 - shrinkage) * covariance + shrinkage * level * np.eye(width)
    direction = np.linalg.solve(regular, mean[1] - mean[0])
    offset = np.log(share[1] / share[0]) - direction @ mean.sum(axis=0) / 2
    return direction, float(offset), float(shrinkage)


def _centred(pixels: NDArray, mean: Array, signal: NDArray):
    """Yield rows and their pixels, less the mean of their class, chunk by chunk."""
    for start in range(0, len(pixels), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, pixels[rows] - mean[signal[rows].astype(int)]


class Fisher(Classic):
    """Fisher's discriminant on pictures.

    Parameters
    ----------
    pictures
        How jets become pictures; their threshold may be changed at any time.
    merge
        Side of the squares of pixels that are added up.
    shrinkage
        λ in (0, 1], or ``ledoit_wolf``.
    """

    def __init__(self, pictures: Pictures, merge: int = 1, shrinkage: str | float = AUTOMATIC):
        channels, rows, _ = pictures.shape
        if merge < 1 or rows % merge:
            raise UserError(f"fisher: merge {merge} does not divide the {rows} rows of a picture")
        if shrinkage != AUTOMATIC and not (
            isinstance(shrinkage, int | float) and 0 < shrinkage <= 1
        ):
            raise UserError(
                f"fisher: shrinkage {shrinkage!r} is neither {AUTOMATIC!r} nor in (0, 1]"
            )
        self.pictures = pictures
        self.needs = pictures.needs
        self.merge = merge
        self.shrinkage = shrinkage
        self.direction = np.zeros(channels * (rows // merge) ** 2)
        self.offset = 0.0

    @property
    def threshold(self) -> float:
        """GeV, below which a pixel is dark; may be set, also when the tagger is fitted."""
        return self.pictures.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.pictures.threshold = value

    def fit(self, train: Jets, validation: Jets, seed: int) -> dict[str, Any]:
        """Fit in closed form; nothing is random, and validation jets are not needed."""
        pixels = np.concatenate(list(self._pixels(train)))
        label, weight = train.label.cpu().numpy(), train.weight.cpu().numpy()
        self.direction, self.offset, chosen = discriminant(pixels, label, weight, self.shrinkage)
        return {"pixels": len(self.direction), "shrinkage": chosen}

    def score(self, jets: Jets) -> Array:
        """Return (B,) logarithms of the probability ratio that a linear discriminant gives."""
        scores = [pixels @ self.direction + self.offset for pixels in self._pixels(jets)]
        return np.concatenate(scores) if scores else np.zeros(0)

    def state(self) -> dict[str, NDArray]:
        """Return the direction (P,) and the offset (1,)."""
        return {"direction": self.direction, "offset": np.array([self.offset])}

    def restore(self, state: dict[str, NDArray]) -> None:
        """Become the tagger that `state` was taken from.

        Raises
        ------
        UserError
            If it is of pictures of another size.
        """
        direction = np.asarray(state["direction"], dtype=np.float64)
        if direction.shape != self.direction.shape:
            raise UserError(
                f"fisher: the stored tagger has {direction.size} pixels, this one "
                f"{self.direction.size}: build it with the options that it was trained with"
            )
        self.direction, self.offset = direction, float(state["offset"][0])

    @property
    def parameters(self) -> int:
        """Number of fitted numbers."""
        return self.direction.size + 1

    def _pixels(self, jets: Jets):
        """Yield pixels (chunk, P), float32, chunk by chunk."""
        channels, rows, _ = self.pictures.shape
        side = rows // self.merge
        for start in range(0, len(jets), CHUNK):
            images = self.pictures(jets.rows(slice(start, start + CHUNK))).cpu()
            squares = images.reshape(-1, channels, side, self.merge, side, self.merge)
            yield squares.sum(dim=(3, 5)).flatten(1).numpy()


def build(
    size: str = "paper", constituents: int | None = None, features: int = 0, **options: Any
) -> Fisher:
    """Return a tagger that is not fitted.

    Parameters
    ----------
    size
        ``small``, ``medium`` or ``paper``: 10 × 10, 20 × 20 or 40 × 40 pixels.
    constituents, features
        Of no matter: a picture is drawn from any number of constituents.
    options
        Of `Pictures` and `Fisher`, in place of the size's.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    values = options_of("fisher", SIZES, size, options)
    check_options("fisher", values, (*PICTURE_OPTIONS, "merge", "shrinkage"))
    pictures = Pictures(**{name: values.pop(name) for name in PICTURE_OPTIONS if name in values})
    return Fisher(pictures, **values)
