"""Links between pages, as they stand in the repository → as they lead in the site.

The site has the pages of docs/, and of other folders what these link to: pages as they are, other
files (a config, a script) as a listing. So a page has one kind of link, the one that works where
the files are.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath

from relearn.errors import UserError

DOCS = "docs"
FRONT = "README.md"  # of the repository; docs/README.md is the site's first page
LISTINGS = "source"  # folder of the site for files that are no pages
LANGUAGES = {".py": "python", ".yaml": "yaml", ".sh": "sh", ".json": "json", ".cff": "yaml"}
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
CODE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$|`[^`\n]+`", re.M | re.S)
OUTSIDE = re.compile(r"[a-z]+:|//")


def place(path: str) -> str:
    """Return where a file of the repository is in the site's sources."""
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    if path == FRONT:
        return "front.md"
    return path if path.endswith(".md") else f"{LISTINGS}/{path}.md"


def targets(text: str, page: str) -> list[str]:
    """Return the files of the repository that a page links to.

    Parameters
    ----------
    text
        Markdown; what looks like a link in code is none.
    page
        Path of the page in the repository, from which its links count.
    """
    return [
        _resolve(link[2], page)
        for link in LINK.finditer(CODE.sub("", text))
        if not OUTSIDE.match(link[2])
    ]


def relink(text: str, page: str) -> str:
    """Return a page with its links to files as they lead in the site."""
    here = posixpath.dirname(place(page))

    def moved(link: re.Match[str]) -> str:
        if OUTSIDE.match(link[2]):
            return link[0]
        there = posixpath.relpath(place(_resolve(link[2], page)), here or ".")
        return link[1] + there + link[3]

    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [LINK.sub(moved, text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, LINK.sub(moved, text[end:])])


def collect(root: Path) -> dict[str, str]:
    """Return place → Markdown of what docs/ links to outside of it, directly or not.

    Raises
    ------
    UserError
        If a link leads to no file: names the page and the link.
    """
    todo = [f"{DOCS}/{path.name}" for path in sorted((root / DOCS).glob("*.md"))] + [FRONT]
    seen, found = set(todo), {}
    while todo:
        page = todo.pop()
        text = (root / page).read_text(encoding="utf-8")
        if not page.endswith(".md"):
            found[place(page)] = _listing(page, text)
            continue
        if not page.startswith(f"{DOCS}/"):
            found[place(page)] = relink(text, page)
        for target in targets(text, page):
            if not (root / target).is_file():
                raise UserError(f"{page} links to {target}, which is no file: correct the link")
            inside = target.startswith(f"{DOCS}/") and not target.endswith(".md")
            if target not in seen and not inside:
                seen.add(target)
                todo.append(target)
    return found


def _resolve(link: str, page: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def _listing(path: str, text: str) -> str:
    language = LANGUAGES.get(PurePosixPath(path).suffix, "text")
    return f"# {PurePosixPath(path).name}\n\n`{path}`\n\n````{language}\n{text.rstrip()}\n````\n"
