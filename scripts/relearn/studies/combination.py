"""Several taggers of the same jets as one: the mean of their outputs, and a fit of them.

No combination is fitted on a jet that it is then judged by, nor on one that a tagger has seen: the
training jets shape a tagger, the validation jets choose its epoch, so the test jets are the ones
that are left. They are divided into `FOLDS` parts, and each part is scored by a logistic regression
of the outputs of all other jets (cross-fitting). The mean needs no labels, and so no parts.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from relearn.errors import UserError

FOLDS = 5
PRIOR = 0.3  # standard deviation of each weight of the regression, before it has seen a jet
Array = NDArray[np.float64]


def outputs(score: NDArray, weight: NDArray) -> Array:
    """Return the output of a tagger of each jet (n,), with mean 0 and standard deviation 1.

    Parameters
    ----------
    score, weight
        (n,) of all jets, both classes together; log-odds, or something that grows as they do.
    """
    values = np.asarray(score, dtype=np.float64)
    mean = np.average(values, weights=weight)
    spread = np.sqrt(np.average((values - mean) ** 2, weights=weight))
    return (values - mean) / (spread if spread > 0 else 1.0)


def mean(values: Array) -> Array:
    """Return the mean (n,) of the outputs of k taggers (k, n): all count alike."""
    return values.mean(axis=0)


def balanced(label: NDArray, weight: NDArray) -> Array:
    """Return weights (n,) of mean 1 with which both classes count alike."""
    signal, weight = np.asarray(label) == 1, np.asarray(weight, dtype=np.float64)
    shares = np.where(signal, weight[signal].sum(), weight[~signal].sum())
    return weight / shares * len(weight) / 2


def fitted(values: Array, label: NDArray, weight: NDArray) -> Array:
    """Return log-odds (n,) of a logistic regression that has not seen the jet.

    Parameters
    ----------
    values
        (k, n) `outputs` of k taggers.
    label, weight
        (n,): 1 signal, 0 background. Both classes count alike.

    Raises
    ------
    UserError
        If a class has less than two jets.
    """
    signal = np.asarray(label) == 1
    folds = min(FOLDS, signal.sum(), (~signal).sum())
    if folds < 2:
        raise UserError(
            "a combination of taggers needs two test jets of each class: enlarge `jets` of the "
            "dataset"
        )
    weight = balanced(label, weight)
    parts = StratifiedKFold(folds, shuffle=True, random_state=0)
    found = np.empty(values.shape[1])
    for others, part in parts.split(values.T, signal):
        fit = LogisticRegression(C=PRIOR**2, max_iter=1000)
        fit.fit(values.T[others], signal[others], sample_weight=weight[others])
        found[part] = fit.decision_function(values.T[part])
    return found
