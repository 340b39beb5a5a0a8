"""`make cost`: what a run of a scale takes, without running it; or records what one has taken."""

import argparse
import platform
from pathlib import Path

import psutil
import yaml

from relearn import config, device, forecast, jobcosts, plan
from relearn.cli import main_guard
from relearn.files import own_or_shipped

ROOT = Path(__file__).resolve().parent.parent
COSTS = own_or_shipped("config/costs.yaml", ROOT)
YIELDS = own_or_shipped("config/yields.yaml", ROOT)
SLURM = own_or_shipped("profiles/slurm/config.yaml", ROOT)


def machine() -> str:
    """Return what this machine is, in words."""
    names = [platform.processor() or platform.machine()]
    if (cpus := Path("/proc/cpuinfo")).is_file():
        lines = cpus.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if "model name" in line] or names
    return f"{names[0]}, {psutil.cpu_count(logical=False) or psutil.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="default")
    parser.add_argument("--device", help="cpu, cuda or mps, where the config says otherwise")
    parser.add_argument(
        "--gpu-speedup",
        type=float,
        default=forecast.GPU_SPEEDUP,
        help="how many times as fast a GPU trains as a core (%(default)g, assumed)",
    )
    parser.add_argument(
        "--record",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="write config/costs.yaml from a finished run of this scale, in results/<scale>",
    )
    arguments = parser.parse_args()

    resolved = config.load(arguments.scale)
    costs = jobcosts.read(COSTS)
    if arguments.record is not None:
        results = Path(arguments.record or plan.results_dir(resolved))
        costs = jobcosts.record(resolved, results, machine(), costs)
        jobcosts.write(COSTS, costs)
    found = forecast.forecast(
        resolved,
        plan.read_yields(YIELDS),
        costs,
        ROOT,
        gpus=device.gpu_meant(arguments.device or resolved.device),
        gpu_speedup=arguments.gpu_speedup,
    )
    print(forecast.text(found, costs, arguments.gpu_speedup))
    slurm = yaml.safe_load(SLURM.read_text(encoding="utf-8"))
    if trouble := forecast.past_limit(found, slurm["resources"]["runtime"], slurm["retries"]):
        print(f"\n{trouble}")


if __name__ == "__main__":
    main_guard(main)
