"""How far from the truth a number may be: three standard deviations; Student's t for few trials.

Of `scipy.special` alone: importing `scipy.stats` takes longer than many a table.
"""

import math

from scipy.special import ndtr, ndtri, stdtr, stdtrit

SIGMAS = 3.0
LEVEL = float(ndtr(-SIGMAS))  # what an interval leaves out on either side


def reach(freedom: float) -> float:
    """Return how many errors an interval reaches on either side.

    Parameters
    ----------
    freedom
        Degrees of freedom of the error; infinite where it is known.
    """
    return SIGMAS if math.isinf(freedom) else float(-stdtrit(freedom, LEVEL))


def gaussian(value: float, error: float, freedom: float) -> float:
    """Return t = value/error as standard deviations of a Gaussian, with its sign.

    Parameters
    ----------
    value, error
        A number and its standard error; NaN is returned where that is not positive.
    freedom
        Degrees of freedom of the error; infinite where it is known.
    """
    if not error > 0:
        return math.nan
    away = abs(value) / error
    if math.isinf(freedom):
        return math.copysign(away, value)
    outside = float(stdtr(freedom, -away))
    return math.copysign(float(-ndtri(outside)) if outside > 0 else math.inf, value)
