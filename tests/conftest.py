import pytest
from hypothesis import settings

# A busy machine is no failure, and neither is an example that nobody can repeat.
settings.register_profile("relearn", deadline=None, derandomize=True)
settings.load_profile("relearn")


# While they are collected: pytest-xdist reads the groups before any other hook could set them.
def pytest_itemcollected(item):
    """Keep tests that share a costly fixture on one worker, those of one module among them."""
    fixtures = getattr(item, "fixturenames", ())
    if "really_imported" in fixtures:
        item.add_marker(pytest.mark.xdist_group("fingerprint"))
    elif "smoke_run" in fixtures:
        item.add_marker(pytest.mark.xdist_group("smoke"))
    elif shares_with_its_module(item) and not item.get_closest_marker("xdist_group"):
        item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


def shares_with_its_module(item) -> bool:
    """Return whether a test uses a fixture that is made once for its module."""
    fixtures = getattr(item, "_fixtureinfo", None)
    found = fixtures.name2fixturedefs.values() if fixtures else ()
    return any(one.scope == "module" for many in found for one in many)
