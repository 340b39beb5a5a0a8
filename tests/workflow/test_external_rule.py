"""A dataset of somebody else's jets in the workflow."""

import re
import shlex
import shutil

import pytest
import yaml
from helpers_external import FILES, JETS
from helpers_workflow import copy_project, snakemake

import build_external
from relearn.data import tagfile

pytestmark = pytest.mark.workflow
OWN = {
    "kind": "external",
    "files": dict.fromkeys(("train", "validation", "test"), "jets/others.h5"),
    "constituents": 4,
}


def test_the_rule_takes_files_beside_the_working_directory(tmp_path, monkeypatch):
    folder = copy_project(tmp_path / "project")
    (folder / "overlay.yaml").write_text(yaml.safe_dump({"datasets": {"others": OWN}}))
    (folder / "jets").mkdir()
    shutil.copy(FILES / "pandas_table.h5", folder / "jets/others.h5")
    target = "results/nano/datasets/others.h5"
    outcome = snakemake(
        folder,
        *("--dry-run", "--printshellcmds", "--configfile", "overlay.yaml"),
        *("--config", "scale=nano", "--", target),
    )
    assert outcome.code == 0, outcome.reasons()
    assert outcome.jobs() == {"dataset_external": 1}
    # the command in this installation, where the kernels are compiled already
    command = re.search(r"python (\S*build_external\.py .*) > ", outcome.text)[1]
    monkeypatch.setattr("sys.argv", shlex.split(command))
    monkeypatch.chdir(folder)
    build_external.main()
    assert tagfile.describe(folder / target).jets["train"] == JETS
