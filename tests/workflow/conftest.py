import os
import re
import signal

import pytest
from helpers_workflow import copy_project, snakemake


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """A shell's job in the background ignores Ctrl-C, and so would the runs that tests start."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """A finished run at smoke scale, in a copy of the project: its folder.

    Tests that change the copy put it back as it was.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        grouped = "@smoke" in os.environ["PYTEST_CURRENT_TEST"]
        assert grouped, "pytest-xdist does not keep groups together: each worker would run smoke"
    folder = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    outcome = snakemake(folder, "--config", "scale=smoke")
    assert outcome.code == 0, outcome.reasons()
    # what Snakemake tells its handlers: a new version of it may name that otherwise
    assert re.search(r"^relearn: \d+ of \d+ jobs done, about .+ left \(", outcome.text, re.M)
    assert "Finished job" not in outcome.text, "Snakemake's own account of each job is shown"
    return folder
