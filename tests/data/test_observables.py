"""What is computed of jets is what the config says, and is named for it."""

import copy

import awkward as ak
import numpy as np
import pytest
from helpers_jets import real
from helpers_workflow import ROOT

from relearn import kinematics as kin
from relearn.configdata import Jets
from relearn.configobservables import Observables
from relearn.data import cutreport, jetfile
from relearn.data.jets import find
from relearn.data.observables import observables
from relearn.jets import clustering, correlators, grooming, nsubjettiness, shapes
from relearn.observablenames import names

ATLAS = ROOT / "config/detector/ATLAS.yaml"
DELPHES = ROOT / "tests/data_files/delphes_jets_ATLAS.root"
CHANGED = {
    "soft_drop": {"z_cut": 0.25, "beta": 1.0},
    "n_subjettiness": {
        "orders": [4, 1],
        "betas": [1.5, 0.25],
        "groomed_orders": [5],
        "groomed_betas": [1, 2],
        "axes": "wta_kt",
        "normalisation": "sum_pt_r0",
    },
    "energy_correlation_betas": [0.5, 1],
    "jet_charge_kappas": [0.3, 0.5],
}
TAUS = {  # name → N, β
    "tau4_b15": (4, 1.5),
    "tau4_b025": (4, 0.25),
    "tau1_b15": (1, 1.5),
    "tau1_b025": (1, 0.25),
    "tau5_b1_sd": (5, 1.0),
    "tau5_b2_sd": (5, 2.0),
}


def settings(**changes):
    return Observables.model_validate(changes).model_dump()


@pytest.fixture(scope="module")
def jets():
    """Jets with made-up charges."""
    vectors = real()
    counts = ak.num(vectors)
    charge = np.random.default_rng(2).integers(-1, 2, int(ak.sum(counts))).astype(float)
    return vectors, ak.unflatten(charge, counts)


@pytest.fixture(scope="module")
def usual(jets):
    return observables(*jets, 1.5, settings())


@pytest.fixture(scope="module")
def changed(jets):
    return observables(*jets, 1.5, settings(**CHANGED))


def test_usual_names():
    taus = [f"tau{n}_b{beta}" for n in range(1, 9) for beta in ("05", "1", "2")]
    assert names(settings()) == (
        ["pt", "eta", "phi", "mass", "sd_pt", "sd_mass", "sd_z", "sd_delta_r"]
        + [*taus, "tau1_b1_sd", "tau2_b1_sd", "tau3_b1_sd"]
        + ["c2", "d2", "m_rec", "f_rec", "delta_r_opt", "top_tagged", "multiplicity"]
        + ["track_multiplicity", "track_mass", "girth", "momentum_dispersion", "jet_charge"]
        + ["eventropy", "c_parameter"]
    )


def test_names_say_which_powers():
    found = names(settings(**CHANGED))
    assert [name for name in found if name.startswith("tau")] == list(TAUS)
    assert [name for name in found if name[:2] in ("c2", "d2")] == ["c2_b05", "d2_b05", "c2", "d2"]
    assert [name for name in found if "charge" in name] == ["jet_charge_k03", "jet_charge"]
    none = names(settings(n_subjettiness={"groomed_orders": []}, jet_charge_kappas=[]))
    assert not [name for name in none if name.startswith("jet_charge") or name[-5:] == "b1_sd"]


def test_all_that_is_named_is_computed(usual, changed, jets):
    for found, wanted in ((usual, settings()), (changed, settings(**CHANGED))):
        assert set(found) == set(names(wanted)) and len(set(found)) == len(names(wanted))
        assert all(values.shape == (24,) and np.isfinite(values).all() for values in found.values())


def test_usual_values(jets, usual):
    """The talks' N-subjettiness: τ_N d = Σ pT min ΔR, d the jet's pT, without R0^β."""
    vectors, charge = jets
    pt = ak.to_numpy(ak.sum(np.hypot(vectors[..., 1], vectors[..., 2]), axis=1))
    for n, beta, name in ((1, 0.5, "tau1_b05"), (3, 1.0, "tau3_b1"), (8, 2.0, "tau8_b2")):
        tau = nsubjettiness.n_subjettiness(vectors, n, beta, 1.5, "onepass_kt", normalise=True)
        np.testing.assert_allclose(usual[name] * usual["pt"], tau * pt * 1.5**beta, rtol=1e-9)
    groomed = grooming.soft_drop(vectors, 0.1, 0.0, 1.5)
    np.testing.assert_array_equal(usual["sd_mass"], kin.mass(ak.to_numpy(groomed.p4)))
    np.testing.assert_array_equal(usual["c2"], correlators.c2(vectors, 1.0))
    np.testing.assert_array_equal(usual["jet_charge"], shapes.jet_charge(vectors, charge, 0.5))


def test_changed_values(jets, changed):
    vectors, charge = jets
    groomed = grooming.soft_drop(vectors, 0.25, 1.0, 1.5)
    np.testing.assert_array_equal(changed["sd_mass"], kin.mass(ak.to_numpy(groomed.p4)))
    inner = clustering.take(vectors, groomed.constituents)
    for name, (order, power) in TAUS.items():
        of = inner if name.endswith("_sd") else vectors
        tau = nsubjettiness.n_subjettiness(of, order, power, 1.5, "wta_kt", normalise=True)
        np.testing.assert_allclose(changed[name], tau, rtol=1e-12, err_msg=name)
    np.testing.assert_array_equal(changed["d2_b05"], correlators.d2(vectors, 0.5))
    np.testing.assert_array_equal(
        changed["jet_charge_k03"], shapes.jet_charge(vectors, charge, 0.3)
    )


def test_a_change_moves_what_it_is_about_and_nothing_else(jets, usual):
    for changes, about in (
        ({"soft_drop": {"z_cut": 0.3}}, lambda name: "sd" in name),
        ({"n_subjettiness": {"axes": "kt"}}, lambda name: name.startswith("tau")),
        ({"n_subjettiness": {"normalisation": "sum_pt_r0"}}, lambda name: name.startswith("tau")),
    ):
        found = observables(*jets, 1.5, settings(**changes))
        for name, values in found.items():
            same = np.array_equal(values, usual[name])
            assert same != about(name), (changes, name)


def test_settings_reach_the_jet_file(tmp_path):
    found = {}
    for case, changes in {"usual": {}, "changed": CHANGED}.items():
        wanted = Jets(pt=(300, 1000), keep=30).model_dump() | {"observables": settings(**changes)}
        jets = find(DELPHES, copy.deepcopy(wanted), ATLAS, seed=5).jets
        jetfile.write(tmp_path / f"{case}.parquet", jets, {})
        found[case] = jetfile.read(tmp_path / f"{case}.parquet").eflow
        assert set(names(wanted["observables"])) < set(found[case].fields)
    usual, changed = found["usual"], found["changed"]
    assert len(usual) > 3 and "tau3_b1" not in changed.fields and "tau4_b15" in changed.fields
    assert ak.any(usual.sd_mass != changed.sd_mass) and ak.array_equal(usual.mass, changed.mass)
    lines = list(cutreport.of_jets(jets))
    assert len(lines) == 2 and lines[0].startswith("eflow: ")
    some, all_ = int(ak.sum(usual.cut > 0)), len(usual)
    assert some > 2 and f"{some} of {all_} jets have more constituents than are stored" in lines[0]
    assert f"{ak.sum(usual.cut)} in all, at most {ak.max(usual.cut)} and" in lines[0]
    assert f"{ak.max(usual.cut_pt / usual.pt):.2%} of a jet's pT" in lines[0]
