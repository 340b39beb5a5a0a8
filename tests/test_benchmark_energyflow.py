"""The comparison with EnergyFlow: the same networks and data; no time is measured here."""

import os
import sys
from unittest import mock

import pytest
import torch
from helpers_workflow import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import deepsets as benchmark  # noqa: E402
import harness  # noqa: E402
from peers import apart  # noqa: E402

with mock.patch.dict(os.environ):  # it sets threads, which is no business of the other tests
    import run

from relearn.models import deepsets  # noqa: E402


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make an environment with this Python, and a program; return what starts it."""
    monkeypatch.setattr(apart, "ROOT", tmp_path)
    (tmp_path / "own/bin").mkdir(parents=True)
    (tmp_path / "own/bin/python").symlink_to(sys.executable)
    (tmp_path / "own/stamp").touch()

    def start(text):
        file = tmp_path / "peer.py"
        file.write_text(text)
        return apart.Program("own", "bench-own", str(file), "7")

    return start


def test_a_program_measures_whenever_it_is_asked(program):
    peer = program(
        "import json, sys\n"
        "print('a library says something', flush=True)\n"
        "print(json.dumps({'parameters': int(sys.argv[1])}), flush=True)\n"
        "for turn, line in enumerate(sys.stdin, start=1):\n"
        "    print(json.dumps({'rate': 10 * turn}), flush=True)\n"
    )
    assert peer.hello == {"parameters": 7}
    assert [peer.rate(), peer.rate()] == [10, 20]
    peer.close()
    assert peer._process.returncode == 0


def test_a_program_that_ends_is_no_endless_wait(program):
    with pytest.raises(RuntimeError, match="peer.py ended with 3"):
        program("raise SystemExit(3)")


def test_what_is_missing_is_named_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(apart, "ROOT", tmp_path)
    one = harness.Result("b", "peer", 1, 2, "s")
    benchmarks = {"deepsets/pfn": lambda: apart.Program(*benchmark.ENVIRONMENT), "b": lambda: [one]}
    missing = run.measure(benchmarks, tmp_path / "table.csv")
    assert [row["benchmark"] for row in harness.read(tmp_path / "table.csv")] == ["b"]
    ((message, left_out),) = missing.items()
    assert left_out == ["deepsets/pfn"]
    assert ".venv-energyflow" in message and "`make bench-energyflow`" in message
    assert message in capsys.readouterr().out
    assert "\nbench-energyflow: .venv-energyflow/stamp" in (ROOT / "Makefile").read_text()


def test_nothing_but_missing_peers_is_an_error(tmp_path, monkeypatch):
    def missing():
        raise harness.MissingPeer("make it")

    monkeypatch.setattr(run, "modules", lambda: ["deepsets"])
    monkeypatch.setattr(benchmark, "BENCHMARKS", {"a": missing})
    monkeypatch.setattr(sys, "argv", ["run.py", "--output", str(tmp_path / "table.csv")])
    with pytest.raises(run.UserError, match="nothing was measured"):
        run.main()


def test_operations_of_a_known_network():
    network = deepsets.build("paper", kind="pfn", phi=(5,), latent=7, f=(3,))
    values = torch.zeros(2, 4, 3)
    values[0, :1, 0] = values[1, :3, 0] = 0.5  # two constituents on average
    assert benchmark.flops(network, values, False) == 2 * (2 * (15 + 35) + 21 + 6)
    assert benchmark.flops(network, values, True) == 2 * (4 * 15 + 6 * 35) + 6 * 27


def test_data_have_as_many_constituents_as_said():
    values, label = benchmark.data(400)
    count = (values[..., 0] > 0).sum(dim=1)
    assert (
        count.min() == 40
        and count.max() == 100
        and count.float().mean() == pytest.approx(70, abs=2)
    )
    torch.testing.assert_close(values[..., 0].sum(dim=1), torch.ones(400))
    assert not values[values[..., 0] == 0].any() and set(label.tolist()) == {0, 1}


def test_another_network_is_refused():
    network = deepsets.build("paper", kind="efn")
    values, _ = benchmark.data(4)
    outputs = network(values).softmax(dim=1).tolist()
    benchmark.same(network, values, {"parameters": 82_358, "outputs": outputs})
    with pytest.raises(AssertionError):
        benchmark.same(network, values, {"parameters": 82_358, "outputs": outputs[::-1]})
    with pytest.raises(AssertionError):
        benchmark.same(network, values, {"parameters": 82_458, "outputs": outputs})
