"""Taggers that cannot be built are told before any job: each is built once, untrained.

Names of sizes and options are checked where they are read; what an option may be, and what fits
together, only the architecture knows. It is asked in a process of its own, with PyTorch, once for a
scan and a state of the code. Where there is no PyTorch beside Snakemake, as with conda, the first
job of the scan tells.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from relearn import architectures, files, plan
from relearn.config import Config, scan_spec
from relearn.errors import UserError
from relearn.fingerprint import fingerprint

SCRIPT = "check_taggers"
WITHOUT_EFFECT = {"seed": 0, "first_trial": 0, "trials": 1, "batch_seconds": 1.0}


def check(config: Config, script: Path) -> None:
    """Stop at a tagger that cannot be built, or not be trained as the config says.

    Parameters
    ----------
    config
        The resolved config.
    script
        The file that builds them: ``scripts/check_taggers.py``.

    Raises
    ------
    UserError
        If there is one: names its scan, and says what is wrong.
    """
    if find_spec("torch") is None:
        return
    stamps = {}
    for scan in config.scans:
        if plan.is_tagger(config, scan):
            spec = shape(scan_spec(config, scan))
            stamps[_stamp(spec)] = spec
    waiting = [spec for stamp, spec in stamps.items() if not stamp.is_file()]
    if not waiting:
        return
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(waiting),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or ["no reason given"]
        raise UserError(last.removeprefix("error: "))
    with suppress(OSError):  # where nothing can be kept, they are built again next time
        for stamp in stamps:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.touch()


def shape(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scan without what makes no difference to whether its taggers can be built."""
    return {**spec, **WITHOUT_EFFECT, "jets": dict.fromkeys(spec["jets"])}


def _stamp(spec: Mapping[str, Any]) -> Path:
    modules = sorted({architectures.find(name).module for name in spec["axes"]["architecture"]})
    known = json.dumps([spec, fingerprint(SCRIPT, *modules)], sort_keys=True)
    return files.cache_folder() / "taggers" / hashlib.sha256(known.encode()).hexdigest()[:24]
