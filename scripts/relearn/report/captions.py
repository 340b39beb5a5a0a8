"""Captions: reStructuredText → HTML, with nothing that reaches outside the page."""

import os
import re
from pathlib import Path

from docutils import core, io, nodes
from docutils.readers import doctree
from docutils.utils import SystemMessage
from markupsafe import Markup

from relearn.errors import UserError

SETTINGS = {
    "doctitle_xform": False,  # a heading stays a heading
    "file_insertion_enabled": False,
    "halt_level": 2,  # a warning is an error: it would stand in the page
    "initial_header_level": 4,
    "math_output": "MathML",  # drawn by the browser itself
    "raw_enabled": False,
    "report_level": 5,  # the exception says it
    "smart_quotes": False,
    "traceback": True,  # raise, where docutils would leave the program
}
SCHEMES = ("http:", "https:", "mailto:", "#")


def render(path: str | os.PathLike) -> Markup:
    """Return a caption as an HTML fragment.

    Parameters
    ----------
    path
        The file; its stem makes the ids in the fragment unique.

    Raises
    ------
    UserError
        If there is no such file, it is no valid reStructuredText, or it brings in an image
        or a link that is none to a page.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist: write a caption of a sentence or two there")
    text = path.read_text(encoding="utf-8")
    settings = SETTINGS | {"id_prefix": f"{path.stem}-"}
    try:
        tree = core.publish_doctree(text, str(path), settings_overrides=settings)
    except SystemMessage as error:
        raise UserError(f"{_plain(str(error))}; correct the caption") from None
    _check(tree, path)
    parts = core.publish_parts(
        tree,
        source_class=io.DocTreeInput,
        reader=doctree.Reader(),
        writer="html5",
        settings_overrides=settings,
    )
    return Markup(parts["fragment"].strip())


def _check(tree: nodes.document, path: Path) -> None:
    if next(tree.findall(nodes.image), None):
        raise UserError(f"{path} has an image: the report would no longer stand alone")
    for link in tree.findall(nodes.reference):
        target = link.get("refuri", "#")
        if not target.startswith(SCHEMES):
            raise UserError(f"{path}: the link {target!r} is none to a page (http, https, mailto)")


def _plain(message: str) -> str:
    """Return docutils' message without its level, which says nothing to a reader."""
    return re.sub(r"\((WARNING|ERROR|SEVERE)/\d\) ", "", message).strip().rstrip(".")
