"""Card → a Pythia ready to run. The one place that knows what Pythia's module is called."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from relearn.errors import UserError

MODULES = ("pythia8mc", "pythia8")  # from PyPI, from conda-forge
OF_THE_CONFIG = {
    "random:seed": "seed",
    "random:setseed": "seed",
    "partonlevel:mpi": "samples.<sample>.multiple_interactions",
}

# Nothing of events and settings. `Print:quiet` would also keep to itself why Pythia gives up.
SILENT = (
    *(f"Init:show{what} = off" for what in ("Processes", "MultipartonInteractions")),
    *(f"Init:showChanged{what} = off" for what in ("Settings", "ParticleData")),
    *(f"Next:number{what} = 0" for what in ("Count", "ShowInfo", "ShowProcess", "ShowEvent")),
    "Next:numberShowLHA = 0",
)


def module() -> ModuleType:
    """Return Pythia's Python module.

    Raises
    ------
    UserError
        If neither PyPI's nor conda-forge's is installed; says what to install.
    """
    for name in MODULES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise UserError(
        "Pythia 8 is not installed: `pip install pythia8mc` or "
        "`conda install -c conda-forge pythia8` (`make run` does the former by itself)"
    )


def settings_of(card: str | Path) -> list[tuple[int, str]]:
    """Return (line number, setting) of a card, without comments and empty lines.

    As in Pythia: a line that does not begin with a letter or digit is a comment, and so is
    all between lines that begin with ``/*`` and ``*/``.

    Raises
    ------
    UserError
        If there is no such card, or it is no text.
    """
    try:
        text = Path(card).read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
        raise UserError(
            f"there is no readable Pythia card {card}: see `card` of the samples in config.yaml"
        ) from None
    found, comment = [], False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("/*"):
            comment = True
        elif line.startswith("*/"):
            comment = False
        elif not comment and line[:1].isalnum():
            found.append((number, line.split("!")[0].strip()))
    return found


def checked(card: str | Path) -> list[tuple[int, str]]:
    """Return what `settings_of` does, of a card that leaves to the config what the config sets.

    Raises
    ------
    UserError
        If the card is missing, or sets the seed or multiple interactions.
    """
    lines = settings_of(card)
    for number, line in lines:
        key = line.replace("=", " ").split()[0].lower()
        if key in OF_THE_CONFIG:
            raise UserError(
                f"{card}, line {number}: `{line}` is set by `{OF_THE_CONFIG[key]}` of the config; "
                "remove the line"
            )
    return lines


def of_the_config(seed: int, multiple_interactions: bool) -> list[str]:
    """Return the settings that the config makes, in Pythia's format."""
    return [
        "Random:setSeed = on",
        f"Random:seed = {seed}",
        f"PartonLevel:MPI = {'on' if multiple_interactions else 'off'}",
    ]


def start(
    card: str | Path, seed: int, multiple_interactions: bool = False, hooks: Any = None
) -> Any:
    """Return an initialised ``Pythia``.

    Parameters
    ----------
    card
        Settings of the process, in Pythia's own format.
    seed
        From `relearn.seeds.pythia_seed`.
    multiple_interactions
        Pythia's ``PartonLevel:MPI``.
    hooks
        A ``UserHooks`` of Pythia's, which the caller keeps alive; None for none.

    Raises
    ------
    UserError
        If the card is missing, has a line that Pythia does not know, sets what the config
        sets, or does not add up to a process that can be generated.
    """
    lines = checked(card)
    library = module()
    pythia = library.Pythia("", False)
    for line in SILENT:
        pythia.readString(line)
    for number, line in lines:
        if not pythia.readString(line):
            raise UserError(
                f"{card}, line {number}: Pythia does not understand `{line}`; "
                "names and values are in its manual, https://pythia.org/latest-manual/"
            )
    for line in of_the_config(seed, multiple_interactions):
        pythia.readString(line)
    if hooks is not None:
        pythia.setUserHooksPtr(hooks)
    if not pythia.init():
        raise UserError(
            f"{card}: Pythia cannot start with this card; why not, its own message in the log says"
        )
    return pythia


def version() -> str:
    """Return Pythia's version, such as ``8.317``."""
    return f"{module().Pythia('', False).parm('Pythia:versionNumber'):.3f}"
