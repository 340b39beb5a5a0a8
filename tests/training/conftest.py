import pytest
from helpers_training import write_momenta, write_muons


@pytest.fixture(scope="session")
def muons(tmp_path_factory):
    """A dataset of muon pairs: its file."""
    return write_muons(tmp_path_factory.mktemp("muons") / "toy.h5")


@pytest.fixture(scope="session")
def momenta(tmp_path_factory):
    """A dataset of toy momenta: its file."""
    return write_momenta(tmp_path_factory.mktemp("momenta") / "toy.h5")
