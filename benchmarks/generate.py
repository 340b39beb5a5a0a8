"""The rule `generate` against Pythia alone: same card, same seed, so the same events.

Ours is the command that the workflow runs, from the start of Python to the written file;
theirs is nothing but ``pythia.next()`` in a loop, with Python and Pythia started already. Both
run on one thread and the rate is of processor time, so that the other programs of a busy
machine do not count.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Result, interleave

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ("zmumu", "ttbar_mumu")
PART, ROOT_SEED, REPEATS = "benchmark-0000", 0, 3


def benchmark(sample: str) -> list[Result]:
    """Measure one part of a sample, as large as in the config."""
    import yaml

    from relearn.generate import pythia
    from relearn.seeds import pythia_seed

    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    settings = config["samples"][sample]
    events, card = settings["events_per_part"], ROOT / settings["card"]
    mpi = settings["multiple_interactions"]

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(ROOT / "scripts/generate_events.py")]
            command += ["--sample", sample, "--part", PART, "--root-seed", str(ROOT_SEED)]
            command += ["--settings", json.dumps(settings), "--card", str(card)]
            command += [
                "--detector",
                str(ROOT / f"config/detector/{settings['detector_card']}.yaml"),
            ]
            command += ["--output", f"{folder}/part.root"]
            before = os.times()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            after = os.times()
        seconds = after.children_user - before.children_user
        return events / (seconds + after.children_system - before.children_system)

    def theirs() -> float:
        engine = pythia.start(card, pythia_seed(sample, PART, root=ROOT_SEED), mpi)
        begin, done = time.process_time(), 0
        while done < events:
            done += engine.next()
        return events / (time.process_time() - begin)

    return [
        Result(
            f"generate/{sample}", "pythia.next()", *interleave(REPEATS, ours, theirs), "events/s"
        )
    ]


BENCHMARKS = {f"generate/{sample}": lambda sample=sample: benchmark(sample) for sample in SAMPLES}
