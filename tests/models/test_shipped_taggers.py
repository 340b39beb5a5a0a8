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
