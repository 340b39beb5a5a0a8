"""The harness of the benchmarks; no time is measured here."""

import subprocess
import sys

import pytest
from helpers_workflow import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import harness  # noqa: E402
from harness import Result  # noqa: E402


@pytest.mark.parametrize(
    ("ours", "theirs", "unit", "ratio"),
    [(300, 600, "events/s", 0.5), (30, 60, "µs", 2.0), (2, 1, "s", 0.5), (90, 30, "GFLOP/s", 3.0)],
)
def test_ratio_above_one_means_ours_is_better(ours, theirs, unit, ratio):
    assert Result("a", "b", ours, theirs, unit).ratio == pytest.approx(ratio)


@pytest.mark.parametrize("bad", [(1, 2, "furlongs"), (0, 2, "s"), (1, -1, "s"), (1, 0, "s")])
def test_what_has_no_ratio_is_refused(bad):
    with pytest.raises(ValueError):
        Result("a", "b", *bad)


def test_rows_of_the_same_name_are_replaced_and_others_stay(tmp_path):
    path = tmp_path / "results/benchmarks.csv"
    harness.write(path, [Result("b/two", "loop", 1, 2, "s"), Result("a/one", "loop", 5, 2, "ev/s")])
    harness.write(path, [Result("b/two", "loop", 1, 3, "s"), Result("b/two", "jax", 1, 4, "s")])
    assert path.read_text() == (
        "benchmark,peer,ours,theirs,unit,ratio\n"
        "a/one,loop,5,2,ev/s,2.5\n"
        "b/two,jax,1,4,s,4\n"
        "b/two,loop,1,3,s,3\n"
    )


def test_measurements_take_turns_and_give_their_medians():
    order, values = [], {"ours": [3, 100, 1], "theirs": [5, 6, 7]}

    def measure(who):
        order.append(who)
        return values[who].pop(0)

    found = harness.interleave(3, lambda: measure("ours"), lambda: measure("theirs"))
    assert found == [3, 6]
    assert order == ["ours", "theirs"] * 3


def test_columns_stand_under_each_other():
    rows = [Result("generate/zmumu", "Pythia", 321.04, 600, "events/s").row()]
    head, line = harness.show(rows).split("\n")
    assert head.index("peer") == line.index("Pythia")
    assert head.index("ours") + 4 == line.index("321") + len("321")
    assert line.endswith("0.5351")


def run(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks/run.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_benchmark_can_be_chosen():
    assert run("--list", "--only", "generate/zmumu").stdout.split() == ["generate/zmumu"]
    assert "generate/ttbar_mumu" in run("--list", "--only", "generate").stdout.split()


def test_an_unknown_benchmark_is_named_with_those_there_are():
    done = run("--list", "--only", "generate/z")
    assert done.returncode == 1
    assert "generate/z: no such benchmark" in done.stderr and "generate/zmumu" in done.stderr
