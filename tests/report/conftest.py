import pytest
from helpers_report import Results


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "nano")
