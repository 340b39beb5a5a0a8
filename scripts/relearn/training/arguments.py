"""The command line of a training job: what the ensemble engine and taggers are told alike."""

import argparse
import json
from pathlib import Path


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser whose names are the fields of a job, and ``output``.

    Parameters
    ----------
    description
        Of the script.
    """
    made = argparse.ArgumentParser(description=description)
    add = made.add_argument
    add("--scan", type=json.loads, required=True, dest="spec", help="JSON of the scan")
    add("--batch", required=True)
    add("--device", default="auto")
    add("--dataset", type=Path, required=True)
    add("--code", default="", help="fingerprint of the code")
    add("--checkpoint", type=Path, dest="checkpoints", help="folder; kept only until the end")
    add("--output", type=Path, required=True, help="folder of the batch")
    return made
