"""One figure drawn again in a finished `make run`: the whole command against the drawing alone.

Ours is `snakemake fig_pt_nodes`, forced, on one core; theirs the job that it starts, by hand: what
the workflow adds. The second row is the time that it may take. Wall times.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import MissingPeer, Result, interleave

ROOT = Path(__file__).resolve().parent.parent
STUDY, LIMIT, REPEATS = "pt_nodes", 10.0, 3


def timed(words: Sequence[str | Path]) -> Callable[[], float]:
    """Return a measurement: the wall time of a command, s."""
    # Jobs call `python`: the one of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    def measure() -> float:
        begin = time.perf_counter()
        subprocess.run(
            words, cwd=ROOT, env=os.environ | {"PATH": path}, check=True, capture_output=True
        )
        return time.perf_counter() - begin

    return measure


def benchmark() -> list[Result]:
    from relearn import config, plan

    settings = config.load("default")
    tables = plan.tables(settings, STUDY)
    if not all((ROOT / path).is_file() for path in tables):
        raise MissingPeer(f"results/default has no tables of {STUDY}: `make run` makes them")
    whole = [sys.executable, "-m", "snakemake", "--cores", "1", f"fig_{STUDY}"]
    whole += ["--forcerun", f"fig_{STUDY}", "--rerun-triggers", "mtime"]
    with tempfile.TemporaryDirectory() as folder:
        files = [f"--{kind}={folder}/figure.{kind}" for kind in ("pdf", "png")]
        alone = [sys.executable, "scripts/draw_figure.py", "--study", STUDY, *files]
        alone += ["--tables", *tables]
        ours, theirs = interleave(REPEATS, timed(whole), timed(alone))
    name = f"redraw/{STUDY}"
    return [
        Result(name, "draw_figure.py alone", ours, theirs, "s"),
        Result(name, "the limit", ours, LIMIT, "s"),
    ]


BENCHMARKS = {f"redraw/{STUDY}": benchmark}
