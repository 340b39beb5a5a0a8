"""Delphes' own program and cards: where they are, and what of a card a run needs.

The cards come with Delphes and stay there. For a run one of them is read and cut down to what
jets need; formulas, resolutions and cells are untouched. Standard library alone: the workflow
asks here, before its first job, whether there is a Delphes.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from relearn.errors import UserError

EXECUTABLE = "DelphesPythia8"
BRANCHES = (
    *("Particle", "EFlowTrack", "EFlowPhoton", "EFlowNeutralHadron", "Tower"),
    *("Muon", "Electron", "MissingET", "GenJet"),
)
ROOT_MODULE = "Delphes"  # owns the arrays of generated particles
CURE = (
    "`conda create -n delphes -c conda-forge delphes=3.5.1` and `conda activate delphes`, or any "
    f"other Delphes with {EXECUTABLE} on the PATH"
)


def find_executable() -> Path:
    """Return where DelphesPythia8 is.

    Raises
    ------
    UserError
        If it is not on the PATH: says how to get it.
    """
    found = shutil.which(EXECUTABLE)
    if not found:
        raise UserError(f"{EXECUTABLE} is not on the PATH: {CURE}")
    return Path(found)


def require(samples: Iterable[str], conda: bool) -> None:
    """Stop where samples need Delphes and no job will find it.

    Parameters
    ----------
    samples
        Names of those with ``detector: delphes``.
    conda
        Whether Snakemake makes the rules' environments (``--sdm conda``), Delphes' among them.

    Raises
    ------
    UserError
        Naming the key and the cures.
    """
    names = list(samples)
    if names and not conda and not shutil.which(EXECUTABLE):
        keys = ", ".join(f"samples.{name}.detector" for name in names)
        raise UserError(
            f"{keys}: `delphes` needs {EXECUTABLE}, which is not on the PATH. Either let "
            "Snakemake install it (`--sdm conda`, where conda is; with make: "
            f'ARGS="--sdm conda"); or {CURE}; or set `detector: embedded`'
        )


def find_card(name: str, executable: Path) -> Path:
    """Return the card that Delphes brings for a detector.

    Parameters
    ----------
    name
        ``CMS`` or ``ATLAS``.
    executable
        DelphesPythia8: its cards are in ``cards`` of the conda environment, of the folder that
        it was installed to, or beside it where it was built.

    Raises
    ------
    UserError
        If there is none: names the folders looked in.
    """
    real = executable.resolve()
    folders = [real.parents[1], real.parent, executable.parents[1]]
    if "CONDA_PREFIX" in os.environ:
        folders.append(Path(os.environ["CONDA_PREFIX"]))
    places = [folder / "cards" / f"delphes_card_{name}.tcl" for folder in folders]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(dict.fromkeys(str(place.parent) for place in places))
    raise UserError(
        f"Delphes' card delphes_card_{name}.tcl is in none of {looked}: name a card of yours, "
        "`delphes_card` of the sample"
    )


@dataclass(frozen=True)
class Block:
    """A braced part of a card: where its content begins and ends in the text."""

    begin: int
    end: int

    def of(self, text: str) -> str:
        """Return the content."""
        return text[self.begin : self.end]


def trim(card: Path, seed: int, radius: float | None = None) -> str:
    """Return a card with what jets need alone.

    Modules whose output nobody reads any more are not run.

    Parameters
    ----------
    card
        A card of Delphes.
    seed
        Of its random numbers: without one, Delphes takes the clock.
    radius
        R of the jets of stable particles (`GenJet`); None: the card's.

    Raises
    ------
    UserError
        If the card cannot be read, is no Delphes card, or lacks what makes a branch.
    """
    text = _inlined(card)
    modules = _modules(card, text)
    path = _block(card, text, r"^[ \t]*set[ \t]+ExecutionPath[ \t]*\{", "ExecutionPath")
    order = path.of(text).split()
    if "TreeWriter" not in modules:
        raise UserError(f"{card} is no card of Delphes: it has no module TreeWriter")
    sources = _sources(card, modules["TreeWriter"].of(text))
    needed = _upstream(modules, text, [array.split("/")[0] for array, _ in sources.values()])
    if absent := needed - (set(order) & set(modules)):
        raise UserError(
            f"{card}: {', '.join(sorted(absent))} makes what jets need, but is no module of the "
            "ExecutionPath"
        )

    lines = [f"  add Branch {array} {name} {kind}" for name, (array, kind) in sources.items()]
    changes = {modules["TreeWriter"]: "\n" + "\n".join(lines) + "\n"}
    kept = [f"  {name}" for name in order if name in needed or name == "TreeWriter"]
    changes[path] = "\n" + "\n".join(kept) + "\n"
    if radius is not None:
        finder = modules[sources["GenJet"][0].split("/")[0]]
        changes[finder] = _with_setting(finder.of(text), "ParameterR", f"{radius:g}")
    for block in sorted(changes, key=lambda one: one.begin, reverse=True):
        text = text[: block.begin] + changes[block] + text[block.end :]
    text = re.sub(r"^[ \t]*set[ \t]+RandomSeed\b.*$", "", text, flags=re.MULTILINE)
    return f"set RandomSeed {seed}\n\n{text}"


def _inlined(card: Path) -> str:
    """Read a card and the cards that it sources: the copy will lie elsewhere."""
    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"there is no readable Delphes card {card} ({error})") from None
    source = re.compile(r"^[ \t]*source[ \t]+(\S+)[ \t]*$", re.MULTILINE)
    return source.sub(lambda found: _inlined(card.parent / found[1]), text)


def _modules(card: Path, text: str) -> dict[str, Block]:
    opening = re.compile(r"^[ \t]*module[ \t]+\w+[ \t]+(\w+)[ \t]*\{", re.MULTILINE)
    return {found[1]: _braced(card, text, found.end()) for found in opening.finditer(text)}


def _block(card: Path, text: str, opening: str, name: str) -> Block:
    found = re.search(opening, text, re.MULTILINE)
    if not found:
        raise UserError(f"{card} is no card of Delphes: it sets no {name}")
    return _braced(card, text, found.end())


def _braced(card: Path, text: str, begin: int) -> Block:
    """Return what stands up to the closing brace; Tcl counts braces in comments too."""
    depth = 1
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, begin):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return Block(begin, found.start())
    line = text.count("\n", 0, begin) + 1
    raise UserError(f"{card}: the brace of line {line} is never closed")


def _sources(card: Path, writer: str) -> dict[str, tuple[str, str]]:
    """Return branch → (array, class); lines that a card has commented out will do, too."""
    line = re.compile(r"^[ \t]*(#?)[ \t]*add[ \t]+Branch[ \t]+(\S+)[ \t]+(\w+)[ \t]+(\w+)", re.M)
    commented_first = sorted(line.findall(writer), key=lambda row: not row[0])
    found = {name: (array, kind) for _, array, name, kind in commented_first}
    if absent := [name for name in BRANCHES if name not in found]:
        raise UserError(f"{card}: its TreeWriter says nowhere what makes {', '.join(absent)}")
    return {name: found[name] for name in BRANCHES}


def _upstream(modules: Mapping[str, Block], text: str, wanted: Iterable[str]) -> set[str]:
    """Return modules and all whose arrays they read."""
    reads = re.compile(r"^[ \t]*(?:set|add)[ \t]+\w*InputArray[ \t]+(\w+)/", re.MULTILINE)
    todo, seen = list(wanted), set()
    while todo:
        name = todo.pop()
        if name != ROOT_MODULE and name not in seen:
            seen.add(name)
            todo += reads.findall(modules[name].of(text)) if name in modules else []
    return seen


def _with_setting(body: str, name: str, value: str) -> str:
    """Return a module's body with one of its values set."""
    without = re.sub(rf"^[ \t]*set[ \t]+{name}\b.*\n?", "", body, flags=re.MULTILINE)
    return f"{without.rstrip()}\n  set {name} {value}\n"
