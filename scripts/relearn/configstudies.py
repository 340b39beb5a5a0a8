"""The typed config of studies: what is measured and drawn, on which scans of either kind."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator

from relearn.architectures import DENSE
from relearn.configdata import Name, Strict
from relearn.configscans import CHOOSABLE, Scan, hidden_names
from relearn.configtaggers import TaggerScan
from relearn.taggerruns import AXES, value_text

Value = bool | str | int | float


def kind_of_scan(raw: Any) -> str:
    """Return ``mlp`` or ``tagger``, which stand for the two types of a scan."""
    named = raw.get("architecture", DENSE) if isinstance(raw, Mapping) else DENSE
    named = getattr(raw, "architecture", named)
    return DENSE if named == DENSE else "tagger"


AnyScan = Annotated[
    Annotated[Scan, Tag(DENSE)] | Annotated[TaggerScan, Tag("tagger")],
    Discriminator(kind_of_scan),
]


class Study(Strict):
    """What is measured and drawn, on which scans."""

    scans: list[Name] = Field([], description="the scans whose networks are looked at")
    where: dict[str, Value | list[Value]] = Field(
        {},
        description="only their networks with such values, one or a list, by key of a scan: "
        f"{', '.join(f'`{axis}`' for axis in CHOOSABLE)}; of taggers: "
        f"{', '.join(f'`{axis}`' for axis in (*AXES, 'target'))}, or an option",
    )
    datasets: list[Name] = Field([], description="datasets looked at besides those of the scans")
    options: dict[str, Any] = Field({}, description="settings of this study alone")

    @field_validator("where")
    @classmethod
    def _lists_of_values(cls, where: dict[str, Any]) -> dict[str, list[str | int | float]]:
        lists = {
            axis: value if isinstance(value, list) else [value] for axis, value in where.items()
        }
        return {
            axis: hidden_names(values) if axis == "hidden" else list(map(value_text, values))
            for axis, values in lists.items()
        }


def check_where(key: str, study: Study, scans: Sequence[Scan | TaggerScan]) -> None:
    """Stop at a choice that no network of a study's scans fulfils.

    Raises
    ------
    ValueError
        Naming the key and what there is.
    """
    if not scans:
        return  # nothing to choose from, which is told elsewhere
    axes = dict.fromkeys(axis for scan in scans for axis in scan.axes)
    if unknown := [axis for axis in study.where if axis not in axes]:
        raise ValueError(f"{key}: unknown {', '.join(unknown)}; allowed: {', '.join(axes)}")
    for axis, wanted in study.where.items():
        there = [value for scan in scans for value in scan.values(axis)]
        if not set(wanted).intersection(there):
            raise ValueError(
                f"{key}.{axis}: no network of its scans has {', '.join(map(str, wanted))}; "
                f"there are {', '.join(map(str, dict.fromkeys(there)))}"
            )
