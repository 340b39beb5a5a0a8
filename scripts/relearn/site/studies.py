"""A page for each study: what it asks, trains, measures, shows, and what is claimed about it.

Nothing is written for the site alone: the words come from the docstrings of the study's modules,
the caption in workflow/report/ and config/claims.yaml, the numbers from the config.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from relearn import claims, config, plan
from relearn.config import Config
from relearn.report import captions
from relearn.studylist import STUDIES

ROOT = Path(__file__).resolve().parents[3]
FOLDER = "studies"
SECTION = re.compile(r"^\w+\n-+$", re.M)  # of a docstring: parameters and so on
MOST = 8  # values that are written out


def titles() -> dict[str, str]:
    """Return place in the site → title of the page of each study, in their order."""
    return {f"{FOLDER}/{study}.md": planned.title for study, planned in STUDIES.items()}


def pages(root: Path = ROOT) -> dict[str, str]:
    """Return place in the site → Markdown of the page of each study.

    Parameters
    ----------
    root
        Folder of the repository.

    Raises
    ------
    UserError
        If a caption, the config or the claims cannot be read.
    """
    settings = config.load("default", root / "config")
    sources, every = claims.load(root / "config/claims.yaml")
    return {
        place: page(study, settings, sources, [one for one in every if one.study == study], root)
        for place, study in zip(titles(), STUDIES, strict=True)
    }


def page(
    study: str,
    settings: Config,
    sources: Mapping[str, str],
    about: list[claims.Claim],
    root: Path = ROOT,
) -> str:
    """Return the page of one study, in Markdown.

    Parameters
    ----------
    study
        Its name.
    settings
        The config at default scale.
    sources
        Who claims something, by number.
    about
        The claims on this study.
    root
        Folder of the repository.
    """
    module, measure = _docstrings(root / f"scripts/relearn/studies/{study}.py")
    parts = [
        f"# {STUDIES[study].title}",
        module,
        *_figure(study, root),
        "## What is trained",
        _trained(settings, study),
        "## What is measured",
        measure,
        _tables(study),
        "## What is claimed",
        _claimed(sources, about),
        "## Make it",
        f"```sh\nsnakemake --cores 2 fig_{study}\n```",
        f"Its code: `scripts/relearn/studies/{study}.py` measures, "
        f"`scripts/relearn/figures/{study}.py` draws.",
    ]
    return "\n\n".join(parts) + "\n"


def index(root: Path = ROOT) -> str:
    """Return the page that lists the studies, in Markdown."""
    _, every = claims.load(root / "config/claims.yaml")
    rows = []
    for study, planned in STUDIES.items():
        number = sum(one.study == study for one in every)
        shown = "yes" if _kept(study, root) else ""
        rows.append(f"| [{_plain(planned.title)}]({study}.md) | `{study}` | {number} | {shown} |")
    head = (
        "# Studies\n\nA study looks at trained networks, or at the data, and draws one figure from "
        "its tables. What the figures of the default scale show together is in "
        "[results](../results.md).\n\n| study | name | claims | figure here |\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _docstrings(path: Path) -> tuple[str, str]:
    """Return what a study's module and its function `measure` say of themselves."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (measure,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "measure"
    ]
    return ast.get_docstring(tree) or "", SECTION.split(ast.get_docstring(measure) or "")[0].strip()


def _kept(study: str, root: Path) -> bool:
    return (root / f"docs/figures/{study}.png").is_file()


def _figure(study: str, root: Path) -> list[str]:
    caption = str(captions.render(root / f"workflow/report/{study}.rst"))
    title = _plain(STUDIES[study].title).replace("[", "").replace("]", "")
    if _kept(study, root):
        return [f"![{title}](../figures/{study}.png)", caption]
    return ["## The figure", caption, "It is not kept here; the command below draws it."]


def _trained(settings: Config, study: str) -> str:
    """Return the scans of a study, with the number of their networks."""
    wanted = settings.studies[study]
    parts = []
    if wanted.scans:
        rows = ["| scan | architecture | on | learns | networks |", "|---|---|---|---|---|"]
        for name in wanted.scans:
            scan = settings.scans[name]
            learns = _code(_list(scan.target)) if scan.target else "signal or background"
            number = sum(len(batch.runs) for batch in plan.scan_batches(settings, name))
            rows.append(
                f"| `{name}` | {_code(_list(scan.architecture))} | {_code(scan.dataset)} "
                f"| {learns} | {number} |"
            )
        parts.append("\n".join(rows))
        only = "; ".join(f"`{key}` {_some(_list(value))}" for key, value in wanted.where.items())
        parts.append(
            "Numbers are those of the default scale; other studies may look at the same networks."
            + (f" This one looks at those with {only}." if only else "")
        )
    else:
        parts.append("Nothing.")
    if wanted.datasets:
        parts.append(f"It looks at the datasets {_code(wanted.datasets)}.")
    return "\n\n".join(parts)


def _tables(study: str) -> str:
    rows = [f"- `tables/{study}.csv`"]
    rows += [f"- `tables/{study}_{extra}.csv`" for extra in STUDIES[study].extras]
    return "\n".join(rows)


def _claimed(sources: Mapping[str, str], about: list[claims.Claim]) -> str:
    if not about:
        return "Nothing that we score."
    rows = ["| source | its words | what is scored | expected | from |", "|---|---|---|---|---|"]
    for one in about:
        words = (one.source, f"“{one.quote}”", one.statement, one.expected, one.from_scale)
        rows.append("| " + " | ".join(map(_plain, words)) + " |")
    named = [f"- {number}: {_plain(sources[number])}" for number in sources if _by(about, number)]
    how = "How a statement becomes a verdict is told in [claims](../claims.md)."
    return "\n\n".join(["\n".join(rows), "\n".join(named), how])


def _by(about: list[claims.Claim], source: str) -> bool:
    return any(one.source == source for one in about)


def _list(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _code(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _some(values: list) -> str:
    """Return the values, or of many the first and the last."""
    return _code(values) if len(values) <= MOST else f"`{values[0]}` … `{values[-1]}`"


def _plain(text: str) -> str:
    """Return a text with what Markdown would take for marks made harmless."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_|\[\]])", r"\\\1", text)
