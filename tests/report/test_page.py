import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote

from helpers_report import TALK, claim, network, write_csv
from helpers_workflow import ROOT

VOID = {"meta", "img", "input", "link", "br", "hr", "col"}
EVIL = "<img src=x onerror=\"document.title='pwned'\">"


class Page(HTMLParser):
    """The tags of a page; fails where they are not balanced."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag, name) -> list[str]:
        return [attrs[name] for found, attrs in self.tags if found == tag and name in attrs]


def data_of(text: str) -> dict:
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1]
    )


def test_page_is_whole_and_needs_nothing_else(results):
    text = results.build()
    page = Page(text)
    assert text.count("data:image/png;base64,") == len(results.studies)
    sources = [attrs["src"] for _, attrs in page.tags if "src" in attrs]
    assert len(sources) == 2 and all(source.startswith("data:") for source in sources)
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "base")]
    namespace = 'xmlns="http://www.w3.org/1998/Math/MathML"'  # a name, never loaded
    for outside in ("@import", "url(", "http://", "https://"):
        assert outside not in text.replace(namespace, "")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_link_leads_somewhere(results):
    page = Page(results.build())
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    links = page.all("a", "href")
    inside = [link[1:] for link in links if link.startswith("#")]
    beside = [unquote(link) for link in links if not link.startswith("#")]
    assert set(inside) <= ids and {"claim-ten_nodes", "pt_weights"} <= set(inside)
    assert all((results.folder / link).is_file() for link in beside)
    assert {"figures/pt_nodes.pdf", "tables/pt_weights_matrix.csv"} <= set(beside)


def test_pictures_keep_their_shape_before_they_are_drawn(results):
    pictures = [a for tag, a in Page(results.build()).tags if tag == "img" and "src" in a]
    assert {(a["width"], a["height"]) for a in pictures} == {("40", "30")}


def test_claims_come_first_and_say_all(results):
    page = Page(results.build())
    headings = [attrs["id"] for tag, attrs in page.tags if tag == "section" and "id" in attrs]
    top = ["claims", "figures", "networks", "config", "provenance"]
    assert [name for name in headings if name in top] == top
    for words in (
        "Talk 000 · Chitturi & Onyisi, ACAT 2017",
        "Statement of ten_nodes.",
        "10 nodes: almost perfect",
        "> 0.999",
        "0.99951 ± 0.00012",
        "5 networks",
        "all as stated",
        "set by us",
        "✓ reproduced",
        "✗ differs",
        "only tests the machinery",
    ):
        assert words in page.text, words


def test_what_is_only_put_together_from_networks_is_none(results):
    rows = [network("mlp-h10-t0"), network("combined-fit-t0", scan="none")]
    for path in results.tables_of("pt_nodes"):
        write_csv(path, rows)
    page = Page(results.build())
    # One of this study, two of another whose table has one of them again.
    assert "2 networks" in page.text and "3 networks" not in page.text
    assert "combined-fit-t0" in results.build()


def test_counts_of_verdicts(results):
    verdicts = ["reproduced"] * 3 + ["differs", "not run", "not run"]
    rows = [claim(f"c{i}", verdict=verdict) for i, verdict in enumerate(verdicts)]
    results.claims([row | {"measured": "", "uncertainty": ""} for row in rows])
    text = results.build()
    buttons = re.findall(
        r'data-show="([\w-]*)" aria-pressed="\w+"( disabled)?>(.*?)</button>', text
    )
    shown = {name: (re.search(r"<b>(\d+)</b>", inner)[1], off) for name, off, inner in buttons}
    assert shown == {
        "": ("6", ""),
        "reproduced": ("3", ""),
        "differs": ("1", ""),
        "inconclusive": ("0", " disabled"),
        "not-run": ("2", ""),
    }
    assert re.findall(r'class="claim ([\w-]+)"', text) == [v.replace(" ", "-") for v in verdicts]
    assert 'aria-label="3 reproduced, 1 differs, 0 inconclusive, 2 not run"' in text


def test_a_claim_of_a_study_that_was_not_run_has_no_dead_link(results):
    results.claims([claim("mass", study="mass_grid", verdict="not run", measured="", reason="")])
    text = results.build()
    assert "#mass_grid" not in text and "claim-mass" in text


def test_no_claims_and_no_networks_are_told(results):
    results.claims([])
    for study in results.studies:
        write_csv(results.tables_of(study)[0], [{"dataset": "zmumu", "mean": 1.5}])
    page = Page(results.build())
    assert "No claim is scored" in page.text and "No network was trained" in page.text


def test_whatever_a_name_says_is_text(results):
    results.claims([claim(EVIL, statement=EVIL, reason=EVIL, expected=EVIL, source=EVIL),
                    claim("b", source=TALK.replace("10 nodes", EVIL), study=EVIL)])  # fmt: skip
    closing = "</script><script>document.title='pwned'</script>"
    write_csv(results.tables_of("pt_nodes")[0], [network(closing), network(EVIL, status=EVIL)])
    (results.folder / "report/pt_nodes.rst").write_text(f"{EVIL} {closing}\n")
    path = results.folder / "provenance.json"
    found = json.loads(path.read_text())
    found["versions"][EVIL] = closing
    found["host"]["processor"] = found["trained_with"]["torch"] = [closing]
    found["devices"] = {EVIL: 1}
    found["seeds"]["pythia"] = {EVIL: {closing: 1}}
    path.write_text(json.dumps(found))
    text = results.build()
    page = Page(text)
    assert len(page.all("img", "src")) == 2
    assert not [attrs for _, attrs in page.tags if any(key.startswith("on") for key in attrs)]
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [
        {"type": "application/json", "id": "data"},
        {},
    ]
    assert {row[0] for row in data_of(text)["rows"]} >= {closing, EVIL}
    assert page.text.count(EVIL) >= 8


def test_names_of_files_are_quoted_in_links(tmp_path, results):
    results.folder = results.folder.rename(tmp_path / 'a "b" & c')
    beside = Page(results.build()).all("a", "href")
    assert "figures/pt_nodes.pdf" in beside
    above = Page(results.build(output=[tmp_path / "report.html"])).all("a", "href")
    assert "a%20%22b%22%20%26%20c/figures/pt_nodes.pdf" in above


def test_config_and_provenance_are_readable(results):
    page = Page(results.build())
    for words in ("epochs : 20", "1 min 15 s", "pythia 8.317.2", "Root seed 2017", "310 MB"):
        assert words in page.text, words


def test_script_writes_the_page(results):
    words = [
        word
        for option, paths in results.files().items()
        for word in (f"--{option}", *map(str, paths))
    ]
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/build_report.py"), *words],
        check=True,
        capture_output=True,
        text=True,
    )
    assert (results.folder / "report.html").read_text() == results.build()
    assert "report.html: 0." in done.stdout
