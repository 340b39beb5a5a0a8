"""docs/ → the site: what MkDocs asks of us while it builds (`hooks` of mkdocs.yml)."""

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))  # MkDocs does not run it as a script

from relearn.errors import UserError  # noqa: E402
from relearn.site import links, studies  # noqa: E402

INDEX = f"{studies.FOLDER}/README.md"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the studies into the navigation, where it names their folder."""
    pages = [{title: place} for place, title in studies.titles().items()]
    for item in config.nav:
        for name, place in item.items():
            if place == INDEX:
                item[name] = [INDEX, *pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the studies, and what docs/ links to outside of it."""
    try:
        added = {INDEX: studies.index(ROOT)} | studies.pages(ROOT) | links.collect(ROOT)
    except UserError as error:
        raise PluginError(str(error)) from None
    for place, text in added.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links that leave docs/ to where the site has what they mean."""
    if page.file.generated_by:
        return markdown
    return links.relink(markdown, f"{links.DOCS}/{page.file.src_uri}")
