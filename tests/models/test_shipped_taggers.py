"""The taggers of the shipped config can be built: sizes, options and settings are known."""

import pytest

from relearn import config, plan, taggerruns
from relearn.models import taggerfile
from relearn.training.onetagger import settings_of

CONFIG = config.load("default")
SCANS = [name for name in CONFIG.scans if plan.is_tagger(CONFIG, name)]


@pytest.mark.parametrize("name", SCANS)
def test_taggers_of_a_scan_are_built(name):
    spec = plan.tagger_spec(CONFIG, name)
    for run in taggerruns.expand(spec | {"trials": 1}):
        taggerfile.untrained(run)
        settings = settings_of(run, spec)
        assert settings.epochs == spec["training"].get("epochs", settings.epochs)
        assert 1 <= settings.batch_size <= spec["jets"][run.dataset]


# Numbers of parameters: of papers, or what their descriptions come to (docs/taggers.md).
PUBLISHED = {
    "deeptop": 216_546,
    "efn": 82_358,
    "lola": 60_732,
    "macaluso_shih": 609_666,
    "particlenet": 366_160,
    "pcnn": 348_098,
    "pfn": 82_458,
    "resnet": 1_457_314,
    "topodnn": 59_330,
}


def test_the_paper_scale_compares_the_papers_networks():
    paper = config.load("paper")
    found = {}
    for name in paper.studies["tagger_comparison"].scans:
        for run in taggerruns.expand(plan.tagger_spec(paper, name) | {"trials": 1}):
            if run.size == "paper" and run.architecture in PUBLISHED and not run.options:
                network = taggerfile.untrained(run)
                found[run.architecture] = sum(p.numel() for p in network.parameters())
    assert found == PUBLISHED
