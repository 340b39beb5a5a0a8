"""Whether a GPU is meant: asked once when the workflow starts, without importing torch."""

import platform
import shutil
import subprocess


def gpu_meant(device: str) -> bool:
    """Return whether training jobs should ask the scheduler for a GPU.

    Parameters
    ----------
    device
        The config's ``device``. ``auto`` looks at this machine; ``cuda`` and ``mps`` are
        taken at their word (a cluster's submit node has no GPU itself).
    """
    if device != "auto":
        return device in ("cuda", "mps")
    return _nvidia_here() or (platform.system() == "Darwin" and platform.machine() == "arm64")


def _nvidia_here() -> bool:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return False
    listing = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return "GPU" in listing.stdout
