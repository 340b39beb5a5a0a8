"""A hash of the code that a rule really runs: a module and all it imports from this package.

Snakemake sees neither imports nor their changes. Every rule therefore carries the
fingerprint of its modules in ``params``: editing a model retrains that model, and editing
a docstring or a comment nothing at all.
"""

import ast
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "relearn"
ROOT = Path(__file__).resolve().parent.parent


def _path(module: str) -> Path | None:
    stem = ROOT.joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


@dataclass(frozen=True)
class Source:
    """A file's modules of the package that it imports, and its code without docstrings."""

    imports: frozenset[str]
    code: str


# Once for each file, not once for each rule that runs it: Snakemake starts anew in every job that a
# cluster runs.
@cache
def _parsed(path: Path) -> Source:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return Source(_imports(tree), _without_docstrings(tree))


def _imports(tree: ast.Module) -> frozenset[str]:
    """Modules of the package that are imported anywhere, also inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name for name in found if name.split(".")[0] == PACKAGE and _path(name))


def closure(*modules: str) -> list[str]:
    """Return `modules`, their parent packages and all that they import from the package.

    Raises
    ------
    ModuleNotFoundError
        If one of them is no module of the package.
    """
    todo, seen = list(modules), set()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        path = _path(module)
        if path is None:
            raise ModuleNotFoundError(f"{module} is no module of {PACKAGE}")
        seen.add(module)
        todo += _parsed(path).imports
        if "." in module:
            todo.append(module.rpartition(".")[0])
    return sorted(seen)


def _without_docstrings(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body[0] = ast.copy_location(ast.Expr(ast.Constant(None)), first)
    return ast.dump(tree, include_attributes=False)


def script_closure(script: str, *modules: str) -> list[str]:
    """Return the closure of ``scripts/<script>.py``, and of modules that it imports by name."""
    return closure(*_parsed(ROOT / f"{script}.py").imports, *modules)


@cache
def fingerprint(script: str, *modules: str) -> str:
    """Return 16 hex digits that change when the code behind a script changes.

    Parameters
    ----------
    script
        Name of the command-line file; the file itself is an input of its rule.
    modules
        What the script imports lazily by name for this job: one study, one model.
    """
    digest = hashlib.sha256()
    for module in script_closure(script, *modules):
        digest.update(f"{module}\n{_parsed(_path(module)).code}\n".encode())
    return digest.hexdigest()[:16]
