"""A hash of the code that a rule really runs: a module and all it imports from this package.

Snakemake sees neither imports nor their changes. Every rule therefore carries the
fingerprint of its modules in ``params``: editing a model retrains that model, and editing
a docstring or a comment nothing at all.

What is known of a file is kept in the user's cache under the hash of its content: to read the whole
package anew takes seconds, and Snakemake starts for each figure, and in every job of a cluster.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from relearn.files import atomic, cache_folder

PACKAGE = "relearn"
ROOT = Path(__file__).resolve().parent.parent


@cache
def _path(module: str) -> Path | None:
    stem = ROOT.joinpath(*module.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


@dataclass(frozen=True)
class Source:
    """What a file imports from the package, perhaps, and a hash of its code without docstrings."""

    imports: list[str]  # in "from relearn.a import b", b may be a module of relearn.a or a function
    code: str


@cache
def _kept() -> Path:
    """Return the folder of what is known of files; it depends on what this module makes of them."""
    own = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()
    return cache_folder() / f"sources-{own[:16]}"


@cache
def _parsed(path: Path) -> Source:
    content = path.read_bytes()
    kept = _kept() / f"{hashlib.sha256(content).hexdigest()}.json"
    try:
        return Source(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass  # not there yet, or cut short
    tree = ast.parse(content, filename=str(path))
    imports = sorted(_imports(tree))
    code = hashlib.sha256(_without_docstrings(tree).encode()).hexdigest()
    found = Source(imports, code)
    try:
        with atomic(kept, shared=True) as temporary:
            temporary.write_text(json.dumps(asdict(found)), encoding="utf-8")
    except OSError:
        pass  # where nothing can be kept, it is read anew each time
    return found


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk over a file and its statements, also those within others, but not into expressions."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for inner in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo += getattr(node, inner, [])


def _imports(tree: ast.Module) -> set[str]:
    """Names of the package that are imported anywhere, also inside functions."""
    found = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == PACKAGE}


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
        todo += filter(_path, _parsed(path).imports)
        if "." in module:
            todo.append(module.rpartition(".")[0])
    return sorted(seen)


def _without_docstrings(tree: ast.Module) -> str:
    for node in _statements(tree):
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
    return closure(*filter(_path, _parsed(ROOT / f"{script}.py").imports), *modules)


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
