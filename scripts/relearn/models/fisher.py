"""Fisher's linear discriminant on the pixels: Jet-Images, Cogan, Kagan, Strauss and Schwartzman,
1407.5675, which defined the jet image; they told W jets from QCD jets on 25 × 25 pixels.

The score is linear in the pixels: w = S⁻¹ (μ_top − μ_QCD), with the means μ of both classes and the
covariance S within them. Most pixels are dark in most jets, so that S itself has no inverse. It is
regularised: S → (1 − λ) S + λ m 1, with m the mean of the diagonal. By default λ is the one of
`GRID` that separates the validation jets best, by Fisher's own criterion. Ledoit and Wolf's
(J. Multivar. Anal. 88, 365), nearest to the true covariance on average, is far too small here: the
few bright pixels in the middle outweigh all others. The smaller sizes add up squares of 2 × 2 or
4 × 4 pixels first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
METHODS = ("validation", "ledoit_wolf")
GRID = np.geomspace(1e-3, 1, 16)  # of λ
CHUNK = 4096  # jets at a time, in double precision

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What a linear discriminant needs to know of two classes, background and signal.

    Attributes
    ----------
    share
        (2,): of the weight.
    mean
        (2, P).
    covariance
        (P, P): within the classes, both together.
    """

    share: Array
    mean: Array
    covariance: Array

    @property
    def level(self) -> float:
        """Mean of the diagonal of the covariance."""
        return float(np.trace(self.covariance)) / len(self.covariance)

    def directions(self, shrinkages: Sequence[float] | Array) -> Array:
        """Return w (P, L) for each of L λ in (0, 1]."""
        values, vectors = np.linalg.eigh(self.covariance)
        shrink = np.asarray(shrinkages)
        regular = (1 - shrink) * np.maximum(values, 0)[:, None] + shrink * self.level
        return vectors @ ((vectors.T @ (self.mean[1] - self.mean[0]))[:, None] / regular)

    def offset(self, direction: Array) -> float:
        """Return what makes direction·x + offset the logarithm of the probability ratio.

        So it is if both classes are normally distributed.
        """
        middle = direction @ self.mean.sum(axis=0) / 2
        return float(np.log(self.share[1] / self.share[0]) - middle)


def moments(pixels: NDArray, label: NDArray, weight: NDArray) -> Moments:
    """Return the moments of two classes.

    Parameters
    ----------
    pixels
        (n, P).
    label, weight
        (n,): 1 signal, 0 background; weights that are not negative.

    Raises
    ------
    UserError
        If there is one class only, or nothing ever differs within the classes.
    """
    classes = (label < 0.5, label > 0.5)
    share = np.array([weight[chosen].sum(dtype=np.float64) for chosen in classes])
    if not (share > 0).all():
        raise UserError("Fisher's discriminant needs jets of both classes, with weights above 0")
    mean = np.stack([np.average(pixels[c], axis=0, weights=weight[c]) for c in classes])
    covariance = np.zeros((pixels.shape[1],) * 2)
    for rows, z in _centred(pixels, mean, label):
        covariance += (z * weight[rows, None]).T @ z
    if not np.trace(covariance) > 0:
        raise UserError("Fisher's discriminant: all pictures of a class are the same")
    return Moments(share / share.sum(), mean, covariance / share.sum())


def ledoit_wolf(pixels: NDArray, label: NDArray, weight: NDArray, known: Moments) -> float:
    """Return Ledoit and Wolf's λ, the jets and their moments being as in `moments`."""
    covariance = known.covariance
    away = ((covariance - known.level * np.eye(len(covariance))) ** 2).sum()
    square = (covariance**2).sum()
    weight = weight / weight.sum(dtype=np.float64)
    noise = 0.0
    for rows, z in _centred(pixels, known.mean, label):
        spread = (z**2).sum(axis=1) ** 2 - 2 * ((z @ covariance) * z).sum(axis=1) + square
        noise += float(weight[rows] ** 2 @ spread)
    return min(1.0, noise / away) if away > 0 else 1.0


def separation(scores: NDArray, label: NDArray, weight: NDArray) -> Array:
    """Return Fisher's criterion of each of L scores (n, L): distance² over variance within."""
    difference, within = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for chosen, sign in ((label < 0.5, -1), (label > 0.5, 1)):
        if not weight[chosen].sum() > 0:
            raise UserError("Fisher's discriminant needs validation jets of both classes")
        mean = np.average(scores[chosen], axis=0, weights=weight[chosen])
        difference += sign * mean
        within += np.average((scores[chosen] - mean) ** 2, axis=0, weights=weight[chosen])
    return difference**2 / within


def _centred(pixels: NDArray, mean: Array, label: NDArray) -> Iterator[tuple[slice, Array]]:
    """Yield rows and their pixels, less the mean of their class, chunk by chunk."""
    for start in range(0, len(pixels), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, pixels[rows] - mean[(label[rows] > 0.5).astype(int)]


class Fisher(Classic):
    """Fisher's discriminant on pictures.

    Parameters
    ----------
    pictures
        How jets become pictures; their threshold may be changed at any time.
    merge
        Side of the squares of pixels that are added up.
    shrinkage
        λ in (0, 1], or how it is chosen: ``validation`` or ``ledoit_wolf``.
    """

    def __init__(self, pictures: Pictures, merge: int = 1, shrinkage: str | float = "validation"):
        channels, rows, _ = pictures.shape
        if merge < 1 or rows % merge:
            raise UserError(f"fisher: merge {merge} does not divide the {rows} rows of a picture")
        number = isinstance(shrinkage, int | float) and 0 < shrinkage <= 1
        if not number and shrinkage not in METHODS:
            raise UserError(
                f"fisher: shrinkage {shrinkage!r} is neither in (0, 1] nor {' or '.join(METHODS)}"
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
        """Fit in closed form; nothing is random."""
        data = self._arrays(train)
        known = moments(*data)
        chosen = [self.shrinkage]
        if self.shrinkage == "ledoit_wolf":
            chosen = [ledoit_wolf(*data, known)]
        elif self.shrinkage == "validation":
            chosen = GRID
        directions, best = known.directions(chosen), 0
        if len(chosen) > 1:
            pixels, label, weight = self._arrays(validation)
            best = int(np.argmax(separation(pixels @ directions, label, weight)))
        self.direction = directions[:, best]
        self.offset = known.offset(self.direction)
        return {"pixels": len(self.direction), "shrinkage": float(chosen[best])}

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

    def _arrays(self, jets: Jets) -> tuple[NDArray, NDArray, NDArray]:
        """Return pixels (n, P), labels and weights (n,)."""
        pixels = [np.zeros((0, len(self.direction)), dtype=np.float32), *self._pixels(jets)]
        return np.concatenate(pixels), jets.label.cpu().numpy(), jets.weight.cpu().numpy()

    def _pixels(self, jets: Jets) -> Iterator[NDArray]:
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
