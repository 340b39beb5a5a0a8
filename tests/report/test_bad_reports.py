"""What is wrong is named, with the cure."""

import json
import shutil

import pytest
from helpers_report import claim, network, write_csv

from relearn.errors import UserError
from relearn.scoring import COLUMNS

MISSING = {
    "claims.csv": r"claims\.csv does not exist.*rule `claims`",
    "provenance.json": r"provenance\.json does not exist.*rule `provenance`",
    "figures/pt_nodes.png": r"pt_nodes\.png does not exist.*`fig_pt_nodes` draws it",
    "tables/pt_nodes.csv": r"pt_nodes\.csv does not exist.*`measure_pt_nodes` writes it",
    "tables/pt_weights_matrix.csv": r"pt_weights_matrix\.csv does not exist",
    "report/pt_nodes.rst": r"pt_nodes\.rst does not exist.*write a caption",
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_file(results, name):
    (results.folder / name).unlink()
    with pytest.raises(UserError, match=MISSING[name]):
        results.build()


def test_missing_pdf_is_not_linked(results):
    (results.folder / "figures/pt_nodes.pdf").unlink()
    text = results.build()
    assert "pt_nodes.pdf" not in text and "figures/pt_weights.pdf" in text


@pytest.mark.parametrize("column", COLUMNS)
def test_missing_column_of_claims(results, column):
    rows = [claim("a")]
    del rows[0][column]
    write_csv(results.folder / "claims.csv", rows)
    with pytest.raises(UserError, match=rf"claims\.csv has no column {column}: delete it"):
        results.build()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "true"}, r"row 2: the verdict 'true' is none of reproduced"),
        ({"measured": "high"}, r"row 2: measured 'high' is no number"),
        ({"scale": "paper"}, r"claims\.csv is of the scale paper, .*provenance\.json of nano"),
    ],
)
def test_claims_that_cannot_be(results, changes, message):
    results.claims([claim("a", **changes)])
    with pytest.raises(UserError, match=message):
        results.build()


def test_claims_of_two_scales(results):
    results.claims([claim("a"), claim("b", scale="smoke")])
    with pytest.raises(UserError, match="mixes the scales nano, smoke"):
        results.build()


def test_a_row_cut_short(results):
    path = results.folder / "claims.csv"
    path.write_text(path.read_text().rstrip().rpartition(",")[0])
    with pytest.raises(UserError, match="row 3: more or fewer values than columns"):
        results.build()


@pytest.mark.parametrize("column", ["scan", "status", "r"])
def test_missing_column_of_a_table(results, column):
    row = network("mlp-h10-t0")
    del row[column]
    write_csv(results.folder / "tables/pt_weights.csv", [row])
    with pytest.raises(UserError, match=rf"pt_weights\.csv has no column {column}: delete it"):
        results.build()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40)])
def test_a_figure_that_is_no_picture(results, content):
    (results.folder / "figures/pt_nodes.png").write_bytes(content)
    with pytest.raises(UserError, match=r"pt_nodes\.png is no PNG: delete it"):
        results.build()


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is no JSON"), ("[]", "has no config"), ("{}", "has no config")]
)
def test_a_broken_provenance(results, content, message):
    (results.folder / "provenance.json").write_text(content)
    with pytest.raises(UserError, match=rf"provenance\.json {message}.*delete it"):
        results.build()


def test_a_provenance_without_times(results):
    path = results.folder / "provenance.json"
    found = json.loads(path.read_text())
    del found["wall_time"]
    path.write_text(json.dumps(found))
    with pytest.raises(UserError, match="has no wall_time"):
        results.build()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("tables", r"pt_nodes\.png is shown without pt_nodes\.csv: name it in --tables"),
        ("captions", r"pt_nodes\.png is shown without a caption: name pt_nodes\.rst"),
    ],
)
def test_a_file_that_is_not_given(results, option, message):
    with pytest.raises(UserError, match=message):
        results.build(**{option: results.files()[option][-1:]})


def test_a_figure_of_no_study(results):
    mine = results.folder / "figures/mine.png"
    shutil.copy(results.folder / "figures/pt_nodes.png", mine)
    with pytest.raises(UserError, match=r"mine\.png is the figure of no study; there are samples"):
        results.build(figures=[mine])
