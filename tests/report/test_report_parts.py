import html
import math
import re

import pandas as pd
import pytest
import yaml
from helpers_report import network

from relearn import config
from relearn.errors import UserError
from relearn.report import captions, facts, networks, numbers, page, verdicts
from relearn.scoring import VERDICTS


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.999512, 0.000123, "0.99951 ± 0.00012"),
        (0.97, 0.0096, "0.9700 ± 0.0096"),
        (-0.05, 0.013, "−0.050 ± 0.013"),
        (123.456, 7.81, "123.5 ± 7.8"),
        (98765.4, 1234.0, "98800 ± 1200"),
        (1.5, 0.0, "1.5 ± 0"),
        (1.5, math.nan, "1.5"),
        (math.nan, math.nan, "–"),
        (math.nan, 1.0, "–"),
        (math.inf, 0.0, "–"),
        (0.0, 0.25, "0.00 ± 0.25"),
        (3.21e-9, 4.5e-10, "(3.21 ± 0.45) × 10⁻⁹"),
        (2.0e7, 3.0e5, "(2.000 ± 0.030) × 10⁷"),
        (1.0, 2.5, "1.0 ± 2.5"),
        (0.5, 0.0996, "0.50 ± 0.10"),
    ],
)
def test_value_with_error(value, error, text):
    assert numbers.with_error(value, error) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (0.000123456, "0.0001235"),
        (0.0000123456, "0.00001235"),
        (123456.7, "123457"),
        (1234567.0, "1.235 × 10⁶"),
        (-0.5, "−0.5"),
        (-3.2e-8, "−3.200 × 10⁻⁸"),
    ],
)
def test_number(value, text):
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (195.4, "3 min 15 s"),
     (3599.6, "1 h 00 min"), (7500, "2 h 05 min"), (360000, "100 h 00 min")],
)  # fmt: skip
def test_duration(seconds, text):
    assert numbers.duration(seconds) == text


def test_every_verdict_has_a_sign_of_its_own():
    assert set(verdicts.SIGNS) == set(VERDICTS) and len(set(verdicts.SIGNS.values())) == 4


def test_every_verdict_has_colours_in_both_modes():
    style = (page.FOLDER / "page.css").read_text()
    light, _, dark = style.partition("prefers-color-scheme: dark")
    for verdict in VERDICTS:
        slug = verdict.replace(" ", "-")
        assert f".{slug} {{" in style
        for half in (light, dark):
            assert f"--{slug}:" in half and f"--{slug}-tint:" in half


def caption(tmp_path, text):
    path = tmp_path / "pt_nodes.rst"
    path.write_text(text, encoding="utf-8")
    return captions.render(path)


def test_caption_becomes_html(tmp_path):
    found = caption(
        tmp_path,
        "**Bold** and *it*, :math:`p_T^2`, `a talk <https://indico.cern.ch>`_, 1 < 2.\n\n- item\n",
    )
    for piece in ("<strong>Bold</strong>", "<em>it</em>", "<math", "1 &lt; 2", "<li>"):
        assert piece in found, piece
    assert 'href="https://indico.cern.ch"' in found


def test_ids_of_two_captions_differ(tmp_path):
    one = caption(tmp_path, "First\n=====\n\ntext [#]_\n\n.. [#] note\n")
    assert 'id="pt_nodes-' in one


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("**never closed\n", r"pt_nodes\.rst:1: Inline strong.*correct the caption"),
        ("x\n\n:nonsense:`a`\n", r"pt_nodes\.rst:3: .*nonsense"),
        (".. raw:: html\n\n   <b>x</b>\n", '"raw" directive disabled'),
        (".. include:: /etc/hostname\n", '"include" directive disabled'),
        (".. image:: https://example.org/x.png\n", "has an image"),
        ("`x <javascript:alert(1)>`_\n", "'javascript:alert"),
        ("`x <../secret>`_\n", "is none to a page"),
    ],
)
def test_caption_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        caption(tmp_path, text)


def collect(**tables):
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    return networks.collect(frames, {name: f"{name}.csv" for name in frames})


def test_a_network_of_two_studies_is_there_once():
    rows = collect(
        pt_nodes=[network("a"), network("b")],
        samples=[{"quantity": "pt", "mean": 1.0}],
        pt_weights=[network("b", weight_E=0.1)],
        mass_grid=[network("a", scan="mass_grid", target="mass")],
    )
    found = rows[["scan", "run", "studies"]].to_numpy().tolist()
    assert found == [
        ["pt_nodes", "a", "pt_nodes"],
        ["pt_nodes", "b", "pt_nodes pt_weights"],
        ["mass_grid", "a", "mass_grid"],
    ]
    assert "weight_E" not in rows


def test_a_network_tested_on_two_samples_has_two_rows():
    rows = collect(
        pt_nodes=[network("a")],
        pt_transfer=[
            network("a", scan="pt_transfer", test_dataset=name) for name in ("zmumu", "ttbar_mumu")
        ],
    )
    assert rows["test_dataset"].tolist() == ["zmumu", "zmumu", "ttbar_mumu"]


def test_what_all_networks_share_is_said_once():
    rows = collect(pt_nodes=[network("a"), network("b", hidden="20")])
    varying, same = networks.split_constant(rows)
    assert list(varying) == ["run", "r", "hidden", "status", "studies"]
    assert same["trained on"] == "zmumu" and same["parameters"] == "101"
    one, nothing = networks.split_constant(rows.head(1))
    assert list(one) == list(rows) and not nothing


def test_payload_has_numbers_as_numbers():
    rows = collect(
        pt_nodes=[network("a", r=0.123456789), network("b", r=math.nan, status="diverged")]
    )
    found = networks.payload(rows)
    at = {key: place for place, key in enumerate(found["keys"])}
    assert [row[at["r"]] for row in found["rows"]] == [0.123457, None]
    assert found["rows"][0][at["parameters"]] == 101 and found["rows"][0][at["hidden"]] == "10"
    assert found["numeric"][at["r"]] and not found["numeric"][at["hidden"]]
    assert found["heads"][at["hidden"]] == "hidden nodes"


def test_config_on_the_page_is_the_config():
    resolved = config.load("default")
    text = facts.config_yaml(resolved.model_dump())
    assert config.resolve(yaml.safe_load(text)) == resolved
    assert text.startswith("scale: default\nseed:")


def test_marked_yaml_is_the_same_text():
    text = facts.config_yaml(config.load("smoke").model_dump()) + "x: 'a<b>: c'\n"
    marked = facts.coloured(text)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", marked)) == text
    assert '<span class="key">seed</span>: 2017' in marked and "a&lt;b&gt;" in marked


def test_commit_in_words():
    git = {"commit": "0123456789abcdef", "dirty": False, "changed_files": 0}
    assert facts.commit(git) == "0123456789"
    assert facts.commit(git | {"dirty": True, "changed_files": 1}).endswith("changes in 1 file")
    assert "unknown" in facts.commit(dict.fromkeys(git))


def test_versions_of_the_trainings_are_told_where_they_differ():
    found = {
        "versions": {"torch": "2.13.0", "numpy": "2.4.6"},
        "trained_with": {"torch": ["2.13.0+cu130"], "numpy": ["2.4.6"]},
    }
    assert facts.versions(found) == {
        "numpy": "2.4.6",
        "torch": "2.13.0 (trainings: 2.13.0+cu130)",
    }
