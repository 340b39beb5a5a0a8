import pytest
from helpers_workflow import copy_project, snakemake


# Before pytest-xdist, which puts the groups into the names of the tests.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep all tests that share the smoke run on one worker."""
    for item in items:
        if "smoke_run" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("smoke"))


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """A finished run at smoke scale, in a copy of the project: its folder.

    Tests that change the copy put it back as it was.
    """
    folder = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    outcome = snakemake(folder, "--config", "scale=smoke")
    assert outcome.code == 0, outcome.reasons()
    return folder
