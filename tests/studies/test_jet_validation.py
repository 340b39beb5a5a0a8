"""What is said of jets, on jets whose numbers are known."""

import numpy as np
import pandas as pd
import pytest
from helpers_external import reference, write_hdf5
from helpers_external import settings as external_settings
from helpers_tagging import (
    OBSERVABLES,
    SAMPLES,
    WINDOW,
    files,
    make_jets,
    settings,
    write_jets,
    write_tagging,
)
from matplotlib.axes import Axes

from relearn.configobservables import Observables
from relearn.data import external, tagfile, tagging
from relearn.data.hdf5 import SPLITS
from relearn.data.jets import SPECTRUM_EDGES
from relearn.figures import jet_validation as figure
from relearn.figures.tables import read_tables
from relearn.studies import jet_validation as study
from relearn.studies.inputs import StudyInputs

JETS = {"train": 4, "validation": 4, "test": 4}


def measured(tmp_path, **columns):
    path = write_tagging(tmp_path / "toy.h5", JETS, **columns)
    return study.measure(StudyInputs(pd.DataFrame(), {"toy": path}))


def row(tables, quantity, side="signal", kind="eflow"):
    table = tables[""]
    chosen = (table["quantity"] == quantity) & (table["class"] == side) & (table["kind"] == kind)
    assert chosen.sum() == 1, (quantity, side, kind)
    return table[chosen].iloc[0]


def test_numbers_of_known_values(tmp_path):
    tables = measured(
        tmp_path,
        mass={"signal": np.array([1.0, 2, 3, 6]), "background": np.full(4, 5.0)},
        tower__mass=np.array([10.0, 20, 30, 40]),
    )
    mass = row(tables, "mass")
    assert mass["jets"] == 12, "all splits together"
    assert mass["mean"] == 3 and mass["sd"] == pytest.approx(np.sqrt(3.5))
    assert mass["error"] == pytest.approx(np.sqrt(3.5 / 12))
    assert (mass["smallest"], mass["q50"], mass["q84"], mass["largest"]) == (1, 2, 6, 6)
    assert row(tables, "mass", "background")["sd"] == 0
    assert row(tables, "mass", "background", "tower")["mean"] == 25


def test_ratios_and_losses(tmp_path):
    tables = measured(
        tmp_path,
        pt=np.full(4, 400.0),
        gen_pt=np.array([500.0, 400, 320, 0]),
        tau1_b1=np.array([0.4, 0.4, 0.4, 0.0]),
        tau2_b1=np.array([0.2, 0.1, 0.3, 0.0]),
        tau3_b1=np.array([0.1, 0.1, 0.1, 0.0]),
        counts=np.array([3, 5, 6, 9]),
        cut=np.array([0, 0, 0, 11]),
        cut_pt=np.array([0.0, 0, 0, 8]),
        lost=np.array([0, 0, 0, 7]),
        lost_pt=np.array([0.0, 0, 0, 100]),
    )
    # a jet that no stable particles match, or without a τ, is in neither
    response = row(tables, "response")
    assert response["jets"] == 9 and response["mean"] == pytest.approx((0.8 + 1 + 1.25) / 3)
    assert row(tables, "tau21")["mean"] == pytest.approx(0.5)
    assert row(tables, "tau32")["q50"] == pytest.approx(0.5)
    assert row(tables, "tau32")["mean"] == pytest.approx((0.5 + 1 + 1 / 3) / 3)
    # the dataset has room for 5 constituents
    assert row(tables, "cut")["mean"] == 0.5 and row(tables, "cut_number")["mean"] == 16 / 4
    assert row(tables, "loses")["mean"] == 0.25 and row(tables, "lost")["mean"] == 7 / 4
    assert row(tables, "lost_share")["mean"] == pytest.approx(0.2 / 4)


def test_jets_without_a_partner_are_left_out_and_counted(tmp_path):
    there = np.array([True, True, False, True])
    tables = measured(tmp_path, tower__found=there, tower__mass=np.array([1.0, 2, 0, 3]))
    assert row(tables, "found", kind="tower")["mean"] == 0.75
    assert row(tables, "mass", kind="tower")["jets"] == 9
    assert row(tables, "mass", kind="tower")["mean"] == 2
    assert row(tables, "mass")["jets"] == 12


def test_truth_of_either_class(tmp_path):
    tables = measured(
        tmp_path,
        merged=np.array([True, True, True, False]),
        # the made-up generator's cut is at 200 GeV
        hat_pt=np.array([201.0, 219, 221, 300]),
    )
    merged = row(tables, "merged", kind="truth")
    assert merged["mean"] == 0.75 and merged["error"] == pytest.approx(np.sqrt(3 / 16 / 12))
    assert "merged" not in set(tables[""].query("`class` == 'background'")["quantity"])
    for side in ("signal", "background"):
        assert row(tables, "near_hat_cut", side, "truth")["mean"] == 0.5
        assert row(tables, "hat_pt", side, "truth")["largest"] == 300


def test_weights_count_as_so_many_jets():
    values, weight = np.array([1.0, 2, 3, 4]), np.array([1.0, 0, 3, 2])
    once = study.describe(values, weight)
    repeated = np.repeat(values, weight.astype(int))
    often = study.describe(repeated, np.ones(len(repeated)))
    for name in ("mean", "sd", "q16", "q50", "q84", "q99"):
        assert once[name] == pytest.approx(often[name]), name
    # of equal weights the standard error, whatever they are
    assert study.describe(values, np.full(4, 7.0))["error"] == pytest.approx(values.std() / 2)
    assert study.describe(values[:0], weight[:0]) == {"jets": 0}


def test_histograms_hold_every_jet_once(tmp_path):
    tables = measured(tmp_path, pt=np.array([355.0, 355, 395, 900]))
    histograms = tables["histograms"]
    assert set(histograms["quantity"]) == set(study.HISTOGRAMS)
    one = histograms.query("quantity == 'pt' and `class` == 'signal' and kind == 'eflow'")
    assert one["jets"].sum() == 9, "3 of 12 are far above"
    width = one["high"] - one["low"]
    assert (one["density"] * width).sum() == pytest.approx(0.75)
    filled = one[one["jets"] > 0]
    np.testing.assert_array_equal(filled["jets"], [6, 3])
    assert (filled["low"] <= [355, 395]).all() and (filled["high"] > [355, 395]).all()
    edges = np.append(one["low"], one["high"].iloc[-1])
    assert edges[0] < WINDOW["pt"][0] and edges[-1] > WINDOW["pt"][1]


def test_spectra_are_those_of_the_files(tmp_path):
    hat = np.array([205.0, 215, 215, 295])
    tables = measured(tmp_path, hat_pt=hat)
    spectra = tables["spectra"].query("`class` == 'background'")
    for name, one in spectra.groupby("spectrum"):
        width = one["high"] - one["low"]
        assert (one["density"] * width).sum() == pytest.approx(1), name
    leading = spectra[spectra["spectrum"] == "leading"]
    assert leading["sum"].sum() == 3 * 40 and leading["low"].min() == 300
    window = leading[leading["selected"]]
    assert (window["low"].min(), window["high"].max()) == tuple(WINDOW["pt"])
    chosen = spectra[spectra["spectrum"] == "hat_selected"]
    assert not chosen["selected"].any()
    np.testing.assert_array_equal(chosen["sum"][chosen["sum"] > 0], [3, 6, 3])
    assert spectra[spectra["spectrum"] == "hat"]["low"].min() == 200


def test_spectra_of_high_momenta_have_wider_bins():
    sums = np.zeros(len(SPECTRUM_EDGES) - 1)
    sums[90:150] = 1.0
    spectra = tagfile.Spectra(100, SPECTRUM_EDGES, sums, sums)
    block = {"hat_pt": np.array([1310.0, 1325]), "weight": np.ones(2)}
    chosen = {"pt": (1300, 1400), "partons": {"pt": (1200, 1600)}}
    found = study._spectra("toy", "signal", block, spectra, chosen)
    leading = found[found["spectrum"] == "leading"]
    assert (leading["high"] - leading["low"] == 20).all() and (leading["sum"] == 2).all()
    window = leading[leading["selected"]]
    assert (window["low"].min(), window["high"].max()) == (1300, 1400)
    assert set(found["parton_low"]) == {1200} and set(found["parton_high"]) == {1600}
    unfiltered = study._spectra("toy", "signal", block, spectra, chosen | {"partons": None})
    assert unfiltered["parton_low"].isna().all()


def test_particle_level_has_one_kind(tmp_path):
    tables = measured(tmp_path, kinds=("eflow",))
    assert set(tables[""]["kind"]) == {"eflow", "truth"}


def test_ratios_that_the_config_leaves_out(tmp_path):
    how = Observables.model_validate({"n_subjettiness": {"orders": [1, 2], "betas": [1]}})
    for seed, side in enumerate(SAMPLES):
        for split, count in JETS.items():
            write_jets(
                tmp_path, side, f"{split}-0000", make_jets(count, seed), how=how.model_dump()
            )
    tagging.build(tmp_path / "toy.h5", "toy", settings(JETS), files(tmp_path))
    tables = study.measure(StudyInputs(pd.DataFrame(), {"toy": tmp_path / "toy.h5"}))
    for table in (tables[""], tables["histograms"]):
        there = set(table["quantity"])
        assert "tau21" in there and "tau32" not in there
    titles = {ax.get_title(loc="left") for ax in figure.draw(tables, {}).findobj(Axes)}
    assert any("Two prongs or one" in title for title in titles)
    assert not any("Three prongs" in title for title in titles)


def test_jets_made_elsewhere_have_no_events_and_no_truth(tmp_path):
    table = reference()
    parts = {split: str(tmp_path / f"{split}.h5") for split in SPLITS}
    for path in parts.values():
        write_hdf5(path, table)
    wanted = external_settings("", files=parts, jets=None) | {"observables": OBSERVABLES}
    external.build(tmp_path / "other.h5", "other", wanted, parts)
    ours = write_tagging(tmp_path / "toy.h5", JETS)
    both = study.measure(StudyInputs(pd.DataFrame(), {"other": tmp_path / "other.h5", "toy": ours}))
    names = {name: set(rows["quantity"]) for name, rows in both[""].groupby("dataset", sort=False)}
    assert names["toy"] - names["other"] == {*study.OF_OURS, "hat_pt", "merged", "near_hat_cut"}
    assert {"pt", "mass", "tau21", "multiplicity", "cut"} <= names["other"]
    assert (both[""]["jets"] > 0).all() and set(both["spectra"]["dataset"]) == {"toy"}
    alone = study.measure(StudyInputs(pd.DataFrame(), {"other": tmp_path / "other.h5"}))
    for tables in (both, alone):
        folder = tmp_path / str(len(tables[""]))
        folder.mkdir()
        for name, one in tables.items():  # as the workflow passes them on
            one.to_csv(folder / f"jets_{name}.csv".replace("_.", "."), index=False)
        again = read_tables(sorted(folder.iterdir(), key=lambda p: len(p.name)), "jets")
        titles = [ax.get_title(loc="left") for ax in figure.draw(again, {}).axes]
        assert any("Mass" in title for title in titles)
        assert any("Response" in title for title in titles) == (tables is both)
