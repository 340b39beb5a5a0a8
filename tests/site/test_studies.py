"""The pages of the studies say what the plan, the config, the captions and the claims say."""

import re

import pytest
from helpers_workflow import ROOT

from relearn import claims
from relearn.site import studies
from relearn.studylist import STUDIES


@pytest.fixture(scope="module")
def pages():
    return studies.pages(ROOT)


def test_each_study_has_a_page_in_order(pages):
    assert list(pages) == [f"studies/{study}.md" for study in STUDIES] == list(studies.titles())
    for study, text in zip(STUDIES, pages.values(), strict=True):
        assert text.startswith(f"# {STUDIES[study].title}\n")
        assert f"snakemake --cores 2 fig_{study}\n" in text


def test_each_claim_is_on_the_page_of_its_study(pages):
    _, every = claims.load(ROOT / "config/claims.yaml")
    rows = {place: re.findall(r"^\| [^|\n]* \| “", text, re.M) for place, text in pages.items()}
    index = studies.index(ROOT)
    for study in STUDIES:
        number = sum(one.study == study for one in every)
        assert len(rows[f"studies/{study}.md"]) == number, study
        assert f"| `{study}` | {number} |" in index


def test_a_figure_is_shown_where_there_is_one(pages):
    kept = {path.stem for path in (ROOT / "docs/figures").glob("*.png")}
    shown = {
        name
        for text in pages.values()
        for name in re.findall(r"\]\(\.\./figures/(\w+)\.png\)", text)
    }
    assert shown == kept == set(STUDIES), "copy what is missing from results/default/figures"
    for study in STUDIES:
        assert ("It is not kept here" in pages[f"studies/{study}.md"]) == (study not in kept)


def test_the_networks_are_counted(pages):
    (row,) = re.findall(r"^\| `pt_nodes` \| .* \| (\d+) \|$", pages["studies/pt_nodes.md"], re.M)
    assert int(row) == 20 * 2 * 5  # sizes, conventions, trials
    assert "Nothing." in pages["studies/samples.md"]


def test_no_part_of_a_docstring_becomes_a_heading(pages):
    titles = {"The figure", "What is trained", "What is measured", "What is claimed", "Make it"}
    for place, text in pages.items():
        assert set(re.findall(r"^## (.*)", text, re.M)) <= titles
        assert not re.search(r"^-{3,}$", text, re.M), place


def test_signs_of_markdown_stay_signs():
    assert studies._plain("|V|² < p_T *x*") == r"\|V\|² &lt; p\_T \*x\*"


def test_long_lists_are_cut():
    assert studies._some([1, 2]) == "`1`, `2`"
    assert studies._some(list(range(1, 1001))) == "`1` … `1000`"
