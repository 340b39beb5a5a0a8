import copy
import json
import re

import pytest
import yaml
from helpers_workflow import ROOT
from hypothesis import given
from hypothesis import strategies as st

from relearn import config, configdocs, configscans, plan, studychecks
from relearn.errors import UserError

SCALES = sorted(path.stem for path in (ROOT / "config/scale").glob("*.yaml"))
RAW = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def with_change(path: str, value):
    """Return the shipped config with one key set (or, for ..., removed)."""
    changed = copy.deepcopy(RAW)
    *parents, last = path.split("/")
    inner = changed
    for key in parents:
        inner = inner.setdefault(key, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return changed


# What is wrong → the key and the allowed values that the message must name.
BAD = {
    "unknown key": ("epoch", 3, ["epoch: unknown key; see"]),
    "misspelt key": ("training/epoch", 3, ["training.epoch: unknown key (perhaps epochs)"]),
    "misspelt key of a dataset": (
        "datasets/zmumu/event",
        {},
        ["datasets.zmumu.event: unknown key (perhaps events)"],
    ),
    "unknown nested key": ("scans/pt_nodes/nodes", 3, ["scans.pt_nodes.nodes: unknown key"]),
    "unknown device": ("device", "tpu", ["device", "'auto', 'cpu', 'cuda' or 'mps'", "tpu"]),
    "wrong type": ("training/epochs", "many", ["training.epochs", "integer", "many"]),
    "no epochs": ("training/epochs", 0, ["training.epochs", "greater than or equal to 1"]),
    "negative rate": ("training/learning_rate", -1, ["training.learning_rate", "greater than 0"]),
    "negative nodes": ("scans/pt_nodes/hidden", [-5], ["scans.pt_nodes.hidden", "-5"]),
    "no nodes": ("scans/pt_nodes/hidden", [0], ["scans.pt_nodes.hidden", "positive"]),
    "falling range": ("scans/pt_nodes/hidden", ["9..3"], ["scans.pt_nodes.hidden", "rise"]),
    "unknown activation": ("scans/pt_nodes/activation", "swish", ["swish", "leaky_relu", "elu"]),
    "layers and activations": (
        "scans/pt_nodes/activation",
        "relu+linear",
        ["scans.pt_nodes", "relu+linear"],
    ),
    "empty scan": ("scans/pt_nodes/hidden", [], ["scans.pt_nodes.hidden", "at least 1"]),
    "no trials": ("scans/pt_nodes/trials", 0, ["scans.pt_nodes.trials"]),
    "unknown dataset": ("scans/pt_nodes/dataset", "zee", ["scans.pt_nodes.dataset", "zmumu"]),
    "unknown target": ("scans/pt_nodes/target", "charge", ["scans.pt_nodes.target", "mass"]),
    "target of another kind": ("scans/pt_nodes/target", "square", ["target of zmumu", "pt"]),
    "unknown sample": ("datasets/zmumu/sample", "zee", ["datasets.zmumu.sample", "ttbar_mumu"]),
    "no events": ("datasets/zmumu/events/train", 0, ["datasets.zmumu.events.train"]),
    "like nothing": (
        "datasets/tops_low_cms/like",
        "tops",
        ["datasets.tops_low_cms.like: 'tops' is not defined", "tops_low"],
    ),
    "like no name": ("samples/qcd_low_cms/like", ["qcd_low"], ["samples.qcd_low_cms.like", "qcd_"]),
    "like itself": ("samples/qcd_low_cms/like", "qcd_low_cms", ["qcd_low_cms → qcd_low_cms"]),
    "in a circle": (
        "samples/qcd_low",
        {"like": "qcd_low_cms"},
        ["samples.qcd_low_cms.like", "qcd_low → qcd_low_cms → qcd_low is a circle"],
    ),
    "like another, but for a mistake": (
        "samples/qcd_low_cms/detector_card",
        "LHCb",
        ["samples.qcd_low_cms.detector_card", "'CMS' or 'ATLAS'", "LHCb"],
    ),
    "Delphes with the filter of partons": (
        "samples/qcd_low_delphes/jets",
        {},
        ["samples.qcd_low_delphes", "jets.partons", "null"],
    ),
    "missing split": ("datasets/zmumu/events/test", ..., ["events.test", "required"]),
    "detector without particles": (
        "datasets/detector_validation/samples/ttbar",
        "ttbar_mumu",
        ["datasets.detector_validation.samples.ttbar", "keep: stable", "samples.ttbar_mumu"],
    ),
    "process that Delphes has not seen": (
        "datasets/detector_validation/samples",
        {"qcd": "validation_ttbar"},
        ["datasets.detector_validation", "qcd", "'ttbar' or 'zmumu'"],
    ),
    "unknown kind": ("datasets/zmumu/kind", "photons", ["datasets.zmumu", "dimuon", "momenta"]),
    "all nodes dropped": ("scans/pt_dropout/dropout", 1.0, ["scans.pt_dropout.dropout", "1"]),
    "unknown detector": ("samples/zmumu/detector", "geant", ["samples.zmumu.detector", "none"]),
    "frozen from nothing": ("scans/pt_nodes/start", "frozen", ["scans.pt_nodes", "pretrained"]),
    "pretrained from nowhere": (
        "scans/norm_squared_intuitive/pretrained",
        "cube",
        ["scans.norm_squared_intuitive.pretrained", "square"],
    ),
    "pretrained on two targets": (
        "scans/square/target",
        ["square", "identity"],
        ["scans.norm_squared_intuitive.pretrained", "square learns 2 targets"],
    ),
    "no dictionary": ("scans/pt_nodes", [1, 2], ["scans.pt_nodes", "dictionary"]),
    "list of lists": ("studies/pt_nodes/scans", [["pt_nodes"]], ["studies.pt_nodes.scans", "str"]),
    "infinite rate": ("training/learning_rate", float("inf"), ["learning_rate", "finite"]),
    "signal is background": (
        "datasets/tops_low/signal",
        "qcd_low",
        ["datasets.tops_low", "same jets of qcd_low"],
    ),
    "muons of jets": (
        "samples/zmumu/keep",
        "jets",
        ["datasets.zmumu.sample", "`keep: prompt_muons` of samples.zmumu"],
    ),
    "jets of all particles": ("samples/qcd_low/keep", "stable", ["samples.qcd_low", "keep: jets"]),
    "first layer of no network": (
        "scans/norm_squared_intuitive/hidden",
        ["99x3"],
        ["scans.norm_squared_intuitive.hidden", "99x3", "5, 10, 25"],
    ),
    "second layer of no network": (
        "scans/norm_squared_intuitive/hidden",
        ["100x4"],
        ["scans.norm_squared_intuitive.hidden", "100x4", "3 outputs"],
    ),
    "unknown scan": ("studies/pt_nodes/scans", ["pt_node"], ["studies.pt_nodes.scans", "pt_nodes"]),
    "unknown study": ("studies/pt_knots", {"scans": ["pt_nodes"]}, ["pt_knots", "pt_nodes"]),
    "unknown option": ("studies/pt_nodes/options", {"colour": 1}, ["colour", "pt_nodes"]),
    "unknown kind of jets": (
        "studies/image_steps/options",
        {"kind": "foo"},
        ["studies.image_steps.options.kind", "'foo'", "tower, eflow"],
    ),
    "no number": ("studies/image_steps/options", {"jet": "x"}, ["options.jet", "from 0", "'x'"]),
    "negative number": (
        "studies/image_average/options",
        {"jets": -5},
        ["studies.image_average.options.jets", "from 1", "-5"],
    ),
    "unknown dataset of a study": (
        "studies/jet_validation/datasets",
        ["tops"],
        ["studies.jet_validation.datasets", "'tops'", "tops_low"],
    ),
    "dataset of another kind": (
        "studies/jet_validation/datasets",
        ["zmumu"],
        ["studies.jet_validation.datasets", "zmumu", "dimuon", "tagging, external"],
    ),
    "networks for a study of events": (
        "studies/samples/scans",
        ["pt_nodes"],
        ["studies.samples.scans", "datasets"],
    ),
    "taggers for a study of networks": (
        "studies/angles/scans",
        ["recurrent"],
        ["studies.angles.scans", "recurrent trains taggers", "networks"],
    ),
    "networks for a study of taggers": (
        "studies/recurrent",
        {"scans": ["angles"]},
        ["studies.recurrent.scans", "angles trains fully connected", "taggers"],
    ),
    "study of nothing": ("studies/pt_nodes/scans", [], ["studies.pt_nodes", "scans"]),
    "batch above events": ("training/batch_size", 10**6, ["batch_size", "training events"]),
    "scan of a study left out": ("scans/angles", None, ["studies.angles", "scans"]),
    "unknown column": ("studies/pt_nodes/where/r", 1, ["pt_nodes.where", "unknown r", "hidden"]),
    "size of no network": ("studies/pt_nodes/where/hidden", 99, ["where.hidden", "99", "1, 2, 3"]),
    "trial below 0": ("scans/pt_dip/first_trial", -1, ["scans.pt_dip.first_trial"]),
    "capital in a name": ("scale", "Big One", ["scale"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_config_names_key_and_cure(case):
    path, value, expected = BAD[case]
    with pytest.raises(UserError) as caught:
        studychecks.check_studies(config.resolve(with_change(path, value)))
    for text in expected:
        assert text in str(caught.value)


def test_every_mistake_is_told_at_once():
    changed = with_change("training/epochs", 0)
    changed["scans"]["pt_nodes"]["trials"] = -1
    with pytest.raises(UserError) as caught:
        config.resolve(changed)
    assert "training.epochs" in str(caught.value) and "pt_nodes.trials" in str(caught.value)


@pytest.mark.parametrize("scale", SCALES)
def test_shipped_scales_are_valid_and_name_themselves(scale):
    resolved = config.load(scale)
    studychecks.check_studies(resolved)
    assert resolved.scale == scale


def test_unknown_scale_lists_those_there_are():
    with pytest.raises(UserError, match="smoke"):
        config.load("huge")


def test_a_study_set_to_null_is_left_out():
    assert "pt_nodes" not in config.resolve(with_change("studies/pt_nodes", None)).studies


def test_a_scan_set_to_null_is_left_out_of_its_studies():
    resolved = config.resolve(with_change("scans/pt_dip", None))
    assert "pt_dip" not in resolved.scans
    assert resolved.studies["pt_layers"].scans == ["pt_layers", "pt_dropout"]


def test_like_is_the_other_entry_but_for_what_is_said():
    changed = with_change("samples/qcd_low/events_per_part", 123)
    changed["samples"]["both"] = {"like": "qcd_low_tower", "detector_card": "CMS"}
    samples = config.resolve(changed).samples
    first = samples["qcd_low"].model_dump()
    assert first["events_per_part"] == 123
    tower = first | {"jets": first["jets"] | {"select_on": "tower"}}
    assert samples["qcd_low_cms"].model_dump() == first | {"detector_card": "CMS"}
    assert samples["qcd_low_tower"].model_dump() == tower
    assert samples["both"].model_dump() == tower | {"detector_card": "CMS"}


def test_variants_wait_for_a_study():
    resolved = config.load("default")
    assert resolved.datasets["tops_low_delphes"].signal in resolved.samples
    assert plan.delphes_samples(resolved) == []
    named = with_change("studies/jet_validation/datasets", ["tops_low", "tops_low_delphes"])
    through = ["ttbar_hadronic_low_delphes", "qcd_low_delphes"]
    assert plan.delphes_samples(config.resolve(named)) == through


def test_where_is_written_as_in_a_scan_and_read_as_in_tables():
    changed = with_change("studies/pt_layers/where", {"hidden": [10, "10x1..3"], "dropout": 0})
    where = config.resolve(changed).studies["pt_layers"].where
    assert where == {"hidden": ["10", "10x1", "10x2", "10x3"], "dropout": [0]}


@pytest.mark.parametrize("section", ["training", "tagger_training"])
def test_on_and_off_need_no_quotes(section):
    for word in ("on", "off", "auto"):
        changed = config.merge(RAW, yaml.safe_load(f"{section}: {{compile: {word}}}"))
        assert getattr(config.resolve(changed), section).compile == word


def test_merge_is_snakemakes():
    from snakemake.utils import update_config

    base = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    overlay = {"a": {"c": [3]}, "e": {"f": 1}}
    expected = copy.deepcopy(base)
    update_config(expected, overlay)
    assert config.merge(base, overlay) == expected


@given(st.integers(1, 50), st.integers(0, 5), st.integers(1, 9))
def test_ranges_of_layers(first, more, second):
    layers = configscans.parse_hidden(f"{first}..{first + more}x{second}")
    assert layers == [[nodes, second] for nodes in range(first, first + more + 1)]


def test_no_hidden_layer_and_plain_numbers():
    assert configscans.parse_hidden("none") == [[]]
    assert configscans.parse_hidden(10) == [[10]]


def test_generated_schema_and_reference_are_up_to_date():
    cure = "run `make docs`"
    assert (ROOT / "workflow/schemas/config.schema.json").read_text() == configdocs.schema(), cure
    assert (ROOT / "config/README.md").read_text() == configdocs.reference(), cure


def test_schema_refuses_what_the_types_refuse():
    from snakemake.exceptions import WorkflowError
    from snakemake.utils import validate

    path = str(ROOT / "workflow/schemas/config.schema.json")
    validate(copy.deepcopy(RAW), path, set_default=False)
    with pytest.raises(WorkflowError):
        validate(with_change("epoch", 3), path, set_default=False)


def test_scan_spec_is_json_and_complete():
    spec = config.scan_spec(config.load("default"), "identity")
    assert json.loads(json.dumps(spec)) == spec
    assert spec["training"]["batch_size"] == RAW["training"]["batch_size"]
    assert spec["training"]["epochs"] == RAW["scans"]["identity"]["training"]["epochs"]


EXAMPLES = {
    f"{page.name}-{number}": text
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S))
    if re.search(r"^(scale|scans|studies|samples|datasets):", text, re.M)
    and not text.startswith("# needs")  # a file that is not there: tested where it is
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_docs_are_overlays_that_work(example):
    overlay = yaml.safe_load(EXAMPLES[example])
    studychecks.check_studies(config.resolve(config.merge(RAW, overlay)))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("fig_pt_node", "perhaps fig_pt_nodes"),
        ("fig_xyz", "`make figures SCALE=default`"),
        ("results/smoke/figures/pt_nodes.pdf", "--config scale="),
    ],
)
def test_targets_that_a_scale_lacks_are_told(word, told):
    with pytest.raises(UserError, match=f"{word}.*{told}"):
        studychecks.check_targets(config.load("default"), ["--cores", "2", word])


def test_other_words_of_a_command_are_left_alone():
    words = ["--cores", "2", "fig_pt_nodes", "results/default/claims.csv", "results/slurm_logs"]
    studychecks.check_targets(config.load("default"), words)


def test_what_is_no_yaml_is_named_with_its_line(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("scale: mine\ntraining: {epochs: 3\nscans: []\n")
    with pytest.raises(UserError, match=r"mine.yaml is no YAML[\s\S]*line 3"):
        config.read(file)
