"""From the typed config to what people and editors read: the schema and the reference page."""

import json
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from relearn.config import TARGETS, Config
from relearn.configdata import (
    Detector,
    Dimuon,
    External,
    Jets,
    JetSplit,
    Momenta,
    Sample,
    Selection,
    Split,
    Tagging,
)
from relearn.configlike import LIKE
from relearn.configlike import SECTIONS as LIKE_SECTIONS
from relearn.configobservables import NSubjettiness, Observables, SoftDrop
from relearn.configscans import ACTIVATIONS, SCAN_AXES, Scan, Training
from relearn.configstudies import Study
from relearn.configtaggers import FEATURES, LISTS, TaggerScan, TaggerTraining

SECTIONS = {
    "The top level": (Config, ""),
    "samples.<name>": (
        Sample,
        "Simulated events. One entry for each process. `like: <another sample>` takes what the "
        "entry does not state from there, also what an overlay says of the other one. Only what "
        "the datasets of studies need is made.",
    ),
    "samples.<name>.jets": (Jets, "The ΔR-matched jet of the other kind is stored beside it."),
    "observables": (
        Observables,
        "Once for all samples and files, so that signal and background cannot differ. A change "
        "reruns the jets, not the events. Definitions: [jets](../docs/jets.md).",
    ),
    "observables.soft_drop": (SoftDrop, ""),
    "observables.n_subjettiness": (NSubjettiness, ""),
    "datasets.<name>, kind: dimuon": (Dimuon, "The leading muon of each charge in each event."),
    "datasets.<name>, kind: momenta": (Momenta, "Toy momenta for functions of one vector."),
    "datasets.<name>, kind: tagging": (
        Tagging,
        "As many jets of either class. `like` as in samples.",
    ),
    "datasets.<name>, kind: external": (External, "Jets from files that were made elsewhere."),
    "datasets.<name>, kind: detector": (Detector, "The embedded detector beside Delphes."),
    "datasets.<name>.jets": (JetSplit, "The split is by event file: asking for more moves none."),
    "datasets.<name>.selection": (Selection, ""),
    "datasets.<name>.events": (Split, "The split is by event file: asking for more moves none."),
    "training, scans.<name>.training": (
        Training,
        "The top-level `training` holds for every scan; a scan's own says what differs.",
    ),
    "scans.<name>, architecture: mlp": (
        Scan,
        "The product of the lists, times the trials. One value is a list of one. Set a scan to "
        "`null` in an overlay to leave it out, also of the studies that look at it.",
    ),
    "tagger_training, scans.<name>.training": (
        TaggerTraining,
        "Of taggers. A scan's own comes first, then the top-level `tagger_training`, then what "
        "the architecture's paper did (`DEFAULTS` of its file), then the defaults here. "
        "`null` takes back what a file before set (but for `patience`, `clip` and `decay`): "
        "`tagger_training: null` trains as the papers did.",
    ),
    "scans.<name>, architecture: a tagger": (
        TaggerScan,
        "The product of the lists and of the lists in `options`, times the trials.",
    ),
    "studies.<name>": (Study, "Set a study to `null` in an overlay to leave it out."),
}

LONG = 60  # characters of a default that is not written out

HEAD = """# The config

`config.yaml` is the study at default scale; read it first, top to bottom. An overlay in
`scale/` says only what differs at another scale: dictionaries merge, lists are replaced.
`--config` on the command line wins over both:

```
snakemake --cores 2 --config scale=smoke
snakemake --cores 2 --config scale=evening device=cpu seed=7
```

The config is checked before the first job. This page is generated from the types in
`scripts/relearn/config*.py` (`make docs`), and so is
`workflow/schemas/config.schema.json`, which editors can use to complete and check keys.

Other files here: `claims.yaml` (what the talks state), `yields.yaml` (selected events per
generated event, measured by `make yields`), `pythia/*.cmnd` (one card a sample), `detector/`
(efficiencies and resolutions).
"""


def schema() -> str:
    """Return the JSON schema of the merged config."""
    content = Config.model_json_schema()
    # What the types accept before they look closer: one value for a list of one, null for a
    # scan or a study that an overlay leaves out.
    for scan, lists in (("Scan", SCAN_AXES), ("TaggerScan", LISTS)):
        axes = content["$defs"][scan]["properties"]
        for axis in lists:
            axes[axis] = {"anyOf": [axes[axis], axes[axis]["items"]]}
    axes = content["$defs"]["TaggerScan"]["properties"]
    axes["features"]["items"] = {"anyOf": [axes["features"]["items"], {"type": "string"}]}
    axes["options"].pop("patternProperties")
    for key in ("scans", "studies"):
        for pattern, wanted in content["properties"][key]["patternProperties"].items():
            either = [wanted, {"type": "null"}]
            content["properties"][key]["patternProperties"][pattern] = {"anyOf": either}
    # an entry that says `like` takes from another what it lacks
    other = {"type": "object", "properties": {LIKE: {"type": "string"}}, "required": [LIKE]}
    for key in LIKE_SECTIONS:
        for pattern, wanted in content["properties"][key]["patternProperties"].items():
            content["properties"][key]["patternProperties"][pattern] = {"anyOf": [wanted, other]}
    content["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(content, indent=2) + "\n"


def reference() -> str:
    """Return the reference page, in Markdown."""
    parts = [HEAD]
    for title, (model, note) in SECTIONS.items():
        parts.append(f"\n## {_quoted(title)}\n")
        if note:
            parts.append(f"{note}\n")
        parts += ["| key | type | default | what |", "|---|---|---|---|"]
        parts += _rows(model)
    parts.append("\n## Names\n")
    parts.append(f"- activations: {_code(ACTIVATIONS)}; several layers: `relu+linear`")
    parts.append(
        "- taggers: each file of `scripts/relearn/models/` that has sizes, and its aliases; the "
        "message on an unknown one lists them all"
    )
    parts.append(f"- extra columns of constituents: {_code(FEATURES)}")
    parts += [
        f"- targets of a {kind} dataset: {_code(names)}" for kind, names in TARGETS.items() if names
    ]
    return "\n".join(parts) + "\n"


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{_default(field)}`"
        text = _quoted(field.description or "").replace("|", "\\|")
        limits = _limits(field)
        kind = _type(field.annotation).replace("|", "\\|")
        yield f"| `{name}` | {kind}{limits} | {default} | {text} |"


def _quoted(text: str) -> str:
    """Put paths with a `<name>` into code: Markdown would take it for HTML, and show nothing."""
    return re.sub(r"(?<!`)\b[\w./]*<\w+>[\w./]*(?!`)", r"`\g<0>`", text)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
        if len(json.dumps(value)) > LONG:
            value = {}  # what is inside has a table of its own
    return json.dumps(value)


def _limits(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{sign} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, sign in signs.items()
        if getattr(limit, name, None) is not None
    ]
    return f" {', '.join(found)}" if found else ""


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " | ".join(f"`{value}`" for value in inner)
    if origin in (UnionType, Union):
        return " or ".join(_type(part) for part in inner)
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is tuple:
        return " and ".join(_type(part) for part in inner)
    if origin is dict:
        return "mapping"
    if annotation is NoneType:
        return "null"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    return {str: "text", int: "integer", float: "number", bool: "true/false"}[annotation]


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
