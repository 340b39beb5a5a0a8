"""Figures of studies drawn in tests, and what is read off them."""

import io
import re
import warnings
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relearn import figures
from relearn.figures import style

LETTER = re.compile(r"\$\\mathbf\{(.)\}")


def drawn(study, tables, *, layout: bool = False, render: bool = False) -> Figure:
    """The figure of a study, rendered where that is asked for; a warning is an error.

    With a layout it takes four times as long to render.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        style.use()
        fig = figures.load(study).draw(tables, {})
        if not layout:
            fig.set_layout_engine("none")
        if render or layout:
            fig.draw_without_rendering()
    return fig


def same_picture(study, tables: Callable[[], dict]) -> Figure:
    """Draw a study twice: the pictures are the same, byte for byte; return the second figure."""
    pictures = []
    for _ in range(2):
        fig = drawn(study, tables())
        with io.BytesIO() as file:
            fig.savefig(file, dpi=30, metadata={"Software": None})
            pictures.append(file.getvalue())
    assert pictures[0] == pictures[1]
    return fig


def letters(fig: Figure) -> str:
    """The letters of the panels, in their order."""
    found = (LETTER.match(title) for title in titles(fig))
    return "".join(one[1] for one in found if one)


def panel(fig: Figure, letter: str) -> Axes:
    """The axes whose title begins with this letter."""
    (ax,) = (
        ax for ax in fig.axes if ax.get_title(loc="left").startswith(rf"$\mathbf{{{letter}}}$")
    )
    return ax


def titles(fig: Figure) -> list[str]:
    """The titles of the panels, where they have one."""
    return [text for ax in fig.axes if (text := ax.get_title(loc="left"))]
