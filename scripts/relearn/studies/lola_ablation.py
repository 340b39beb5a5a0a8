"""LoLa without some of its rows, in random order, or with other rows, each trained anew."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from relearn.studies import along, tagging
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES

OPTIONS = ("order", "variant", "rows", "sums", "minima")
FULL = "full"
BY = (*AXES, "ablation")


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, their `points`, and `pairs` of points.

    The column ``ablation`` has the options that differ from the full network, such as
    ``rows=last+sums=1+minima=0``, and ``full`` where none does. `pairs` holds the differences to
    the full network: ``difference`` of the AUC, and ``relative``, in %.
    """
    inputs = replace(inputs, runs=inputs.runs.assign(ablation=ablations(inputs.runs)))
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "pairs": along.compare(inputs, {"ablation": FULL}, BY),
    }


def ablations(runs: pd.DataFrame) -> list[str]:
    """Return what each run lacks, from its columns `OPTIONS`; NaN where a scan has no such one."""
    return [_name(run) for run in runs.reindex(columns=OPTIONS).to_dict("records")]


def _name(run: Mapping[str, Any]) -> str:
    given = {name: value for name, value in run.items() if not pd.isna(value)}
    texts = (f"{name}={_text(value)}" for name, value in given.items())
    return "+".join(texts) or FULL


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"  # a column with gaps holds 1.0
