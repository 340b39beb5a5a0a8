"""Boosted decision trees on high-level variables: the baselines of DeepTop, 1701.08784, talk 003.

- ``softdrop_nsubjettiness``: {m_sd, m_fat, τ2, τ3, τ2_sd, τ3_sd};
- ``mother_of_taggers``: {m_sd, m_fat, m_rec, f_rec, ΔR_opt, τ2, τ3, τ2_sd, τ3_sd}, with what the
  HEPTopTagger finds.

τ_N has β = 1, which the talk does not say; ``_sd`` is of the soft-drop jet. The trees are
scikit-learn's, as in the talk, which names no settings: histograms of the variables
(`HistGradientBoostingClassifier`), gradients of the cross entropy, half of the variables tried for
each branching. Trees are added until the validation jets' loss has not fallen for `patience` of
them, and those behind the lowest are dropped. With `bags` this is done several times, each on a
random half of the training jets, and the mean is the score. Weights count in the trees and in the
validation loss.

The fitted trees are kept as plain arrays and read by a compiled loop, so that a stored tagger needs
neither pickle nor scikit-learn.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from relearn.errors import UserError
from relearn.jets.kernels import compiled
from relearn.models import variables
from relearn.models.classic import Classic
from relearn.models.jetbatch import Jets
from relearn.models.tagger import check_choices, check_options, options_of
from relearn.models.variables import tau

SIZES: dict[str, dict[str, Any]] = {
    "small": {"trees": 400, "leaves": 8, "bags": 1},
    "medium": {"trees": 1000, "leaves": 8, "bags": 8},
    "paper": {"trees": 2000, "leaves": 32, "bags": 8},
}
DEFAULTS: dict[str, Any] = {}
INPUTS = {
    "softdrop_nsubjettiness": ("sd_mass", "mass", tau(2), tau(3), tau(2, True), tau(3, True)),
    "mother_of_taggers": (
        *("sd_mass", "mass", "m_rec", "f_rec", "delta_r_opt"),
        *(tau(2), tau(3), tau(2, True), tau(3, True)),
    ),
}
OPTIONS = ("inputs", "trees", "leaves", "bags", "learning_rate", "leaf_jets", "patience")
SHARE = 0.5  # of the variables, tried for each branching
LEAF = -1  # instead of a variable
# of a node: its variable, the largest value that goes left, where to; the value of a leaf
NODE = {"variable": "i4", "threshold": "f8", "left": "i4", "right": "i4", "value": "f8"}
BLOCK = 256  # jets that go through all trees together: they stay in the cache
Array = NDArray[np.float64]


class Trees(Classic):
    """Boosted decision trees.

    Parameters
    ----------
    inputs
        ``softdrop_nsubjettiness`` or ``mother_of_taggers``.
    trees
        How many at most, of each bag.
    leaves
        Of each tree, at most.
    bags
        How many times it is done, on random halves of the jets; 1: once, on all.
    learning_rate
        What the values of each tree are multiplied by.
    leaf_jets
        Least number of training jets in a leaf.
    patience
        Stop after so many trees without a better validation loss.
    """

    def __init__(
        self,
        inputs: str = "softdrop_nsubjettiness",
        trees: int = 1000,
        leaves: int = 8,
        bags: int = 1,
        learning_rate: float = 0.05,
        leaf_jets: int = 20,
        patience: int = 20,
    ):
        check_choices("bdt", inputs=(inputs, INPUTS))
        least = {"trees": (trees, 1), "leaves": (leaves, 2), "bags": (bags, 1)}
        least |= {"leaf_jets": (leaf_jets, 1), "patience": (patience, 1)}
        for name, (value, lowest) in least.items():
            if value < lowest:
                raise UserError(f"bdt: {name}: {value} is less than {lowest}")
        if not learning_rate > 0:
            raise UserError(f"bdt: learning_rate: {learning_rate} is not positive")
        self.needs, self.bags = INPUTS[inputs], bags
        self.settings = {
            "learning_rate": learning_rate,
            "max_iter": trees,
            "max_leaf_nodes": leaves,
            "min_samples_leaf": leaf_jets,
            "n_iter_no_change": patience,
        }
        self.arrays: dict[str, NDArray] = {}  # see `state`

    def fit(self, train: Jets, validation: Jets, seed: int) -> dict[str, Any]:
        """Grow the trees, and keep as many as the validation jets like best.

        Raises
        ------
        UserError
            If jets are of one class only.
        """
        data, held = self._data(train), self._data(validation)
        draw = np.random.default_rng(seed)
        grown = [self._grow(data, held, draw) for _ in range(self.bags)]
        forests = [nodes for nodes, _, _ in grown]
        sizes = np.array([len(tree) for forest in forests for tree in forest])
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        nodes = np.concatenate([tree for forest in forests for tree in forest])
        shift, leaf = np.repeat(roots, sizes), nodes["is_leaf"] == 1
        found = {
            "variable": np.where(leaf, LEAF, nodes["feature_idx"]),
            "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
            "left": np.where(leaf, 0, nodes["left"] + shift),
            "right": np.where(leaf, 0, nodes["right"] + shift),
            "value": np.where(leaf, nodes["value"], 0.0),
        }
        self.arrays = {name: found[name].astype(kind) for name, kind in NODE.items()}
        self.arrays["roots"] = roots.astype("i4")
        self.arrays["trees"] = np.array([len(forest) for forest in forests], dtype="i4")
        self.arrays["start"] = np.array([start for _, start, _ in grown], dtype="f8")
        self.arrays["variables"] = np.array([len(self.needs)], dtype="i4")
        return {
            "trees": self.arrays["trees"].tolist(),
            "validation_loss": [loss for _, _, loss in grown],
        }

    def score(self, jets: Jets) -> Array:
        """Return (B,) logarithms of the ratio of signal to background.

        Raises
        ------
        UserError
            If it is not fitted, or the jets lack an observable.
        """
        if not self.arrays:
            raise UserError("bdt: not fitted yet")
        values, first = self._values(jets), 0
        nodes = [self.arrays[name] for name in NODE]
        total = np.zeros(len(values))
        for count, start in zip(self.arrays["trees"], self.arrays["start"], strict=True):
            one = np.full(len(values), start)
            _add(values, *nodes, self.arrays["roots"][first : first + count], one)
            total, first = total + one, first + count
        return total / len(self.arrays["trees"])

    def state(self) -> dict[str, NDArray]:
        """Return the nodes of all trees as `NODE` says (nodes,), and where they belong.

        ``roots`` (trees,): the first node of each tree; ``trees``, ``start`` (bags,): how many
        trees each bag has, and what their sum begins with; ``variables`` (1,).
        """
        return dict(self.arrays)

    def restore(self, state: dict[str, NDArray]) -> None:
        """Become the tagger that `state` was taken from.

        Raises
        ------
        UserError
            If it has other inputs.
        ValueError
            If the arrays are no trees.
        """
        names = (*NODE, "roots", "trees", "start", "variables")
        arrays = {name: np.ascontiguousarray(state[name]) for name in names}
        if arrays["variables"].tolist() != [len(self.needs)]:
            raise UserError(
                f"bdt: the stored trees have {arrays['variables'].tolist()} inputs, this tagger "
                f"{len(self.needs)}: build it with the `inputs` that it was trained with"
            )
        _check(arrays, len(self.needs))
        self.arrays = arrays

    @property
    def parameters(self) -> int:
        """Number of fitted numbers: two of each branching, one of each leaf and of each bag."""
        if not self.arrays:
            return 0
        leaves = int((self.arrays["variable"] == LEAF).sum())
        return 2 * (len(self.arrays["variable"]) - leaves) + leaves + len(self.arrays["start"])

    def _values(self, jets: Jets) -> Array:
        """Return the inputs (B, K)."""
        return variables.table("bdt", jets, self.needs).cpu().numpy().astype(np.float64)

    def _data(self, jets: Jets) -> tuple[Array, NDArray, Array]:
        """Return inputs (B, K), labels (B,) and weights (B,), 1 on average."""
        label, weight = jets.label.cpu().numpy(), jets.weight.cpu().numpy().astype(np.float64)
        if not all(weight[label == side].sum() > 0 for side in (0, 1)):
            raise UserError(
                "bdt needs training and validation jets of both classes, with weights above 0"
            )
        return self._values(jets), label, weight / weight.mean()

    def _grow(
        self, data: tuple[NDArray, ...], held: tuple[NDArray, ...], draw: np.random.Generator
    ) -> tuple[list[NDArray], float, float]:
        """Return the nodes of each tree of a bag, what their sum begins with, and the loss."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        rows = self._bag(data[1], draw)
        values, label, weight = (one[rows] for one in data)
        model = HistGradientBoostingClassifier(
            **self.settings,
            max_features=SHARE,
            early_stopping=True,
            scoring="loss",
            tol=0.0,
            random_state=int(draw.integers(2**31)),
        )
        there, truth, counts = held
        with threadpool_limits(torch.get_num_threads()):  # OpenMP would take every core
            model.fit(values, label, weight, X_val=there, y_val=truth, sample_weight_val=counts)
        losses = -model.validation_score_[1:]  # the first is of no tree
        best = int(np.argmin(losses))
        forest = [one.nodes for (one,) in model._predictors[: best + 1]]
        return forest, float(model._baseline_prediction.item()), float(losses[best])

    def _bag(self, label: NDArray, draw: np.random.Generator) -> NDArray[np.int64]:
        """Return the rows of a bag: half of each class, or all where there is one bag."""
        if self.bags == 1:
            return np.arange(len(label))
        classes = [draw.permutation(np.flatnonzero(label == side)) for side in (0, 1)]
        return np.sort(np.concatenate([rows[: (len(rows) + 1) // 2] for rows in classes]))


@compiled
def _add(values, variable, threshold, left, right, value, roots, total):
    """Add to total (B,) what each tree says of values (B, K)."""
    for first in range(0, len(values), BLOCK):
        last = min(first + BLOCK, len(values))
        for root in roots:
            for b in range(first, last):
                node = root
                while variable[node] != LEAF:
                    below = values[b, variable[node]] <= threshold[node]
                    node = left[node] if below else right[node]
                total[b] += value[node]


def _check(arrays: dict[str, NDArray], inputs: int) -> None:
    """Stop at arrays that a compiled loop would not come out of, or would read beyond."""
    count = len(arrays["variable"])
    inner, nodes = arrays["variable"] != LEAF, np.arange(count)
    sound = (
        all(arrays[name].shape == (count,) and arrays[name].dtype == k for name, k in NODE.items())
        and ((arrays["variable"] >= LEAF) & (arrays["variable"] < inputs)).all()
        and all(
            ((arrays[side] > nodes) & (arrays[side] < count))[inner].all()
            for side in ("left", "right")
        )
        and ((arrays["roots"] >= 0) & (arrays["roots"] < count)).all()
        and arrays["trees"].sum() == len(arrays["roots"])
        and arrays["trees"].shape == arrays["start"].shape
    )
    if not sound:
        raise ValueError("the arrays are no trees")


def build(
    size: str = "paper", constituents: int | None = None, features: int = 0, **options: Any
) -> Trees:
    """Return a tagger that is not fitted.

    Parameters
    ----------
    size
        ``small``, ``medium`` or ``paper``: at most 400 and 1000 trees of 8 leaves, 2000 of 32.
    constituents, features
        Of no matter.
    options
        Of `Trees`, in place of the size's.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    values = options_of("bdt", SIZES, size, options)
    check_options("bdt", values, OPTIONS)
    return Trees(**values)
