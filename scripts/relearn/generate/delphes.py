"""One part of a sample through Delphes: Pythia card → DelphesPythia8 → its ROOT file.

Delphes has its own Pythia. It gets the sample's card unchanged, with the seed, the number of
events and the switch of multiple interactions written below, and a detector card of its own cut
down to what jets need (`relearn.generate.delphescards`).
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relearn.cli import die_with_parent
from relearn.errors import UserError
from relearn.generate import delphescards, pythia, rootfile
from relearn.seeds import PYTHIA_LARGEST_SEED, derive, pythia_seed

FAILED_AT_MOST = 0.01  # share of events that Pythia may give up; they are missing in the file
COMPLAINT = re.compile(r"error|abort|can't|segmentation", re.IGNORECASE)


def generate(
    settings: Mapping[str, Any],
    sample: str,
    part: str,
    output: str | Path,
    card: str | Path | None = None,
    detector_card: str | Path | None = None,
    root_seed: int = 0,
) -> dict[str, Any]:
    """Generate a part of a sample with Delphes and write it.

    Parameters
    ----------
    settings
        Of the sample (`relearn.configdata.Sample.generation`).
    sample, part
        Names: the seeds descend from them.
    output
        The event file, Delphes' own with the text ``relearn`` added.
    card
        The Pythia card meant by the settings, where it lies elsewhere.
    detector_card
        A Delphes card in place of the one that Delphes brings.
    root_seed
        The ``seed`` of the config.

    Returns
    -------
    dict
        What is also written in the file (`relearn.generate.rootfile.about`): names, settings,
        seeds, cards, number of events and how many failed.

    Raises
    ------
    UserError
        If there is no Delphes, a card cannot be used, Delphes fails, or the file lacks events:
        names what Delphes has said.
    """
    executable = delphescards.find_executable()
    name = settings["detector_card"]
    detector = Path(detector_card or delphescards.find_card(name, executable))
    events = settings["events_per_part"]
    process = Path(card or settings["card"])
    seeds = {
        "pythia": pythia_seed(sample, part, root=root_seed),
        "delphes": derive("delphes", sample, part, root=root_seed) % PYTHIA_LARGEST_SEED + 1,
    }
    trimmed = delphescards.trim(detector, seeds["delphes"], settings["gen_jet_radius"])
    run = run_card(process, events, seeds["pythia"], settings["multiple_interactions"])
    started = time.perf_counter()
    final = Path(output)
    # Delphes writes over no file
    with _empty_folder(final.with_name(f".{final.stem}.delphes")) as folder:
        files = [folder / one for one in ("detector.tcl", "process.cmnd", "events.root")]
        files[0].write_text(trimmed, encoding="utf-8")
        files[1].write_text(run, encoding="utf-8")
        said = _execute([str(executable), *map(str, files)], f"{sample} {part}")
        written = _readable_events(files[2])
        if not written or not events - failures_allowed(events) <= written <= events:
            raise UserError(
                f"{sample} {part}: Delphes has written {written} readable events of {events} with "
                f"{process} and {detector}. {_complaints(said)}"
            )
        about = {
            "sample": sample,
            "part": part,
            "settings": dict(settings),
            "pythia": {"seed": seeds["pythia"]},
            "delphes": {"seed": seeds["delphes"], "card": detector.name},
            "events": written,
            "failed_events": events - written,
        }
        rootfile.annotate(files[2], about)
        os.replace(files[2], final)
    return about | {"seconds": time.perf_counter() - started}


def failures_allowed(events: int) -> int:
    """Return how many of some events may be missing."""
    return max(int(FAILED_AT_MOST * events), 1)


def run_card(card: Path, events: int, seed: int, multiple_interactions: bool) -> str:
    """Return a card for DelphesPythia8: the sample's own, then what the config sets.

    Raises
    ------
    UserError
        If the card sets what the config sets, or a comment in it is never closed, which would
        hide the seed.
    """
    pythia.checked(card)
    text = card.read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    marks = [line[:2] for line in lines if line.startswith(("/*", "*/"))]
    if marks and marks[-1] == "/*":
        raise UserError(f"{card}: a comment /* is never closed with */ on a line of its own")
    ours = [
        f"Main:numberOfEvents = {events}",
        f"Main:timesAllowErrors = {failures_allowed(events) + 1}",
        *pythia.of_the_config(seed, multiple_interactions),
    ]
    return "\n".join([text.rstrip("\n"), "", "! From the config.", *ours, ""])


@contextmanager
def _empty_folder(path: Path) -> Iterator[Path]:
    """Give a folder that lasts as long as the block; what a killed job has left there goes."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _readable_events(path: Path) -> int:
    try:
        return rootfile.count(path)
    except UserError:  # cut short, or not there
        return 0


def _execute(command: Sequence[str], what: str) -> list[str]:
    """Run Delphes; pass on what it says as it comes, and return it.

    Delphes dies with this job, as this job does with Snakemake.
    """
    print(" ".join(command), flush=True)
    said = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=die_with_parent,
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
    if process.returncode:
        ended = f"exit code {process.returncode}"
        if process.returncode < 0:
            ended = f"signal {-process.returncode}"
        raise UserError(f"{what}: {Path(command[0]).name} ended with {ended}. {_complaints(said)}")
    return said


def _complaints(said: Sequence[str]) -> str:
    """Return what sounds like a reason, with the line that follows, or else the last lines."""
    lines = [line.strip() for line in said if line.strip()]
    loud = [i for i, line in enumerate(lines) if COMPLAINT.search(line)]
    chosen = sorted({j for i in loud[:3] for j in (i, i + 1) if j < len(lines)})
    reason = " | ".join([lines[i] for i in chosen] or lines[-3:]) or "nothing"
    return f"It said: {reason}. All of it is in the log above"
