"""Jet files: jets come back with what made them; what cannot be used is named with its cure."""

import awkward as ak
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers_tagging import make_jets

from relearn.data import jetfile
from relearn.errors import UserError

ABOUT = {"sample": "tops", "events": 100, "spectrum": [0.0, 1.5], "settings": {"match": None}}


@pytest.fixture
def path(tmp_path):
    jetfile.write(tmp_path / "train-0000.parquet", make_jets(7, seed=3), ABOUT)
    return tmp_path / "train-0000.parquet"


def test_jets_come_back_to_the_last_digit(path):
    jets = make_jets(7, seed=3)
    found = jetfile.read(path)
    assert found.fields == jets.fields
    for kind in ("eflow", "tower", "truth"):
        assert found[kind].fields == jets[kind].fields
        assert ak.array_equal(found[kind], jets[kind], check_parameters=False)
    assert ak.array_equal(found.event, jets.event)


def test_types_stay_small(path):
    kinds = jetfile.read(path).eflow.constituents
    assert "pt: float32" in str(kinds.type) and "charge: int8" in str(kinds.type)


def test_some_columns_are_read_alone(path):
    found = jetfile.read(path, ["weight", "eflow.pt", "tower.pt", "eflow.constituents"])
    assert found.fields == ["weight", "eflow", "tower"] and found.tower.fields == ["pt"]
    whole = jetfile.read(path)
    for kind in ("eflow", "tower"):
        assert ak.array_equal(found[kind].pt, whole[kind].pt)
    assert ak.array_equal(found.eflow.constituents, whole.eflow.constituents)


def test_what_made_them_comes_back(path):
    assert jetfile.about(path) == ABOUT


def test_a_file_may_have_no_jets(tmp_path):
    jetfile.write(tmp_path / "none.parquet", make_jets(0), ABOUT)
    found = jetfile.read(tmp_path / "none.parquet")
    assert len(found) == 0 and found.fields == make_jets(1).fields
    assert jetfile.about(tmp_path / "none.parquet") == ABOUT


def test_missing_column_is_named(path):
    with pytest.raises(UserError, match=f"{path} has no column muon.pt, eflow.charm, p. Delete it"):
        jetfile.read(path, ["eflow.pt", "muon.pt", "eflow.charm", "p"])


def test_foreign_file_is_named(tmp_path):
    pq.write_table(pa.table({"pt": [1.0]}), tmp_path / "other.parquet")
    with pytest.raises(UserError, match="other.parquet is no file of jets. Delete it"):
        jetfile.about(tmp_path / "other.parquet")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999], ids="{:.1%} left".format)
def test_cut_short_file_is_named(share, path):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    for use in (jetfile.read, jetfile.about):
        with pytest.raises(UserError, match=f"{path} is cut short or no Parquet") as caught:
            use(path)
        assert f"rm {path}" in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="absent.parquet does not exist. Run the workflow"):
        jetfile.read(tmp_path / "absent.parquet")


def test_failed_writing_leaves_the_former_file(path):
    before = path.read_bytes()
    with pytest.raises(TypeError):
        jetfile.write(path, make_jets(2), {"settings": object()})
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
