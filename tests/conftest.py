import pytest
from hypothesis import settings

# A busy machine is no failure, and neither is an example that nobody can repeat.
settings.register_profile("relearn", deadline=None, derandomize=True)
settings.load_profile("relearn")


# Before pytest-xdist, which puts the groups into the names of the tests.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests that share a costly fixture on one worker: those of one module."""
    for item in items:
        if "really_imported" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("fingerprint"))
        elif shares_with_its_module(item) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


def shares_with_its_module(item) -> bool:
    """Return whether a test uses a fixture that is made once for its module."""
    fixtures = getattr(item, "_fixtureinfo", None)
    found = fixtures.name2fixturedefs.values() if fixtures else ()
    return any(one.scope == "module" for many in found for one in many)
