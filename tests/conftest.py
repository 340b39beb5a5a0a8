import pytest
from hypothesis import settings

# A busy machine is no failure, and neither is an example that nobody can repeat.
settings.register_profile("relearn", deadline=None, derandomize=True)
settings.load_profile("relearn")


# Before pytest-xdist, which puts the groups into the names of the tests.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests that share one costly fixture on one worker."""
    for item in items:
        if "really_imported" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("fingerprint"))
