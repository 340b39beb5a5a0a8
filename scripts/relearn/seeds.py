"""Seeds: every random number of the workflow descends from the name of what it is for."""

import hashlib

PYTHIA_LARGEST_SEED = 900_000_000


def derive(*parts: str | int, root: int = 0) -> int:
    """Return the seed of a named thing.

    Parameters
    ----------
    parts
        What the seed is for, from coarse to fine: ``derive("zmumu", "train-0003")``.
    root
        The ``seed`` of the config; another root gives an independent study.

    Returns
    -------
    int
        63 bits of SHA-256, so that neither the machine nor the order of jobs matters.
    """
    text = "/".join([str(root), *map(str, parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def pythia_seed(sample: str, part: str, root: int = 0) -> int:
    """Return a seed in 1 … 900 000 000, the range that Pythia's ``Random:seed`` accepts."""
    return derive("pythia", sample, part, root=root) % PYTHIA_LARGEST_SEED + 1
