"""The page in a real browser: its script, its search, its width."""

import html
import re

import pytest
from helpers_browser import POLICY, Browser
from helpers_report import claim, network, write_csv

RUNS = 250


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    return Browser(tmp_path_factory.mktemp("browser"))


@pytest.fixture
def page(results):
    rows = [
        network(
            f"mlp-h{nodes}-t{trial}",
            hidden=str(nodes),
            trial=trial,
            parameters=10 * nodes + 1,
            r="" if (nodes, trial) == (7, 3) else 1 - 1 / (10 * nodes + trial),
            status="diverged" if (nodes, trial) == (7, 3) else "ok",
        )
        for nodes in range(1, 51)
        for trial in range(5)
    ]
    write_csv(results.tables_of("pt_nodes")[0], rows)
    write_csv(results.tables_of("pt_weights")[0], rows[:5])
    verdicts = ("reproduced", "reproduced", "differs", "not run")
    results.claims([claim(f"c{i}", verdict=verdict) for i, verdict in enumerate(verdicts)])
    return results.build()


def test_own_script_runs_under_its_own_policy_and_no_other(browser, page):
    assert POLICY.search(page)
    foreign = (
        "<script>document.title = 'pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    )
    found = browser.open(page.replace("</main>", f"{foreign}</main>"))
    assert "<title>relearn · nano</title>" in found
    assert re.search(r'<html [^>]*class="scripted"', found)
    # Of many rows, a first part is drawn; the others come with scrolling.
    assert found.count('<tr><th scope="row">mlp-') + found.count('class="diverged"') == 100
    assert f"{RUNS} of {RUNS}" in found


def test_pictures_links_and_console_are_sound(browser, page, results):
    browser.require_sound(page, results.folder)
    for old, new in (
        ('src="data:image/png;base64,', 'src="data:image/png;base64,AA'),
        ('href="#pt_nodes"', 'href="#nowhere"'),
        ('href="tables/pt_nodes.csv"', 'href="tables/none.csv"'),
        ("</main>", '</main><img src="absent.png">'),
        (POLICY.search(page)[0], POLICY.search(page)[0] + "<script>console.error(1)</script>"),
    ):
        assert old in page, old
        with pytest.raises(AssertionError):
            browser.require_sound(page.replace(old, new), results.folder)


def test_search_and_sort(browser, page):
    answer = browser.ask(
        page,
        """
        const query = document.getElementById("query");
        const count = document.getElementById("count");
        const all = (what) => [...document.querySelectorAll(`#runs ${what}`)];
        const names = () => all("tbody th").map((cell) => cell.textContent);
        const search = (text) => {
          query.value = text;
          query.dispatchEvent(new Event("input"));
          return [count.textContent, ...names().slice(0, 2)];
        };
        const click = (key) => document.querySelector(`#runs th[title=${key}] button`).click();
        const found = {};
        for (const text of ["t4", "hidden=12 TRIAL>=3", "r>0.997", "parameters<=21 trial!=0",
                            "diverged", "nonsense", "r<0"]) found[text] = search(text);
        search("");
        click("r");
        found.best = names()[0];
        found.sign = document.querySelector("#runs th[title=r]").getAttribute("aria-sort");
        click("r");
        found.worst = names()[0];
        search("hidden=7");
        found.last = names().at(-1);
        search("");
        click("run");
        found.natural = names().slice(5, 12);
        found.links = all("tbody tr:first-child a").map((link) => link.hash);
        return found;
        """,
    )
    assert answer["t4"] == ["50 of 250", "mlp-h1-t4", "mlp-h2-t4"]
    assert answer["hidden=12 TRIAL>=3"] == ["2 of 250", "mlp-h12-t3", "mlp-h12-t4"]
    # 1 − 1/(10 n + t) > 0.997: 10 n + t > 333.3
    assert answer["r>0.997"][:2] == ["86 of 250", "mlp-h33-t4"]
    assert answer["parameters<=21 trial!=0"] == ["8 of 250", "mlp-h1-t1", "mlp-h1-t2"]
    assert answer["diverged"] == ["1 of 250", "mlp-h7-t3"]
    assert answer["nonsense"] == ["0 of 250"] and answer["r<0"] == ["0 of 250"]
    assert answer["best"] == "mlp-h50-t4" and answer["sign"] == "descending"
    assert answer["worst"] == "mlp-h1-t0"
    assert answer["last"] == "mlp-h7-t3"  # without a value: last, whichever way
    assert answer["natural"][:2] == ["mlp-h2-t0", "mlp-h2-t1"]  # h2 before h10
    assert answer["links"] == ["#pt_nodes", "#pt_weights"]


def test_filter_of_claims(browser, page):
    answer = browser.ask(
        page,
        """
        const shown = () => [...document.querySelectorAll(".claim:not([hidden])")].map((c) => c.id);
        const found = { all: shown() };
        for (const button of document.querySelectorAll(".filters button")) {
          button.click();
          found[button.dataset.show || "again"] = [shown(), button.getAttribute("aria-pressed")];
        }
        found.bar = [...document.querySelectorAll(".bar span")].map((s) => s.offsetWidth);
        return found;
        """,
    )
    everything = [f"claim-c{i}" for i in range(4)]
    assert answer["all"] == everything and answer["again"] == [everything, "true"]
    assert answer["reproduced"] == [everything[:2], "true"]
    assert answer["differs"] == [everything[2:3], "true"]
    assert answer["not-run"] == [everything[3:], "true"]
    widths = answer["bar"]
    assert widths[0] > 1.9 * widths[1] and abs(widths[1] - widths[2]) <= 1


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser, page, width):
    # A window has a least width; a frame in it has none.
    frame = f'<iframe width="{width}" height="900" srcdoc="{html.escape(page)}"></iframe>'
    answer = browser.ask(
        f"<!DOCTYPE html><html><body>{frame}</body></html>",
        """
        onload = () => {
          const inside = document.querySelector("iframe").contentWindow;
          const page = inside.document;
          for (const details of page.querySelectorAll("details")) details.open = true;
          const widths = [page.documentElement, page.getElementById("box")];
          document.body.dataset.answer = JSON.stringify(
            [inside.innerWidth, ...widths.map((one) => one.scrollWidth)]);
        };
        """,
    )
    inner, page_width, table_width = answer
    assert inner == width and page_width <= width
    # The table is wide, and scrolls inside its box.
    assert table_width > 390
