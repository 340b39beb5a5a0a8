"""The peers of the ensemble engine: the same task for all; no time is measured here."""

import ast
import importlib
import sys

import pytest
from helpers_workflow import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import ensemble  # noqa: E402
import peers  # noqa: E402
from peers import Task, torch_loop  # noqa: E402

from relearn.errors import UserError  # noqa: E402

TASK = Task(((3,), (5,)), trials=2, steps=3, batch_size=10)


def test_operations_of_a_known_network():
    # 8×5 weights, forward and their gradient; 5×1, forward and both gradients
    assert Task(((5,),), batch_size=7).flops == 7 * (4 * 40 + 6 * 5)
    assert TASK.flops == 10 * ((4 * 24 + 6 * 3) + (4 * 40 + 6 * 5)) / 2


@pytest.mark.parametrize("make", [ensemble.ours, torch_loop.plain, torch_loop.fused])
def test_an_epoch_takes_every_step_of_every_network(make):
    assert make(TASK)() == 2 * 2 * 3


def test_every_peer_has_its_function():
    for module, function, package in peers.PEERS.values():
        tree = ast.parse((ROOT / f"benchmarks/peers/{module}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        imported = {
            name.name.split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import)
            for name in node.names
        } | {node.module.split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert package in imported


def test_a_peer_that_is_not_there_is_named_with_the_cure(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UserError, match="JAX vmap needs jax, which is not installed.*make bench"):
        peers.load("JAX vmap")


def test_claims_are_measured_against_all_peers():
    for name in ("h10", "h100", "h500", "2x100"):
        assert ensemble.CASES[name][1] == tuple(peers.PEERS)
    assert ensemble.CASES["h10"][0].networks == 60
    assert max(hidden for (hidden,) in ensemble.CASES["h10"][0].hidden) <= 16
