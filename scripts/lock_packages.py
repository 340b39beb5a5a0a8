"""pyproject.toml → envs/pip/: exact versions of every package, for every platform.

`energyflow` is a group of its own, without the rest of the project, for Linux and Python 3.11 and
3.12: newer ones have no numpy < 2.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from relearn.cli import main_guard
from relearn.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
# torch pins its CUDA libraries itself, and a CPU build has none.
LEFT_TO_TORCH = ("nvidia-", "triton", "cuda-")
PYPROJECT = ("--universal", "pyproject.toml")
# What goes into a lock. tf-keras asks for tensorflow: tensorflow-cpu has the same modules.
SOURCES = {
    "run": PYPROJECT,
    "dev": (*PYPROJECT, "--group", "dev"),
    "bench": (*PYPROJECT, "--group", "bench"),
    "energyflow": ("--python-platform", "linux", "--group", "energyflow")
    + ("--no-emit-package", "tensorflow"),
}


def compile_lock(name: str) -> str:
    """Return the pinned requirements of one environment."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *SOURCES[name]]
        command += ["--python-version", "3.11", "--no-emit-index-url", "--no-annotate"]
        command += ["--no-header", "--output-file", str(output)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"the {name} environment cannot be solved:\n{done.stderr}")
        lines = output.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(LEFT_TO_TORCH)) + "\n"


def main():
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv==0.13.9"], check=True)
    for name in SOURCES:
        head = "# Made by `make lock` from pyproject.toml"
        head += ".\n" if name == "energyflow" else "; torch brings its own CUDA libraries.\n"
        (ROOT / f"envs/pip/{name}.txt").write_text(head + compile_lock(name), encoding="utf-8")


if __name__ == "__main__":
    main_guard(main)
