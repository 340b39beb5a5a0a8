"""`make bench`: every benchmark, each as a ratio against a named peer in the same run."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "scripts")]
# One core for all, before any library is imported that asks for it.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1") | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "KERAS_BACKEND": "jax",
}

import harness  # noqa: E402

from relearn.cli import main_guard  # noqa: E402
from relearn.errors import UserError  # noqa: E402

HELPERS = ("harness", "run", "ttbar")


def modules() -> list[str]:
    """Return the benchmark modules beside this file."""
    return sorted({file.stem for file in (ROOT / "benchmarks").glob("*.py")} - set(HELPERS))


def chosen(names: list[str], only: list[str]) -> list[str]:
    """Return the names that are one of `only`, or below it: ``generate`` is all of its own."""
    wanted = [n for n in names if not only or any(n == o or n.startswith(f"{o}/") for o in only)]
    if not wanted:
        raise UserError(f"--only {' '.join(only)}: no such benchmark; there are {', '.join(names)}")
    return wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="generate/zmumu, …")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--output", type=Path, default=ROOT / "results/benchmarks.csv")
    arguments = parser.parse_args()

    known = {}
    for module in modules():
        known |= importlib.import_module(module).BENCHMARKS
    names = chosen(list(known), arguments.only)
    if arguments.list:
        print(*names, sep="\n")
        return
    missing = measure({name: known[name] for name in names}, arguments.output)
    print(harness.show(harness.read(arguments.output)))
    for message, left_out in missing.items():
        print(f"not measured: {', '.join(left_out)}: {message}")
    if sum(map(len, missing.values())) == len(names):
        raise UserError("nothing was measured: see above")


def measure(benchmarks: dict[str, Callable], output: Path) -> dict[str, list[str]]:
    """Measure and write what can be; return what is missing → the benchmarks that need it."""
    missing: dict[str, list[str]] = {}
    for name, benchmark in benchmarks.items():
        print(f"== {name}", flush=True)
        try:
            harness.write(output, benchmark())
        except harness.MissingPeer as error:
            print(f"   left out: {error}", flush=True)
            missing.setdefault(str(error), []).append(name)
    return missing


if __name__ == "__main__":
    main_guard(main)
