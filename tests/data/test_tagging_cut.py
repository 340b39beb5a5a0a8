"""What a dataset for taggers does not store is counted; what its files disagree on is named."""

import json

import awkward as ak
import h5py
import numpy as np
import pytest
from helpers_external import reference, write_parquet
from helpers_external import settings as external_settings
from helpers_tagging import (
    OBSERVABLES,
    SAMPLES,
    SMALL,
    files,
    make_jets,
    settings,
    write_jets,
    write_parts,
    write_tagging,
)

from relearn.configobservables import Observables
from relearn.data import cutreport, external, tagfile, tagging
from relearn.errors import UserError
from relearn.observablenames import names

JETS = {"train": 4, "validation": 4, "test": 4}
COUNTS = np.array([3, 5, 7, 9])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Five constituents stored of up to nine, of which the jet files lack more; and the jets."""
    folder = tmp_path_factory.mktemp("cut")
    columns = {
        "counts": COUNTS,
        "pt": np.array([400.0, 500, 0, 800]),
        "cut": np.array([0, 0, 0, 11]),
        "cut_pt": np.array([0.0, 0, 0, 8]),
    }
    made = write_parts(folder, JETS, **columns)
    tagging.build(folder / "toy.h5", "toy", settings(JETS), files(folder))
    return folder / "toy.h5", made


@pytest.mark.parametrize("kind", tagging.KINDS)
def test_both_cuts_are_counted(kind, built):
    path, made = built
    quality = tagfile.read(path, "test", kind, (), quality=("cut", "cut_share")).quality
    for first, side in enumerate(SAMPLES):
        jets = made[side, "test"][kind]
        beyond = ak.to_numpy(ak.sum(jets.constituents.pt[:, 5:], axis=1))
        np.testing.assert_array_equal(quality["cut"][first::2], [0, 0, 2, 4 + 11])
        # the third jet has no pT, so no share
        np.testing.assert_allclose(
            quality["cut_share"][first::2], [0, 0, 0, (beyond[3] + 8) / 800], rtol=1e-6
        )


def test_the_log_says_how_many_and_how_much(built):
    path, made = built
    lines = dict(line.split(": ", 1) for line in cutreport.of_dataset(path))
    assert len(lines) == 3 * 2 * 2
    pt = ak.to_numpy(ak.sum(made["background", "train"].eflow.constituents.pt[:, 5:], axis=1))
    share = (pt[3] + 8) / 800
    assert lines["train, background, eflow"] == (
        "2 of 4 jets have more constituents than are stored: 17 in all, at most 15 and "
        f"{share:.2%} of a jet's pT, {share / 4:.3%} on average"
    )


def test_the_log_of_jets_that_are_stored_whole(tmp_path):
    path = write_tagging(tmp_path / "toy.h5", JETS, 9, counts=COUNTS)
    assert set(line.split(": ")[1] for line in cutreport.of_dataset(path)) == {
        "4 jets, all constituents stored"
    }


def test_jets_made_elsewhere_are_counted_too(tmp_path):
    source = write_parquet(tmp_path / "jets.parquet", reference())
    wanted = external_settings(source, constituents=3) | {"observables": OBSERVABLES}
    external.build(tmp_path / "few.h5", "few", wanted, wanted["files"])
    whole = wanted | {"constituents": 5}
    external.build(tmp_path / "all.h5", "all", whole, wanted["files"])
    few = tagfile.read(tmp_path / "few.h5", "train", quality=("found", "cut", "cut_share"))
    every = tagfile.read(tmp_path / "all.h5", "train", observables=("pt",), quality=("cut",))
    beyond = every.p4[:, 3:].astype(float)
    np.testing.assert_array_equal(few.quality["cut"], beyond.any(axis=2).sum(axis=1))
    expected = np.hypot(beyond[..., 1], beyond[..., 2]).sum(axis=1) / every.observables["pt"]
    np.testing.assert_allclose(few.quality["cut_share"], expected, rtol=1e-5)
    assert few.quality["cut"].max() == 2 and few.quality["found"].all()
    assert not every.quality["cut"].any()


def changed(**settings):
    return Observables.model_validate(settings).model_dump()


def test_parts_with_unequal_observables_are_refused(tmp_path):
    write_parts(tmp_path)
    other = changed(soft_drop={"z_cut": 0.2}, jet_charge_kappas=[0.5, 1.0])
    path = write_jets(tmp_path, "background", "test-0000", make_jets(5), how=other)
    with pytest.raises(UserError) as caught:
        tagging.build(tmp_path / "toy.h5", "toy", settings(), files(tmp_path))
    for text in (
        "datasets.toy",
        str(path),
        "soft_drop.z_cut is 0.2 and 0.1",
        "jet_charge_kappas is [0.5, 1.0] and [0.5]",
        "`observables` in the config",
    ):
        assert text in str(caught.value)
    assert "n_subjettiness" not in str(caught.value)
    assert not (tmp_path / "toy.h5").exists()


def test_a_part_that_does_not_say_is_refused(tmp_path):
    write_parts(tmp_path)
    path = write_jets(tmp_path, "signal", "train-0000", make_jets(6), how=None)
    with pytest.raises(UserError, match="does not say how its observables") as caught:
        tagging.build(tmp_path / "toy.h5", "toy", settings(), files(tmp_path))
    assert f"rm {path}" in str(caught.value)


def test_columns_are_those_of_the_settings(tmp_path):
    how = changed(n_subjettiness={"orders": [2], "betas": [1], "groomed_orders": [8]})
    jets = make_jets(6)
    for kind in tagging.KINDS:
        jets[kind] = ak.with_field(jets[kind], np.arange(6.0), "tau8_b1_sd")
    for side in SAMPLES:
        for split in SMALL:
            write_jets(tmp_path, side, f"{split}-0000", jets, how=how)
    tagging.build(tmp_path / "toy.h5", "toy", settings(), files(tmp_path))
    assert tagfile.describe(tmp_path / "toy.h5").observables == tuple(names(how))
    block = tagfile.read(tmp_path / "toy.h5", "train", observables=("tau8_b1_sd",))
    np.testing.assert_array_equal(block.observables["tau8_b1_sd"][::2], np.arange(6))
    with h5py.File(tmp_path / "toy.h5") as file:
        assert json.loads(file.attrs["observables"]) == how
