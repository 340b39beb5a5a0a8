"""Jets of which only observables matter, for cuts, trees and networks on N-subjettiness."""

import numpy as np
import torch
from scipy import stats

from relearn.models.jetbatch import Jets


def observed(columns, label, weight=None):
    """Jets with these observables, name → (n,), and one constituent each."""
    label = torch.as_tensor(np.asarray(label), dtype=torch.float32)
    values = [np.asarray(one, dtype=np.float32) for one in columns.values()]
    p4 = torch.zeros(len(label), 1, 4)
    p4[..., :2] = 1.0
    return Jets(
        p4=p4,
        extra=torch.zeros(len(label), 1, 0),
        extra_names=(),
        observables=torch.from_numpy(np.stack(values, axis=1)),
        observable_names=tuple(columns),
        radius=1.5,
        label=label,
        weight=torch.ones(len(label)) if weight is None else torch.as_tensor(weight).float(),
    )


def random_jets(n, names, seed=0, **signal):
    """Jets of both classes in turn, uniform in all observables; `signal`: name → a shift.

    What is shifted is normal with a width of 1 instead, about 0 for the background.
    """
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    columns = {name: rng.uniform(0.1, 1, n) for name in names}
    columns |= {name: rng.normal(shift * label) for name, shift in signal.items()}
    return observed(columns, label)


def auc(score, label):
    """Area under the ROC curve, without weights."""
    score, signal = np.asarray(score), np.asarray(label) == 1
    found = stats.mannwhitneyu(score[signal], score[~signal]).statistic
    return found / (signal.sum() * (~signal).sum())
