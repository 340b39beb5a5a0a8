"""Links of the repository and of the site: one text for both."""

import re

import pytest
from helpers_workflow import ROOT

from relearn.errors import UserError
from relearn.site import links

PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "config/README.md"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("docs/jets.md", "jets.md"),
        ("docs/README.md", "README.md"),
        ("README.md", "front.md"),
        ("config/README.md", "config/README.md"),
        ("config/config.yaml", "source/config/config.yaml.md"),
        ("docs/figures/square.png", "figures/square.png"),
    ],
)
def test_places(path, place):
    assert links.place(path) == place


@pytest.mark.parametrize(
    ("page", "before", "after"),
    [
        ("docs/a.md", "[b](b.md#c)", "[b](b.md#c)"),
        ("docs/a.md", "[keys](../config/README.md)", "[keys](config/README.md)"),
        ("docs/a.md", "[file](../scripts/x.py)", "[file](source/scripts/x.py.md)"),
        ("docs/a.md", "[here](#part) [out](https://a.org/b.md)", None),
        ("config/README.md", "[jets](../docs/jets.md)", "[jets](../jets.md)"),
        ("README.md", "![f](docs/figures/f.png)", "![f](figures/f.png)"),
        ("docs/a.md", "`[b](../c.py)`", None),
        (
            "docs/a.md",
            "```sh\n[b](../c.py)\n```\n[b](../c.py)",
            "```sh\n[b](../c.py)\n```\n[b](source/c.py.md)",
        ),
    ],
)
def test_links_are_moved_with_their_pages(page, before, after):
    assert links.relink(before, page) == (before if after is None else after)


@pytest.fixture
def repository(tmp_path):
    for name, text in {
        "README.md": "[docs](docs/README.md)",
        "docs/README.md": "[keys](../config/README.md) ![f](figures/f.png)",
        "docs/figures/f.png": "",
        "config/README.md": "[the file](config.yaml) [back](../docs/README.md)",
        "config/config.yaml": "scale: default\n",
        "config/other.yaml": "nobody: links here",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_is_linked_to_is_there_and_nothing_else(repository):
    found = links.collect(repository)
    assert set(found) == {"front.md", "config/README.md", "source/config/config.yaml.md"}
    assert found["config/README.md"] == (
        "[the file](../source/config/config.yaml.md) [back](../README.md)"
    )
    assert "````yaml\nscale: default\n````" in found["source/config/config.yaml.md"]


def test_a_link_to_nothing_is_named(repository):
    (repository / "config/config.yaml").unlink()
    with pytest.raises(UserError, match=r"config/README.md links to config/config.yaml"):
        links.collect(repository)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_name_is_taken_for_html(page):
    """`results/<scale>/` outside of code is shown as `results//`."""
    text = links.CODE.sub("", page.read_text())
    assert not re.findall(r"<[a-z_]+>", text)
