"""The config's settings of what is stored with each jet: what is refused, and by which key."""

import json

import pytest
from helpers_workflow import ROOT
from test_config import RAW, with_change

from relearn import config
from relearn.configobservables import Observables
from relearn.errors import UserError

TAU = "observables/n_subjettiness"
BAD = {
    "nothing dropped": (
        "observables/soft_drop/z_cut",
        -0.1,
        ["soft_drop.z_cut", "than or equal to 0"],
    ),
    "half dropped": ("observables/soft_drop/z_cut", 0.5, ["soft_drop.z_cut", "less than 0.5"]),
    "no number": ("observables/soft_drop/z_cut", float("nan"), ["soft_drop.z_cut", "nan"]),
    "steep grooming": ("observables/soft_drop/beta", -2.5, ["soft_drop.beta", "equal to -2"]),
    "endless power": ("observables/soft_drop/beta", float("inf"), ["soft_drop.beta", "inf"]),
    "no axis": (f"{TAU}/orders", [0, 1], ["n_subjettiness.orders.0", "equal to 1", "it is 0"]),
    "nine axes": (f"{TAU}/groomed_orders", [3, 9], ["groomed_orders.1", "equal to 8"]),
    "no orders": (f"{TAU}/orders", [], ["n_subjettiness.orders", "at least 1"]),
    "no power": (f"{TAU}/betas", [0.0], ["n_subjettiness.betas.0", "0.01"]),
    "three": (f"{TAU}/groomed_betas", [3.0], ["n_subjettiness.groomed_betas.0", "equal to 2"]),
    "twice": (f"{TAU}/betas", [1, 0.5, 1.0], ["n_subjettiness.betas", "each value once"]),
    "other axes": (f"{TAU}/axes", "manual", ["n_subjettiness.axes", "'onepass_kt'"]),
    "true": (f"{TAU}/normalisation", True, ["normalisation", "'jet_pt' or 'sum_pt_r0'"]),
    "flat energies": ("observables/energy_correlation_betas", [0], ["energy_correlation_betas.0"]),
    "negative charge": ("observables/jet_charge_kappas", [-0.5], ["jet_charge_kappas.0", "0.01"]),
    "unknown": (
        "observables/n_subjetiness",
        {},
        ["observables.n_subjetiness: unknown key (perhaps n_subjettiness)"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_settings_name_key_and_cure(case):
    path, value, expected = BAD[case]
    with pytest.raises(UserError) as caught:
        config.resolve(with_change(path, value))
    for text in ("  observables.", *expected):
        assert text in str(caught.value)


def test_shipped_settings_are_those_of_the_talks():
    assert config.resolve(RAW).observables == Observables()
    assert config.resolve(with_change("observables", ...)).observables == Observables()


def test_one_value_may_be_set_alone():
    changed = config.resolve(with_change("observables", {"soft_drop": {"z_cut": 0.05}}))
    assert changed.observables.soft_drop.z_cut == 0.05
    assert changed.observables.n_subjettiness == Observables().n_subjettiness


def test_jobs_get_them_with_the_jets_but_events_do_not():
    there = config.resolve(with_change("observables/jet_charge_kappas", [0.5, 0.123]))
    sample = there.samples["qcd_low"]
    passed = there.with_observables(sample.jets)
    assert passed == sample.jets.model_dump() | {"observables": there.observables.model_dump()}
    assert "0.123" in json.dumps(passed) and "0.123" not in json.dumps(sample.generation())


def test_the_schema_knows_them():
    schema = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    drop = schema["$defs"]["SoftDrop"]["properties"]["z_cut"]
    assert (drop["minimum"], drop["exclusiveMaximum"]) == (0, 0.5)
