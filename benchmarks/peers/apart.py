"""Peers that need an environment of their own: they run as a program and answer in JSON."""

import json
import subprocess
from pathlib import Path

from harness import MissingPeer

ROOT = Path(__file__).resolve().parent.parent.parent


class Program:
    """A peer's program, which waits for its turns.

    Parameters
    ----------
    environment
        Folder of its environment under the repository.
    target
        The target of make that makes it.
    script
        The program beside this file.
    *arguments
        What it is given.

    Attributes
    ----------
    hello : dict
        What it said first.

    Raises
    ------
    MissingPeer
        If there is no such environment, or it is unfinished.
    """

    def __init__(self, environment: str, target: str, script: str, *arguments: str):
        if not (ROOT / environment / "stamp").is_file():
            raise MissingPeer(
                f"{script} runs in {environment}, which is not here: `make {target}` makes it"
            )
        command = [ROOT / environment / "bin/python", Path(__file__).parent / script, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.hello = self._answer()

    def rate(self) -> float:
        """Measure once."""
        print(file=self._process.stdin, flush=True)
        return self._answer()["rate"]

    def close(self) -> None:
        """Let it end."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict:
        for line in self._process.stdout:
            if line.startswith("{"):  # libraries say things, too
                return json.loads(line)
        raise RuntimeError(f"{self._process.args[1]} ended with {self._process.wait()}")
