"""Trained networks → tables: what each study measures, imported by name when it is needed."""

from importlib import import_module
from types import ModuleType

from relearn.studylist import STUDIES


def load(name: str) -> ModuleType:
    """Return the module of a study; it has ``measure(inputs) -> dict of tables``.

    Parameters
    ----------
    name
        A study of `relearn.studylist.STUDIES`.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    if name not in STUDIES:
        raise KeyError(f"{name} is none of {', '.join(STUDIES)}")
    return import_module(f"relearn.studies.{name}")
