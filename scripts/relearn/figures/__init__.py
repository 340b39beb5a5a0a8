"""Tables → figures: how each study is drawn, imported by name when it is needed."""

from importlib import import_module
from types import ModuleType

from relearn.errors import UserError


def load(name: str) -> ModuleType:
    """Return the module of a figure; it has ``draw(tables, options) -> Figure``.

    Parameters
    ----------
    name
        A study of `relearn.studylist.STUDIES`.

    Raises
    ------
    UserError
        If the study has no figure.
    """
    module = f"{__name__}.{name}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UserError(
            f"the study {name!r} has no figure: write scripts/relearn/figures/{name}.py"
        ) from None
