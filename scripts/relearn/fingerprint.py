"""A hash of the code that a rule really runs: a module and all it imports from this package.

Snakemake sees neither imports nor their changes. Every rule therefore carries the
fingerprint of its modules in ``params``: editing a model retrains that model, and editing
a docstring or a comment nothing at all.
"""

import ast
import hashlib
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


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(path: Path) -> set[str]:
    """Modules of the package that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == PACKAGE and _path(name)}


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
        todo += _imports(path)
        if "." in module:
            todo.append(module.rpartition(".")[0])
    return sorted(seen)


def _without_docstrings(path: Path) -> str:
    tree = _parsed(path)
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
    return closure(*_imports(ROOT / f"{script}.py"), *modules)


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
        digest.update(f"{module}\n{_without_docstrings(_path(module))}\n".encode())
    return digest.hexdigest()[:16]
