"""Differences of each two taggers of a dataset; their spreads are pooled within a family."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from relearn.studies import spreads, tagging

DIFFERENCE = tuple(name for name in tagging.COMPARED if not name.startswith("relative"))
COLUMNS = ("one", "other", "one_rank", "other_rank", "one_best", *DIFFERENCE)
FAMILY = "family"  # whose spread a tagger shares


def table(points: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]) -> pd.DataFrame:
    """Return the differences of each two points of a dataset, both ways.

    Parameters
    ----------
    points
        ``tagger`` and ``rank`` of each, and its trials that trained, with their `folder`.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``one`` minus ``other``, and their ranks; ``one_best``, whether of all that have
        a rank ``one`` is the best, but for ``other``; else as `relearn.studies.tagging.compare`.
    """
    known = spreads.of_points([trials for _, trials in points], kind=FAMILY)
    rows = []
    for (i, (one, mine)), (j, (other, theirs)) in combinations(enumerate(points), 2):
        found = tagging.difference(mine, theirs, (known[i], known[j]))
        for (a, b), values in (((one, other), found), ((other, one), _reversed(found))):
            ends = {"one": a["tagger"], "other": b["tagger"]}
            rows.append(ends | {"one_rank": a["rank"], "other_rank": b["rank"]} | values)
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    ranks = found["one_rank"].where(found["one_rank"] > 0)
    return found.assign(one_best=ranks == ranks.groupby(found["other"]).transform("min"))


def _reversed(found: Mapping[str, float]) -> dict[str, float]:
    """Return the other minus the one."""
    turned = {"difference_low": -found["difference_high"], "sigmas": -found["sigmas"]}
    turned |= {"difference_high": -found["difference_low"], "difference": -found["difference"]}
    for name in ("trials", "auc"):
        turned |= {name: found[f"reference_{name}"], f"reference_{name}": found[name]}
    return {**found, **turned}
