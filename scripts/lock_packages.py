"""pyproject.toml → envs/pip/: exact versions of every package, for every platform."""

import subprocess
import sys
import tempfile
from pathlib import Path

from relearn.cli import main_guard
from relearn.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
# torch pins its CUDA libraries itself, and a CPU build has none.
LEFT_TO_TORCH = ("nvidia-", "triton", "cuda-")


def compile_lock(group: str) -> str:
    """Return the pinned requirements of one environment."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--quiet"]
        command += ["--python-version", "3.11", "--no-emit-index-url", "--no-annotate"]
        command += ["--no-header", "pyproject.toml", "--output-file", str(output)] + (
            ["--group", group] if group != "run" else []
        )
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"the {group} environment cannot be solved:\n{done.stderr}")
        lines = output.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(LEFT_TO_TORCH)) + "\n"


def main():
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv==0.13.9"], check=True)
    for group in ("run", "dev", "bench"):
        head = "# Made by `make lock` from pyproject.toml; torch brings its own CUDA libraries.\n"
        (ROOT / f"envs/pip/{group}.txt").write_text(head + compile_lock(group), encoding="utf-8")


if __name__ == "__main__":
    main_guard(main)
