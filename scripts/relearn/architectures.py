"""Which taggers there are: the files of ``models/`` say so, and are read without being run.

A file of ``models/`` with `SIZES` and `build` is an architecture of the file's name. Its
``ALIASES``, if it has any, are further names: each stands for some options. No list of them is
kept elsewhere, so that a new one changes the code of no other; neither numpy nor torch.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from relearn.errors import UserError

FOLDER = Path(__file__).resolve().parent / "models"
FITTED_ONCE = ("bdt", "cuts", "fisher")  # in one go: neither epochs nor batches
DENSE = "mlp"  # stacks of it are trained by an engine of their own


@dataclass(frozen=True)
class Architecture:
    """An architecture by its name.

    Attributes
    ----------
    name
        As the config has it.
    module
        Its file, ``relearn.models.<family>``.
    preset
        Options that the name stands for.
    sizes
        Names of its sizes; empty where the file computes them.
    options
        Names of its options; empty where the file does not list them in `OPTIONS`.
    """

    name: str
    module: str
    preset: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@cache
def taggers() -> dict[str, Architecture]:
    """Return every tagger by name, in alphabetical order."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem != DENSE:
            found |= {one.name: one for one in _of_file(path)}
    return dict(sorted(found.items()))


def find(name: str) -> Architecture:
    """Return an architecture.

    Raises
    ------
    UserError
        If there is none of this name: lists those there are.
    """
    if name == DENSE:
        return Architecture(DENSE, f"relearn.models.{DENSE}")
    if name not in taggers():
        raise UserError(
            f"there is no architecture {name!r}; there are {', '.join((DENSE, *taggers()))}"
        )
    return taggers()[name]


def _of_file(path: Path) -> list[Architecture]:
    """Return the architectures of a file: none, or one and its aliases."""
    values, functions = {}, set()
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            values[node.target.id] = node.value
        elif isinstance(node, ast.FunctionDef):
            functions.add(node.name)
    if "SIZES" not in values or "build" not in functions:
        return []
    sizes = _keys(values["SIZES"])
    aliases = ast.literal_eval(values["ALIASES"]) if "ALIASES" in values else {}
    options = _strings(values.get("OPTIONS"))
    module = f"relearn.models.{path.stem}"
    return [
        Architecture(name, module, preset, sizes, options)
        for name, preset in {path.stem: {}, **aliases}.items()
    ]


def _keys(node: ast.expr | None) -> tuple[str, ...]:
    keys = node.keys if isinstance(node, ast.Dict) else []
    known = all(isinstance(key, ast.Constant) for key in keys)
    return tuple(key.value for key in keys) if known else ()


def _strings(node: ast.expr | None) -> tuple[str, ...]:
    """Return the names of a tuple, some of them in tuples with a star; none if it has others."""
    found: list[str] = []
    for one in node.elts if isinstance(node, ast.Tuple) else []:
        part = one.value if isinstance(one, ast.Starred) else ast.Tuple([one])
        try:
            found += ast.literal_eval(part)
        except ValueError:
            return ()
    return tuple(found)
