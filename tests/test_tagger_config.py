"""Scans of taggers in the config: what they stand for, and what is told of mistakes."""

import copy
import dataclasses
import typing

import pytest
import yaml
from helpers_workflow import ROOT

from relearn import architectures, config, configtaggers, plan, taggerruns
from relearn.data import tagging
from relearn.errors import UserError
from relearn.training import tagger_settings

RAW = yaml.safe_load((ROOT / "config/config.yaml").read_text())
SCAN = {"architecture": "recnn", "dataset": "tops_low", "trials": 2}
EXTERNAL = {
    "kind": "external",
    "files": {split: "jets.h5" for split in ("train", "validation", "test")},
    "jets": {"train": 100, "validation": 10, "test": 10},
    "constituents": 50,
}


def with_scan(study=None, **changes):
    """The shipped config with a scan `mine` of taggers, and a study of it."""
    raw = copy.deepcopy(RAW)
    raw["datasets"]["others"] = EXTERNAL
    raw["scans"]["mine"] = SCAN | changes
    if study is not None:
        raw["studies"]["jet_validation"] = {"scans": ["mine"]} | study
    return raw


def names(**changes):
    return [
        run.name
        for run in taggerruns.expand(config.scan_spec(config.resolve(with_scan(**changes)), "mine"))
    ]


def training(raw):
    return config.scan_spec(config.resolve(raw), "mine")["training"]


def test_null_takes_back_what_a_file_before_set():
    raw = with_scan(training={"epochs": 3, "batch_size": None, "augment": {"drop": 0.1}})
    assert training(raw) == RAW["tagger_training"] | {"epochs": 3, "augment": {"drop": 0.1}}
    raw["tagger_training"] = None
    assert training(raw) == {"epochs": 3, "augment": {"drop": 0.1}}


def test_taggers_of_the_paper_scale_train_as_their_papers_did():
    paper = config.load("paper")
    assert paper.tagger_training.model_fields_set == set()
    for name, scan in paper.scans.items():
        if isinstance(scan, configtaggers.TaggerScan):
            own = set(config.scan_spec(paper, name)["training"])
            assert own <= {"epochs", "patience", "augment"}, name


def test_a_scan_is_the_product_of_all_its_lists():
    found = names(
        architecture=["recnn", "gcn"],
        size=["small", "paper"],
        kind=["eflow", "tower"],
        constituents=[10, 20],
        features=[["charge"], []],
        options={"hidden": [8, 16]},
    )
    assert len(found) == len(set(found)) == 2**7
    assert "gcn-paper-n20-tower-tops_low-features=charge-hidden=8-t1" in found
    assert "recnn-small-n10-eflow-tops_low-hidden=16-t0" in found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "recnn-small-n40-eflow-tops_low-t0"),
        ({"features": ["charge", "d0"]}, "recnn-small-n40-eflow-tops_low-features=charge+d0-t0"),
        ({"options": {"gated": True}}, "recnn-small-n40-eflow-tops_low-gated=yes-t0"),
        (
            {"options": {"tree": 0.5, "hidden": [[3, 4]]}},
            "recnn-small-n40-eflow-tops_low-hidden=3x4-tree=0.5-t0",
        ),
        ({"target": "sd_mass"}, "recnn-small-n40-eflow-tops_low-target=sd_mass-t0"),
        ({"first_trial": 5}, "recnn-small-n40-eflow-tops_low-t5"),
    ],
)
def test_a_name_tells_what_is_not_the_default(changes, expected):
    assert names(**changes)[0] == expected


# What is wrong → what the message must say.
BAD = {
    "unknown architecture": ({"architecture": "lolo"}, "scans.mine.architecture: .*'lolo'.*recnn"),
    "one of several unknown": ({"architecture": ["gcn", "gnc"]}, "'gnc'"),
    "dense among taggers": ({"architecture": ["mlp", "gcn"]}, "mlp.*scan of its own"),
    "no architecture": ({"architecture": []}, "scans.mine.architecture.*at least 1"),
    "no constituents": ({"constituents": []}, "scans.mine.constituents.*at least 1"),
    "zero constituents": ({"constituents": 0}, "scans.mine.constituents.0.*greater than"),
    "too many constituents": ({"constituents": [9, 900]}, "900 are more than the 200.*tops_low"),
    "unknown size": ({"size": "huge"}, "recnn has no 'huge'; it has small, medium, paper"),
    "unknown option": (
        {"options": {"nope": 1}},
        "options: recnn has no nope; it has gated, hidden",
    ),
    "unknown kind": ({"kind": "calo"}, "scans.mine.kind.*'eflow' or 'tower'"),
    "no towers": (
        {"dataset": "others", "kind": ["eflow", "tower"]},
        "scans.mine.kind: others has no jets of kind tower, only eflow",
    ),
    "unknown column": ({"features": ["pdg"]}, "scans.mine.features: 'pdg' is none of.*charge"),
    "no columns there": ({"dataset": "others", "features": ["charge"]}, "four-vectors alone"),
    "muons": ({"dataset": "zmumu"}, "scans.mine.dataset: zmumu is of kind dimuon.*tagging"),
    "unknown dataset": ({"dataset": "bottoms"}, "scans.mine.dataset: 'bottoms'.*tops_low"),
    "option that is a key": ({"options": {"size": 1}}, "scans.mine.options: size is.*set it there"),
    "empty option": ({"options": {"a": []}}, "a: an empty list"),
    "values alike": ({"options": {"a": [1, "1"]}}, "a: .*written alike"),
    "value with a slash": ({"options": {"a": "x/y"}}, "x/y"),
    "key of the other kind": ({"hidden": [3]}, "scans.mine.hidden: unknown key"),
    "no trials": ({"trials": 0}, "scans.mine.trials"),
    "no epochs": ({"training": {"epochs": 0}}, "scans.mine.training.epochs.*greater than"),
    "unknown setting": (
        {"training": {"epoch": 1}},
        "scans.mine.training.epoch: unknown key .perhaps epochs.",
    ),
    "unknown target": (
        {"target": ["mass", "girt"]},
        "scans.mine.target: no observable 'girt' .perhaps girth.; there are pt, eta.*tau8_b2",
    ),
    "unknown change": ({"training": {"augment": {"flip": 1}}}, "scans.mine.training.augment"),
    "changed jets with the target of others": (
        {"target": "mass", "training": {"augment": {"jes_smear": 0, "rotation": 1}}},
        "scans.mine.training.augment: rotation would change.*mass",
    ),
    "too strong a change": (
        {"training": {"augment": {"drop": 10}}},
        "scans.mine.training.augment: .*drop: 10 is not between 0 and 1",
    ),
    "no energy left": (
        {"training": {"augment": {"jes_shift": -1.5}}},
        "scans.mine.training.augment: .*jes_shift: -1.5 is not -0.9 or more",
    ),
    "changed jets for trees": (
        {"architecture": ["lola", "bdt"], "training": {"augment": {"drop": 0.1}}},
        "scans.mine.training.augment: bdt would see the jets as they are",
    ),
    "large batch": ({"training": {"batch_size": 10**6}}, "batch_size 1000000 is more than.*tops"),
    "large batch of a file": (
        {"dataset": "others", "training": {"batch_size": 201}},
        "batch_size 201 is more than the 200 training jets of others",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_mistakes_are_told(changes, message):
    with pytest.raises(UserError, match=message) as caught:
        config.resolve(with_scan(**changes))
    assert "tagger." not in str(caught.value), "the kind is no key"


def test_a_fully_connected_network_starts_from_no_tagger():
    raw = with_scan()
    raw["scans"]["norm_squared_intuitive"]["pretrained"] = "mine"
    with pytest.raises(UserError, match="norm_squared_intuitive.pretrained: mine trains taggers"):
        config.resolve(raw)


def test_settings_of_a_scan_win_over_those_of_all():
    raw = with_scan(training={"epochs": 3, "patience": None})
    raw["tagger_training"] = {"epochs": 9, "patience": 4, "batch_size": 64}
    training = config.scan_spec(config.resolve(raw), "mine")["training"]
    assert training == {"epochs": 3, "patience": None, "batch_size": 64}


def test_settings_and_their_defaults_are_the_trainers():
    ours, theirs = configtaggers.TaggerTraining, tagger_settings.TaggerTraining
    assert ours().model_dump() == dataclasses.asdict(theirs())
    for name, allowed in tagger_settings.CHOICES.items():
        assert typing.get_args(ours.model_fields[name].annotation) == allowed
    strengths = typing.get_args(ours.model_fields["augment"].annotation)[0]
    assert typing.get_args(strengths) == tuple(tagger_settings.AUGMENTATIONS)


def test_extra_columns_are_those_of_datasets():
    assert configtaggers.FEATURES == tagging.FEATURES


@pytest.mark.parametrize(
    ("changes", "where", "kept"),
    [
        ({"size": ["small", "paper"]}, {"size": "paper"}, {"size": ["paper"]}),
        ({"options": {"gated": [True, False]}}, {"gated": True}, {"gated": ["yes"]}),
        ({"features": [["d0"], []]}, {"features": "none"}, {"features": ["none"]}),
        ({}, {"target": "label", "constituents": 40}, {"target": ["label"], "constituents": [40]}),
        ({"target": ["mass", "girth"]}, {"target": "girth"}, {"target": ["girth"]}),
    ],
)
def test_a_study_chooses_by_what_tables_have(changes, where, kept):
    study = config.resolve(with_scan({"where": where}, **changes)).studies["jet_validation"]
    assert study.where == kept


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"size": "paper"}, "where.size: no network of its scans has paper; there are small"),
        ({"hidden": 3}, "where: unknown hidden; allowed: architecture, dataset, size"),
        ({"gated": True}, "where: unknown gated"),
    ],
)
def test_a_choice_that_leaves_nothing_is_told(where, message):
    with pytest.raises(UserError, match=message):
        config.resolve(with_scan({"where": where}))


def test_the_schema_takes_taggers_and_refuses_their_mistakes():
    from snakemake.exceptions import WorkflowError
    from snakemake.utils import validate

    path = str(ROOT / "workflow/schemas/config.schema.json")
    good = {"size": ["small"], "features": ["d0"], "options": {"gated": True, "hidden": [3, 4]}}
    validate(with_scan(**good), path, set_default=False)
    for bad in ({"kind": "calo"}, {"hidden": 3}, {"trials": "two"}):
        with pytest.raises(WorkflowError):
            validate(with_scan(**bad), path, set_default=False)


def test_architectures_are_the_files_with_sizes_and_their_aliases(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("def build(): ...\n")
    (tmp_path / "mlp.py").write_text("SIZES = {}\ndef build(): ...\n")
    (tmp_path / "tree.py").write_text(
        "SIZES: dict = {'small': {'depth': 2}, 'paper': dict(depth=9)}\n"
        "ALIASES = {'bush': {'wide': True}}\ndef build(size): ...\n"
    )
    monkeypatch.setattr(architectures, "FOLDER", tmp_path)
    architectures.taggers.cache_clear()
    try:
        found = architectures.taggers()
        assert list(found) == ["bush", "tree"]
        assert found["bush"].module == found["tree"].module == "relearn.models.tree"
        assert found["bush"].preset == {"wide": True} and not found["tree"].preset
        assert found["tree"].sizes == ("small", "paper")
    finally:
        architectures.taggers.cache_clear()


def test_jobs_of_taggers_have_their_own_files():
    resolved = config.resolve(with_scan({}))
    files = plan.model_files(resolved, "mine")
    assert f"results/{resolved.scale}/models/mine/0000/scores.npz" in files
    assert not [file for file in plan.model_files(resolved, "pt_nodes") if "scores" in file]
    assert plan.study_datasets(resolved, "jet_validation") == ["tops_low"]
    assert "mine" in plan.used_scans(resolved)
