"""Puts the page together."""

import base64
import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from relearn.config import resolve
from relearn.errors import UserError
from relearn.figures.tables import read_table
from relearn.plan import used_datasets
from relearn.report import captions, facts, networks, numbers, verdicts
from relearn.studylist import STUDIES

FOLDER = Path(__file__).parent
PNG = b"\x89PNG\r\n\x1a\n"
# What a reader has to know before the verdicts, where a scale is too small for them.
SCALE_NOTES = {
    "nano": "This scale only tests the machinery: nothing is learnt well, and no verdict counts.",
    "smoke": "This scale only tests the machinery: nothing is learnt well, and no verdict counts.",
}


@dataclass(frozen=True)
class Link:
    """A file beside the page."""

    name: str
    href: str


@dataclass(frozen=True)
class FigureView:
    """A study on the page: its picture, caption, files and claims."""

    study: str
    title: str
    caption: Markup
    image: str
    width: int
    height: int
    pdf: Link | None
    tables: list[Link]
    claims: list[verdicts.Card]


def build(
    claims: Path,
    figures: Iterable[Path],
    tables: Iterable[Path],
    caption_files: Iterable[Path],
    provenance: Path,
    output: Path,
) -> str:
    """Return the page.

    Parameters
    ----------
    claims
        ``claims.csv``.
    figures
        ``<study>.png``, in the order of the page; a PDF of the same name is linked if there.
    tables
        All tables of these studies.
    caption_files
        ``<study>.rst`` of each.
    provenance
        ``provenance.json``.
    output
        Where the page will be: links to files are relative to its folder.

    Returns
    -------
    str
        HTML that loads nothing: figures, style and script are in it, and its own security
        policy forbids everything else.

    Raises
    ------
    UserError
        If a file is missing or cannot be used; names it, and the cure.
    """
    scored, found = verdicts.read(claims), facts.read(provenance)
    if scored.scale not in (None, found["scale"]):
        raise UserError(
            f"{claims} is of the scale {scored.scale}, {provenance} of {found['scale']}: "
            "give files of one scale, or delete both and run again"
        )
    tables, caption_files = _by_stem(tables), _by_stem(caption_files)
    views = [_figure(Path(path), tables, caption_files, scored, output.parent) for path in figures]
    main = {view.study: read_table(tables[view.study]) for view in views}
    rows = networks.collect(main, {study: str(tables[study]) for study in main})
    varying, same = networks.split_constant(rows)
    script = _own("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(
            scale=found["scale"],
            note=SCALE_NOTES.get(found["scale"], ""),
            claims=scored,
            signs=verdicts.SIGNS,
            figures=views,
            networks=networks.payload(varying),
            same=same,
            tiles=_tiles(scored, rows, views, found),
            config=facts.coloured(facts.config_yaml(found["config"])),
            run=facts.run_facts(found),
            versions=facts.versions(found),
            times=facts.rule_times(found["wall_time"]),
            seeds=found["seeds"],
            style=Markup(_own("page.css")),
            script=Markup(script),
            digest=digest,
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _own(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    return {Path(path).stem: Path(path) for path in paths}


def _figure(
    path: Path,
    tables: Mapping[str, Path],
    caption_files: Mapping[str, Path],
    scored: verdicts.Claims,
    folder: Path,
) -> FigureView:
    study = path.stem
    if study not in STUDIES:
        raise UserError(f"{path} is the figure of no study; there are {', '.join(STUDIES)}")
    own = [study, *(f"{study}_{extra}" for extra in STUDIES[study].extras)]
    for stem in own:
        if stem not in tables:
            raise UserError(f"{path} is shown without {stem}.csv: name it in --tables")
        if not tables[stem].is_file():
            raise UserError(
                f"{tables[stem]} does not exist: run the workflow, `measure_{study}` writes it"
            )
    if study not in caption_files:
        raise UserError(f"{path} is shown without a caption: name {study}.rst in --captions")
    image, width, height = read_png(path)
    pdf = path.with_suffix(".pdf")
    return FigureView(
        study=study,
        title=STUDIES[study].title,
        caption=captions.render(caption_files[study]),
        image=image,
        width=width,
        height=height,
        pdf=_link(pdf, folder) if pdf.is_file() else None,
        tables=[_link(tables[stem], folder) for stem in own],
        claims=scored.of(study),
    )


def read_png(path: Path) -> tuple[str, int, int]:
    """Return a picture as base64, its width and its height in pixels.

    Raises
    ------
    UserError
        If it is missing or is no PNG.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist: run the workflow, `fig_{path.stem}` draws it")
    content = path.read_bytes()
    # The signature, then the first chunk: length, "IHDR", width, height.
    if not content.startswith(PNG) or content[12:16] != b"IHDR" or len(content) < 24:
        raise UserError(f"{path} is no PNG: delete it, and the workflow draws it anew")
    width, height = struct.unpack(">II", content[16:24])
    return base64.b64encode(content).decode(), width, height


def _link(path: Path, folder: Path) -> Link:
    relative = Path(os.path.relpath(path, folder)).as_posix()
    return Link(path.name, quote(relative))


def _tiles(
    scored: verdicts.Claims,
    rows: pd.DataFrame,
    views: list[FigureView],
    found: Mapping[str, Any],
) -> list[tuple[str, str]]:
    """Return the numbers at the top: (number, what)."""
    trained = rows.drop_duplicates([name for name in ("scan", "run") if name in rows])
    if "scan" in trained:
        trained = trained[trained["scan"] != networks.UNTRAINED]
    lost = int((trained["status"] == "diverged").sum()) if "status" in trained else 0
    config = resolve(found["config"])
    datasets = found["config"]["datasets"]
    events = sum(_size(datasets[name]) for name in used_datasets(config))
    return [
        (f"{len(scored.cards)}", "claims"),
        (
            f"{len(trained):,}".replace(",", "\u202f"),
            "networks" + (f", {lost} diverged" * (lost > 0)),
        ),
        (f"{events:,}".replace(",", "\u202f"), "events in datasets"),
        (f"{len(views)}", "studies"),
        (numbers.duration(found["wall_time"]["total_s"]), "job time"),
    ]


def _size(dataset: Mapping[str, Any]) -> int:
    """Return how many events a dataset of the config has, or jets of both classes."""
    if dataset["kind"] == "detector":
        return len(dataset["samples"]) * dataset["events"]
    if "events" in dataset:
        return sum(dataset["events"].values())
    return 2 * sum((dataset["jets"] or {}).values())
